"""What .NET makes of JSON that passes through it as values: Newtonsoft reads it and writes it again.

`JObject.Parse` reads texts that look like moments as moments and writes them in a form of its own; the extension was
mended for some ways in 2020 and not for all (https://github.com/Azure/azure-functions-durable-extension/pull/1440,
https://github.com/Azure/azure-functions-durable-extension/issues/1732,
https://github.com/Azure/azure-functions-durable-js/issues/264, open). JSON inside of a text is left alone.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)?")
"""https://github.com/JamesNK/Newtonsoft.Json/blob/master/Src/Newtonsoft.Json/Utilities/DateTimeUtils.cs"""


def reread(text: str) -> str:
    """JSON text after it was read and written again."""
    return json.dumps(_reread(json.loads(text)))


def _reread(value: Any) -> Any:
    match value:
        case str():
            return _moment(value)
        case list():
            return [_reread(item) for item in value]
        case dict():
            return {name: _reread(item) for name, item in value.items()}
        case float() if value != value or value in (float("inf"), float("-inf")):
            return {"inf": "Infinity", "-inf": "-Infinity"}.get(str(value), "NaN")
        case _:
            return value


def _moment(text: str) -> str:
    found = _MOMENT.fullmatch(text)
    if found is None:
        return text
    base, fraction, zone = found.groups()
    if zone not in (None, "Z"):
        try:
            here = datetime.fromisoformat(base + zone).astimezone(UTC)
        except ValueError:
            return text
        base, zone = here.strftime("%Y-%m-%dT%H:%M:%S"), "+00:00"
    fraction = (fraction or "").rstrip("0")
    return base + (f".{fraction}" if fraction else "") + (zone or "")
