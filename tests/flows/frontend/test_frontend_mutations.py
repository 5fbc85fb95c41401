"""Broken sources: whatever is deleted, doubled or exchanged in a file, the outcome is diagnostics, never an exception."""

from __future__ import annotations

import io
import random
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skyloom.flows.frontend import check_file

CASES = Path(__file__).parents[2] / "conformance" / "cases"
PRELUDE = Path(__file__).parent / "malformed" / "prelude.py"
FLOWS = Path(__file__).parent / "well_formed.py"
