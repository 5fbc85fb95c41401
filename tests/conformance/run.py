"""Runs every case on every engine, prints the table, and writes it: `make conformance`.

The page and its JSON are written when every case has run on every engine; a part of them is printed only.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from pathlib import Path

import pytest
from conformance.recording import ENGINES, Recorder
from docs import conformance_page

from skyloom import __version__
from skyloom.cli.output import show_table, show_text
from skyloom.conformance import tables
from skyloom.conformance.outcomes import Outcomes, to_json

HERE = Path(__file__).parent
TESTS = {
    "local": "test_conformance.py",
    "aws": "test_conformance_on_aws.py",
    "azure": "test_conformance_on_azure.py",
    "gcp": "test_conformance_on_gcp.py",
}


def main() -> int:
    """Runs and tells. The exit code is 1 where something differs."""
    asked = _arguments()
    recorder = Recorder()
    # Flows without a step have nothing for Prefect: the tests run them in the interpreter alone, the table everywhere.
    os.environ["SKYLOOM_EVERY_CASE"] = "1"
    files = [str(HERE / TESTS[engine]) for engine in asked.on.split(",")]
    options = ["--tb=line", "-q", *(["-k", asked.cases] if asked.cases else [])]
    options += ["-n", str(asked.workers), "--dist", "loadfile"] if asked.workers > 1 else []
    # Workers import what they need by themselves.
    os.environ["PYTHONPATH"] = str(HERE.parent)
    ended = pytest.main([*files, *options], plugins=[recorder])
    outcomes = Outcomes(
        engines=tuple(engine for engine in ENGINES if engine in recorder.seconds),
        cases=dict(sorted(recorder.outcomes.items())),
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        version=__version__,
        seconds=recorder.seconds,
    )
    _show(outcomes, detailed=asked.detailed)
    write(outcomes, ended, whole=not asked.cases and outcomes.engines == ENGINES)
    if not outcomes.cases:
        show_text(f"No case was tried: --cases {asked.cases or '(all)'}, --on {asked.on}.")
    return 1 if outcomes.differences() or ended != pytest.ExitCode.OK else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--on", default=",".join(TESTS), help="local, aws, azure, gcp: some of them")
    parser.add_argument("--cases", default="", help="only those: an expression as pytest's -k takes it")
    parser.add_argument("--workers", type=int, default=1, help="processes; engines run side by side then")
    parser.add_argument("--detailed", action="store_true", help="a line for each case")
    return parser.parse_args()


def _show(outcomes: Outcomes, *, detailed: bool) -> None:
    if detailed:
        show_table(tables.headers(outcomes, "case"), tables.by_case(outcomes))
    show_table(tables.headers(outcomes), tables.by_file(outcomes))
    for line in tables.told(outcomes):
        show_text(line)


def write(outcomes: Outcomes, ended: int, *, whole: bool) -> None:
    """Writes the page and its JSON, but not of a run that was of a part, or was stopped."""
    missing = outcomes.missing(outcomes.cases)
    if not whole or missing or ended not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        show_text(f"Not written: a part of the cases or engines. {len(missing)} cases did not run on every engine.")
        return
    conformance_page.DATA.write_text(to_json(outcomes), encoding="utf-8")
    page = conformance_page.PAGE.read_text(encoding="utf-8")
    conformance_page.PAGE.write_text(conformance_page.with_outcomes(page), encoding="utf-8")
    show_text(f"Wrote {conformance_page.DATA.name} and {conformance_page.PAGE.name}.")


if __name__ == "__main__":
    sys.exit(main())
