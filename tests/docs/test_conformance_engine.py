"""The engine on the page of conformance is complete: it is installed as it stands there, and tried."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest
from docs.pages import ROOT, block, section
from typer.testing import CliRunner

from skyloom.cli.app import app
from skyloom.conformance import suite
from skyloom.conformance.capabilities import EVERYTHING, needed

PAGE = ROOT / "docs" / "conformance.md"
ENGINE = block(PAGE, "An engine", "python")
FILES = ("branches", "attempts", "sub_flows", "waiting", "whole_flows")


@pytest.fixture
def mycloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installs it as a distribution, with the entry point that the page shows."""
    group, entry = [line for line in block(PAGE, "A deployer of one's own", "toml").splitlines() if line]
    assert group == '[project.entry-points."skyloom.conformance"]'
    name, _, place = entry.replace('"', "").partition(" = ")
    module, _, found = place.partition(":")
    package = tmp_path.joinpath(*module.split(".")[:-1])
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / f"{module.split('.')[-1]}.py").write_text(ENGINE, encoding="utf-8")
    info = tmp_path / "mycloud-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mycloud\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[skyloom.conformance]\n{name} = {module}:{found}\n")
    monkeypatch.syspath_prepend(tmp_path)
    for one in (module, module.split(".")[0]):
        monkeypatch.delitem(sys.modules, one, raising=False)
    importlib.invalidate_caches()


@pytest.mark.parametrize("file", FILES)
def test_it_carries_what_it_declares_and_refuses_the_rest(mycloud: None, file: str) -> None:
    chosen = ("--deployer", "mycloud", "--cases", f"{file}/*", "--json")
    result = CliRunner().invoke(app, ["conformance", *chosen], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    (cases,) = suite.selected(f"{file}/*").values()
    lacking = {"approvals", "events", "race"}
    wanted = {name: "never" if needed(case.flow.program) & lacking else "same" for name, case in cases.items()}
    assert {name: row["mycloud"] for name, row in json.loads(result.stdout)["cases"].items()} == wanted
    assert "same" in wanted.values()
    assert result.stderr.splitlines()[-1].startswith(f"{list(wanted.values()).count('same')} of {len(cases)} cases")


def test_its_length_is_what_one_reads_in_a_sitting() -> None:
    assert len(ENGINE.splitlines()) < 70


def test_the_page_names_what_an_engine_may_declare() -> None:
    text = section(PAGE, "An engine")
    assert [one for one in sorted(EVERYTHING) if f"`{one}`" not in text] == []
    for word in ("SKYLOOM_TRACE", "ir.schema.json", "--deploy-timeout", "Case.earlier"):
        assert word in text
