"""Broken sources: whatever is deleted, doubled or exchanged, the outcome is diagnostics, never an exception."""

from __future__ import annotations

from pathlib import Path

CASES = Path(__file__).parents[2] / "conformance" / "cases"
PRELUDE = Path(__file__).parent / "malformed" / "prelude.py"
FLOWS = Path(__file__).parent / "well_formed.py"
