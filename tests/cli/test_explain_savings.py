"""`skyloom explain` tells what passes have saved of each flow, and nothing where nothing was saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

FLOW = """
from skyloom.flows import flow, task

@task
def fetch(n: int) -> list[str]:
    return []

@flow
def main(n: int, flag: bool) -> str:
    unread = n + 1
    if False:
        fetch(3)
    words = [word.upper() for word in fetch(n)]
    text = ", ".join(word for word in words if word)
    if flag:
        size = 1
    else:
        size = 2
    if n > 5:
        fetch(size)
    return text
"""


@pytest.mark.parametrize(
    ("cloud", "expected"),
    [
        ("aws", {"drop_dead_assignments", "take_joins_away"}),
        ("gcp", {"drop_unreachable", "drop_dead_assignments", "merge_evaluations"}),
        ("azure", {"drop_unreachable"}),
    ],
)
def test_explain_tells_what_passes_save(cloud: str, expected: set[str], tmp_path: Path, document: Any) -> None:
    file = tmp_path / "saving_flow.py"
    file.write_text(FLOW)
    told = document("explain", f"{file}:main", "--to", cloud, "--json")["savings"]
    assert expected <= {one["pass"] for one in told}
    *_, total = told
    assert total["pass"] is None
    assert all(total["after"][unit] < count for unit, count in total["before"].items())


def test_the_table_stands_below_the_flow(tmp_path: Path, invoke: Any) -> None:
    file = tmp_path / "saving_flow.py"
    file.write_text(FLOW)
    lines = invoke("explain", f"{file}:main", "--to", "aws").stdout.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("PASS "))
    assert "in a loop counts once" in lines[start]
    assert lines[-2].split()[0] == "together" and lines[-2].endswith(" states, 3 -> 2 function calls")


def test_a_flow_of_which_nothing_is_saved_has_no_table(tmp_path: Path, invoke: Any) -> None:
    file = tmp_path / "plain_flow.py"
    file.write_text(
        "from skyloom.flows import flow, task\n\n@task\ndef one() -> int:\n    return 1\n\n"
        "@flow\ndef main() -> int:\n    return one()\n"
    )
    for cloud in ("aws", "gcp", "azure"):
        assert "PASS " not in invoke("explain", f"{file}:main", "--to", cloud).stdout
