"""Takes every ratio in one run and prints one table.

    python tests/benchmarks/run.py [--quick] [--only NAME] [--json FILE] [--markdown FILE]

Nothing here fails because something is slow. On a machine that does other work too, trust the ratios more than the
times, and small differences of either not at all.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import (
    bench_aws,
    bench_aws_compile,
    bench_aws_functions,
    bench_azure,
    bench_azure_functions,
    bench_billed,
    bench_check,
    bench_cli,
    bench_conformance,
    bench_gcp,
    bench_gcp_functions,
    runner_ratios,
)
from benchmarks.measuring import Ratio, Say
from rich.console import Console
from rich.table import Table

BENCHMARKS: dict[str, Callable[[bool, Say], Iterator[Ratio]]] = {
    "cli": bench_cli.ratios,
    "check": bench_check.ratios,
    "runner": runner_ratios.ratios,
    "aws": bench_aws.ratios,
    "aws_compile": bench_aws_compile.ratios,
    "aws_functions": bench_aws_functions.ratios,
    "azure": bench_azure.ratios,
    "azure_functions": bench_azure_functions.ratios,
    "gcp": bench_gcp.ratios,
    "gcp_functions": bench_gcp_functions.ratios,
    "billed": bench_billed.ratios,
    "conformance": bench_conformance.ratios,
}


def number(value: float, unit: str) -> str:
    """A number with as many digits as mean anything, and its unit."""
    return f"{value:,.2f} {unit}" if unit == "s" else f"{value:,.0f} {unit}"


def table(ratios: list[Ratio], title: str) -> Table:
    """All ratios, below the headings of their groups."""
    result = Table("measured", title=title, title_justify="left", expand=False)
    for heading in ("Skyloom", "beside", "", "ratio"):
        result.add_column(heading, justify="left" if heading == "beside" else "right", no_wrap=True)
    result.add_column("aim", no_wrap=True)
    for group in dict.fromkeys(ratio.group for ratio in ratios):
        result.add_section()
        result.add_row(f"[bold]{group}")
        for ratio in ratios:
            if ratio.group == group:
                ours, theirs = (number(value, ratio.unit) for value in (ratio.ours, ratio.theirs))
                result.add_row(f"  {ratio.what}", ours, ratio.beside, theirs, f"{ratio.ratio:.2f}", ratio.aim)
    return result


def markdown(ratios: list[Ratio]) -> str:
    """All ratios as a Markdown table."""
    rows = ["| measured | Skyloom | beside | | ratio | aim |", "|---|---|---|---|---|---|"]
    for group in dict.fromkeys(ratio.group for ratio in ratios):
        rows.append(f"| **{group}** | | | | | |")
        for ratio in ratios:
            if ratio.group == group:
                ours, theirs = (number(value, ratio.unit) for value in (ratio.ours, ratio.theirs))
                rows.append(f"| {ratio.what} | {ours} | {ratio.beside} | {theirs} | {ratio.ratio:.2f} | {ratio.aim} |")
    return "\n".join(rows) + "\n"


def machine() -> dict[str, str | int | float]:
    """What the numbers were taken on."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "python": platform.python_version(),
        "system": platform.system(),
        "architecture": platform.machine(),
        "cores": os.cpu_count() or 0,
        "load_before": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Prints the benchmark ratios.")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: to see that all of it works")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="only this one; may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to a file too")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table to a file, as Markdown")
    options = parser.parse_args()
    progress = Console(stderr=True, highlight=False)
    on = machine()
    found: list[Ratio] = []
    for name in options.only or BENCHMARKS:
        found += BENCHMARKS[name](options.quick, lambda text: progress.print(f"... {text}", style="dim"))
    title = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in on.items())
    Console(width=None if sys.stdout.isatty() else 140).print(table(found, title))
    if options.markdown:
        options.markdown.write_text(markdown(found), encoding="utf-8")
    if options.json:
        document = {**on, "quick": options.quick, "ratios": [ratio.to_json() for ratio in found]}
        options.json.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
