"""The flows of other versions that an app carries when it is published, for the runs that began with them.

What is put beside the app's own flows are the modules of the other version's flows and of the run-time that they were
generated for, under other names: neither a changed flow nor changed modules `skyloom.adapters.hosts.durable*` change
what a run does that is under way. What these import of `skyloom.flows`, `skyloom.errors` and
`skyloom.adapters.hosts.wire` is that of now. (docs/decisions/0033)
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping

from skyloom.deployers.azure.function_app import FILE
from skyloom.deployers.packaging import with_bytecode
from skyloom.flows.outcome import Json

_RUNTIME = re.compile(r"skyloom/adapters/hosts/(durable\w*)\.py")
"""The modules that orchestrators are written with."""
_IMPORTED = re.compile(r"\bskyloom\.adapters\.hosts(?=\.durable)|\bskyloom\.adapters\.hosts(?= import durable)")
_FLOWS = re.compile(r"((?:skyloom_)?flows)/(\w+)\.py")
_BYTECODE = re.compile(r"__pycache__/function_app\.cpython-3(\d+)\.pyc")
_FUNCTION = re.compile(r'^@app\.function_name\("([^"]+)"\)$', re.MULTILINE)
_ACTIVITY = re.compile(r'^@app\.function_name\("([^"]+)"\)\n@app\.activity_trigger\(', re.MULTILINE)
_DIGITS = 12


def version_of(files: Mapping[str, bytes]) -> str:
    """The version of the flows in an app's files: it changes with their modules and with those of the run-time."""
    kept = {path: data for path, data in files.items() if _FLOWS.fullmatch(path) or _RUNTIME.fullmatch(path)}
    lines = (f"{hashlib.sha256(data).hexdigest()} {path}\n" for path, data in sorted(kept.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:_DIGITS]


def flows_in(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What of a main app's files another version of it has to have: enough for `with_earlier`."""
    return {
        path: data
        for path, data in files.items()
        if path in ("host.json", FILE) or _FLOWS.fullmatch(path) or _RUNTIME.fullmatch(path)
    }


def declared(files: Mapping[str, bytes]) -> str | None:
    """The version that an app's new runs get."""
    document: dict[str, Json] = json.loads(files["host.json"])
    version: str | None = document["extensions"].get("durableTask", {}).get("defaultVersion")
    return version


def with_earlier(files: Mapping[str, bytes], others: Iterable[Mapping[str, bytes]]) -> dict[str, bytes]:
    """The files of the main app as they are published: with the flows of other releases.

    Args:
        files: the main app of a bundle, by path in its folder.
        others: the same of the other releases that are kept.
    """
    current, python, others = declared(files), _python(files), list(others)
    package = next((flow[1] for path in files if (flow := _FLOWS.fullmatch(path))), "flows")
    found: dict[str, bytes] = {}
    for other in others:
        version = declared(other)
        if version is not None and version != current:
            found |= _renamed(other, package, version)
    lost = sorted({name for other in others for name in _activities(other)} - _functions(files))
    if lost:
        found[FILE] = files[FILE] + "".join(map(_gone, lost)).encode()
    return dict(sorted({**files, **(with_bytecode(found, python) if python else found)}.items()))


def _renamed(other: Mapping[str, bytes], package: str, version: str) -> dict[str, bytes]:
    """The flows of another release, and their run-time, as one package."""
    there = f"{package}_{version}"
    made = {f"{there}/hosts/__init__.py": b""}
    for path, data in other.items():
        flow, runtime = _FLOWS.fullmatch(path), _RUNTIME.fullmatch(path)
        text = _IMPORTED.sub(f"{there}.hosts", data.decode()).encode() if flow or runtime else b""
        if flow:
            made[f"{there}/{flow[2]}.py"] = text
        elif runtime:
            made[f"{there}/hosts/{runtime[1]}.py"] = text
    return made


def _functions(files: Mapping[str, bytes]) -> set[str]:
    """The names of an app's functions, in small letters."""
    return {name.lower() for name in _FUNCTION.findall(files[FILE].decode())}


def _activities(files: Mapping[str, bytes]) -> set[str]:
    """The names of its activities, in small letters."""
    return {name.lower() for name in _ACTIVITY.findall(files.get(FILE, b"").decode())}


def _gone(name: str) -> str:
    """An activity that flows of other versions may call, and the app has not."""
    identifier = f"gone_{name}".replace("-", "_")
    return f'''

# Only other versions of the flows call it.
@app.function_name("{name}")
@app.activity_trigger(input_name="call")
def {identifier}(call: str) -> str:
    from skyloom.adapters.hosts.azure_versions import gone

    return gone("{name}")
'''


def _python(files: Mapping[str, bytes]) -> str | None:
    """The Python whose bytecode an app's files have, as "3.13"; None where they have none."""
    tags = (_BYTECODE.fullmatch(path) for path in files)
    return next((f"3.{tag[1]}" for tag in tags if tag), None)
