"""The apps that tests compile for every cloud: the examples, and one that has everything."""

from __future__ import annotations

from pathlib import Path

from skyloom.deployers.functions import load_app
from skyloom.flows.app import App

TESTS = Path(__file__).parents[1]
EXAMPLES = ("ticket_triage", "order_saga", "document_pipeline")
EVERYTHING = "everything"
NAMES = (*EXAMPLES, EVERYTHING)


def file_of(name: str) -> Path:
    """The app's file."""
    if name == EVERYTHING:
        return TESTS / "deployers/everything.py"
    return TESTS.parent / f"examples/{name}/{name}.py"


def app_of(name: str, cloud: str) -> App:
    """The app as it is for a cloud: examples are the same for each."""
    return load_app(file_of(name), cloud if name == EVERYTHING else None)
