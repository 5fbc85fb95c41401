"""Takes down what the conformance tests find: a pytest plugin, which reads the names of tests and their reports."""

from __future__ import annotations

import re

import pytest
from conformance.on_aws.gaps import GAPS as ON_AWS
from conformance.on_azure.gaps import GAPS as ON_AZURE
from conformance.on_gcp.gaps import GAPS as ON_GCP

from skyloom.conformance.gaps import Gap
from skyloom.conformance.outcomes import SAME, Outcome, of_gap

ENGINES = ("plain", "inline", "prefect", "aws", "azure", "gcp")
"""Columns of the table."""
GAPS: dict[str, dict[str, Gap]] = {"aws": ON_AWS, "azure": ON_AZURE, "gcp": ON_GCP}

_TEST = re.compile(r"(?s).*/test_conformance(?:_on_(?P<cloud>\w+))?\.py::test_case\[(?P<name>.*)\]")


def named(test: str) -> tuple[str, str] | None:
    """The case and the engine of a test, by the test's id; None: it is another kind of test."""
    found = _TEST.fullmatch(test)
    if found is None:
        return None
    if found["cloud"]:
        return found["name"], found["cloud"]
    name, _, engine = found["name"].rpartition("-")
    return name, engine


class Recorder:
    """The plugin.

    Attributes:
        outcomes: by case and engine.
        seconds: how long the tests of each engine took, one after the other.
    """

    def __init__(self) -> None:
        self.outcomes: dict[str, dict[str, Outcome]] = {}
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test was set up, called or torn down."""
        found = named(report.nodeid)
        if found is None:
            return
        case, engine = found
        self.seconds[engine] = self.seconds.get(engine, 0) + report.duration
        if report.when == "call" or report.failed:
            self.outcomes.setdefault(case, {})[engine] = outcome_of(report, GAPS.get(engine, {}).get(case))


def outcome_of(report: pytest.TestReport, gap: Gap | None) -> Outcome:
    """A test that fails as its gap says is skipped by pytest, and one that is refused as its gap says has passed."""
    if report.failed:
        return Outcome("differs", problem=_problem(report))
    if gap is not None:
        return of_gap(gap)
    if report.skipped:
        return Outcome("differs", problem=f"skipped: {report.longreprtext}")
    return SAME


def _problem(report: pytest.TestReport) -> str:
    """What pytest says in one line: the last one that tells of the error."""
    told = [line.removeprefix("E").strip() for line in report.longreprtext.splitlines() if line.startswith("E ")]
    return (told or report.longreprtext.splitlines() or ["failed"])[0][:300]
