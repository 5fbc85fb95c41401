"""The golden reports: what `check --targets` and others say of the examples, as text to be reviewed.

`python tests/golden/reports.py` writes them anew; `python tests/golden/reports.py NAME` those of one example.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
_BRIEF = {"product": "Tea Kettle", "facts": ["It boils a litre in two minutes."], "languages": ["en", "de", "fr"]}
_QUESTION = "Why did steam engines need less coal after the separate condenser?"
_LETTER = "Invoice INV-2043 of Miller and Sons. Net 100.00 EUR, tax 19.00 EUR, total 119.00 EUR."
_CLAIM = {"employee": "Ada", "manager": "Grace", "cents": 42050, "reason": "Train to the customer and a hotel."}
_TICKET = EXAMPLES["ticket_triage"].parent / "tickets" / "late_parcel.json"
_ARTICLE = {"title": "Late parcels", "text": "A parcel takes three days. After five days we send another one."}
SAMPLES: dict[str, dict[str, dict[str, Any]]] = {
    "document_pipeline": {
        "condense": {"texts": ["One.", "Two.", "Three.", "Four."], "fan_in": 2},
        "summarise_document": {"folder": "texts", "document": "persuasion.txt", "words": 900},
        "summarise_folder": {},
    },
    "order_saga": {"place_order": json.loads((EXAMPLES["order_saga"].parent / "orders" / "good.json").read_text())},
    "ticket_triage": {
        "answer_draft": {**json.loads(_TICKET.read_text()), "article": _ARTICLE, "history": []},
        "answer": json.loads(_TICKET.read_text()),
    },
    "ask_the_books": {"ingest": {}, "ask": {"question": "Why did Ahab pursue the white whale?"}},
    "expense_approval": {"reimburse": {"claim": _CLAIM}},
    "invoice_intake": {"take_in": {"text": _LETTER}},
    "product_launch": {"launch": {"brief": _BRIEF}},
    "research_desk": {"research": {"question": _QUESTION}},
}
"""Inputs of sample runs, by example and flow, in their order: what one has kept another reads."""
CLOUDS = ("aws", "azure", "gcp")


def reports(name: str) -> dict[str, str]:
    """The texts of an example, by the names of their files."""
    return dict(_reports(name, str(EXAMPLES[name])))


def _reports(name: str, file: str) -> Iterator[tuple[str, str]]:
    yield "check.txt", said("check", file, "--targets", ",".join(CLOUDS))
    for cloud in CLOUDS:
        yield f"explain-{cloud}.txt", said("explain", file, "--to", cloud, "--source")
        if saved := "\n".join(_saved(said("explain", file, "--to", cloud))):
            yield f"savings-{cloud}.txt", f"{saved}\n"
    for flow, given in SAMPLES[name].items():
        yield f"cost-{flow}.txt", said("cost", file, "--flow", flow, "--input", json.dumps(given))


def _saved(text: str) -> Iterator[str]:
    """The tables of what passes have saved, below the names of their flows."""
    for block in text.split("\n\n"):
        lines = block.strip("\n").splitlines()
        if len(lines) > 1 and lines[1].startswith("PLACE"):
            flow = lines[0]
        if lines and lines[0].startswith("PASS "):
            yield from (flow, *lines)


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
