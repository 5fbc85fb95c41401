"""The page about clouds and flows: its example of sizes is what the commands say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs.pages import ROOT, blocks
from typer.testing import CliRunner

from skyloom.cli.app import app
from skyloom.deployers.sizes.payloads import What
from skyloom.flows.frontend import load_file
from skyloom.flows.runner import launch
from skyloom.flows.runner.store import RunStore

PAGE = ROOT / "docs" / "portability.md"
_RUN = re.compile(r"take_in-[0-9a-f]{10}")


def shown(language: str = "") -> list[str]:
    return [one.text for one in blocks(PAGE) if one.heading == "How large values are" and one.language == language]


def test_the_example_of_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SKYLOOM_ENV", "COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("SKYLOOM_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (source,) = shown("python")
    Path("intake.py").write_text(source, encoding="utf-8")
    letter = {"sender": "Ada", "text": "a word " * 6_430}
    assert len(letter["text"]) == 45_010
    flow = load_file(Path("intake.py")).take_in
    launch.start(launch.prepare(flow, {"letter": letter}), carrier=launch.run_inline, store=RunStore())
    commands, near, waiting = shown()
    command = commands.splitlines()[1].split()[1:]
    said = CliRunner().invoke(app, command, catch_exceptions=False, prog_name="skyloom").stdout
    told = _RUN.sub("RUN", said).split("\n\n")
    for table in (near, waiting):
        assert _RUN.sub("RUN", table).strip() in [part.strip() for part in told]


def test_the_table_of_limits_is_that_of_the_code() -> None:
    from skyloom.deployers.aws.sizing import ROOMS as AWS
    from skyloom.deployers.azure.sizing import ROOMS as AZURE
    from skyloom.deployers.gcp.sizing import ROOMS as GCP

    (table,) = re.findall(
        r"(?m)^\| \| AWS \| Azure \| Google Cloud \|\n\|---.*\n((?:\|.*\n)+)", PAGE.read_text(encoding="utf-8")
    )
    rows = {
        cells[0]: cells[1:]
        for cells in ([cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines())
    }
    kinds: tuple[What, ...] = ("input", "result", "gives", "given", "started", "brings", "list")
    assert len(rows) == len(kinds)
    for kind, cells in zip(kinds, rows.values(), strict=True):
        for rooms, cell in zip((AWS, AZURE, GCP), cells, strict=True):
            room = rooms.by_value.get(kind)
            assert cell == "-" if room is None else cell.startswith(f"{room.limit.value:,}")
    from_on = [room.large["reference"] for room in (AWS, AZURE, GCP)]
    assert from_on == [200_000, 16_000, 16_000]
