"""Changes in place that are accepted: every engine shows what Python shows. (Refused ones: malformed/ownership.txt.)"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conformance.case import Case
from conformance.engines import inline, plain

from skyloom.flows.frontend import check_file

FOLDER = Path(__file__).parent / "well_formed"


@dataclass(frozen=True)
class Accepted:
    """A flow that changes values in place, an input, and the result in Python."""

    name: str
    input: dict[str, Any]
    result: Any
    source: str


def read(path: Path) -> Iterator[Accepted]:
    """The flows of a file: behind `=== name` come lines `input: JSON` and `result: JSON`, then the flow."""
    for part in path.read_text(encoding="utf-8").split("\n=== ")[1:]:
        found = re.match(r"(.*)\ninput: (.*)\nresult: (.*)\n", part)
        assert found is not None, part
        yield Accepted(found[1], json.loads(found[2]), json.loads(found[3]), part[found.end() :])


ALL = [pytest.param(flow, id=flow.name) for flow in read(FOLDER / "ownership.txt")]


@pytest.mark.parametrize("flow", ALL)
def test_accepted(flow: Accepted, folder: Path, tmp_path: Path) -> None:
    path = folder / "review.py"
    path.write_text(f"from prelude import *\n\n@flow\n{flow.source}", encoding="utf-8")
    checked = check_file(path)
    assert [diagnostic.render() for diagnostic in checked.diagnostics] == []
    case = Case(flow=checked.flows["f"], name=flow.name, input=flow.input)
    for name, engine in {"plain": plain, "inline": inline}.items():
        (tmp_path / name).mkdir()
        observed = engine(case, tmp_path / name)
        assert (observed.error, observed.result) == (None, flow.result)
