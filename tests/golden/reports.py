"""The golden reports: what `check --targets` and others say of the examples, as text to be reviewed.

`python tests/golden/reports.py` writes them anew; `python tests/golden/reports.py NAME` those of one example.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from typer.testing import CliRunner

from skyloom.cli.app import app

GOLDEN = Path(__file__).parent / "reports"
ROOT = Path(__file__).parents[2]
EXAMPLES = {
    path.stem: path
    for path in (
        *(ROOT / "examples" / name / f"{name}.py" for name in ("document_pipeline", "order_saga", "ticket_triage")),
        *(
            path
            for path in sorted((ROOT / "examples" / "five_patterns").glob("*.py"))
            if not path.name.startswith("test_")
        ),
    )
}
SAMPLES = {
    "document_pipeline": {"summarise_folder": "{}"},
    "order_saga": {"place_order": f"@{EXAMPLES['order_saga'].parent}/orders/good.json"},
    "ticket_triage": {"answer": f"@{EXAMPLES['ticket_triage'].parent}/tickets/late_parcel.json"},
}
"""Inputs of sample runs, by example and flow."""
CLOUDS = ("aws", "azure", "gcp")


def reports(name: str) -> dict[str, str]:
    """The texts of an example, by the names of their files."""
    return dict(_reports(name, str(EXAMPLES[name])))


def _reports(name: str, file: str) -> Iterator[tuple[str, str]]:
    yield "check.txt", said("check", file, "--targets", ",".join(CLOUDS))
    for cloud in CLOUDS:
        yield f"explain-{cloud}.txt", said("explain", file, "--to", cloud, "--source")
    for flow, given in SAMPLES.get(name, {}).items():
        yield f"cost-{flow}.txt", said("cost", file, "--flow", flow, "--input", given)


def said(*arguments: str) -> str:
    """What a command says on stdout. It must end well."""
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False, prog_name="skyloom")
    assert result.exit_code == 0, result.output
    return result.stdout


def kept(name: str) -> dict[str, str]:
    """What is committed for an example."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((GOLDEN / name).glob("*.txt"))}


if __name__ == "__main__":
    for chosen in sys.argv[1:] or EXAMPLES:
        (GOLDEN / chosen).mkdir(parents=True, exist_ok=True)
        for old in (GOLDEN / chosen).glob("*.txt"):
            old.unlink()
        for path, text in reports(chosen).items():
            (GOLDEN / chosen / path).write_text(text, encoding="utf-8")
