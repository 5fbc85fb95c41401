"""A conformance case, as tests name it."""

from __future__ import annotations

from skyloom.conformance.case import Case, TaskCall, call, case

__all__ = ["Case", "TaskCall", "call", "case"]
