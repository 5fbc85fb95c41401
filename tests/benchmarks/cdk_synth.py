"""`cdk synth` of the app in `cdk/`, to compare with: where CDK is installed, whether it makes the same machine."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Json = Any

APP = Path(__file__).parent / "cdk" / "order_saga.py"
_INSTALLED = Path(__file__).parents[2] / ".make"
_CLI = _INSTALLED / "cdk-node" / "node_modules" / ".bin" / "cdk"
_PYTHON = _INSTALLED / "cdk-venv" / "bin" / "python"


def is_installed() -> bool:
    """Whether `make bench` has put CDK where it belongs."""
    return _CLI.is_file() and _PYTHON.exists()


def command(folder: Path) -> list[str]:
    """Writes the app's template to `folder`, without asking anything of the network."""
    app = f"{_PYTHON} {APP}"
    quiet = ["--quiet", "--no-version-reporting", "--no-notices"]
    return [str(_CLI), "synth", *quiet, "--output", str(folder), "--app", app]


def environment(functions: Path) -> dict[str, str]:
    """The variables of that command; `functions` is where the code of the functions is."""
    names = ("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION")
    return {**os.environ, "FUNCTIONS": str(functions), "CDK_DISABLE_CLI_TELEMETRY": "true", **dict.fromkeys(names, "1")}


def assert_same(folder: Path, by_hand: Path) -> None:
    """The machine in the template is the one written by hand, but for names of resources and the order of retries."""
    template = json.loads((folder / "order-saga.template.json").read_text(encoding="utf-8"))
    (machine,) = (r for r in template["Resources"].values() if r["Type"] == "AWS::StepFunctions::StateMachine")
    parts = machine["Properties"]["DefinitionString"]["Fn::Join"][1]
    made = "".join(part if isinstance(part, str) else "aws" for part in parts)
    ours, theirs = (_essence(json.loads(text)["States"]) for text in (made, by_hand.read_text(encoding="utf-8")))
    assert ours == theirs, "the CDK app makes another machine"


def _essence(value: Json) -> Json:
    match value:
        case dict():
            kept: Mapping[str, Json] = {
                key: _essence(inner) for key, inner in value.items() if key not in ("FunctionName", "EventBusName")
            }
            return {key: _sorted(inner) if key == "Retry" else inner for key, inner in kept.items()}
        case list():
            return [_essence(inner) for inner in value]
        case "{% null %}":
            return None
        case str():
            return re.sub(r"\s+", " ", value)
        case _:
            return value


def _sorted(retries: list[Json]) -> list[Json]:
    return sorted(retries, key=lambda retry: str(retry["ErrorEquals"]))
