"""Sweeps every form, or some of them, over all engines, and says what came of it."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sweep.builtin_forms import builtin_forms
from sweep.engines import jsonata_engines, on_jsonata, on_python, on_workflows
from sweep.forms import Form
from sweep.front import Refused, compiled
from sweep.operator_forms import operator_forms
from sweep.report import Report, write
from sweep.tally import Tally, expected

PYTHON, WORKFLOWS = "emitted Python", "Workflows"


def every_form() -> list[Form]:
    """All forms, once."""
    return list(dict.fromkeys((*builtin_forms(), *operator_forms())))


def sweep(forms: Sequence[Form], folder: Path, progress: Callable[[Report], None] | None = None) -> Report:
    """Compares the forms on all engines."""
    began = time.perf_counter()
    report = Report()
    jsonata = {f"JSONata, {engine.name}": engine for engine in jsonata_engines()}
    report.engines = {name: Tally() for name in (PYTHON, *jsonata, WORKFLOWS)}
    for found in compiled(forms, folder):
        if isinstance(found, Refused):
            report.refused[found.code] += 1
            continue
        wanted = expected(found)
        report.forms += 1
        report.combinations += len(wanted.rows)
        on_python(wanted, report.engines[PYTHON])
        for name, engine in jsonata.items():
            on_jsonata(wanted, engine, report.engines[name])
        on_workflows(wanted, report.engines[WORKFLOWS])
        if progress is not None:
            progress(report)
    report.seconds = time.perf_counter() - began
    return report


def _shown(report: Report) -> None:
    if report.forms % 500 == 0:
        different = sum(len(tally.different) for tally in report.engines.values())
        print(f"{report.forms} forms, {report.combinations} combinations, {different} different", flush=True)


def main() -> int:
    """Runs from the command line; 1 where something disagrees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, help="so many forms, chosen by the seed; all when left out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--groups", help="only these, by commas: `str.find,slices`")
    parser.add_argument("--write", type=Path, help="a page of documentation that gets the figures")
    arguments = parser.parse_args()
    forms = [f for f in every_form() if not arguments.groups or f.group in arguments.groups.split(",")]
    if arguments.number:
        forms = random.Random(arguments.seed).sample(forms, min(arguments.number, len(forms)))
    with tempfile.TemporaryDirectory() as folder:
        report = sweep(forms, Path(folder), _shown)
    print(f"{report.forms} forms, {report.combinations} combinations, {report.seconds:.0f} s", report.refused)
    if arguments.write:
        write(report, arguments.write)
    for name, tally in report.engines.items():
        print(f"\n{name}: {tally.counts}, {len(tally.different)} different")
        for reason, number in sorted(tally.reasons.items(), key=lambda item: -item[1]):
            print(f"  hoisted {number}: {reason}")
        for line in tally.different:
            print("  " + line)
    return int(any(tally.different for tally in report.engines.values()))


if __name__ == "__main__":
    sys.exit(main())
