"""One line of JSON a happening, for the log. Never what people or flows said: only ids, names and kinds of errors."""

from __future__ import annotations

import json


def log(happening: str, **details: str | int | None) -> None:
    """Writes a line."""
    print(json.dumps({"happening": happening, **details}))  # noqa: T201
