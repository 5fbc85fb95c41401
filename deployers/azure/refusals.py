"""What an API of Azure says when it refuses: its status, its code, and the reason down to the first cause."""

from __future__ import annotations

from typing import Any


def status(error: Exception) -> int:
    """The HTTP status of an error of an API; 0 for every other error."""
    found = getattr(error, "status_code", None)
    return int(found) if isinstance(found, int) else 0


def code(error: Exception) -> str:
    """Azure's name of an error of an API: `StackNotFound`; empty where it has none."""
    found = getattr(error, "error", None)
    return str(getattr(found, "code", None) or getattr(error, "error_code", None) or "")


def reason(error: Exception) -> str:
    """What the API says of an error, with what it says of its causes."""
    found = getattr(error, "error", None)
    if found is None:
        return str(getattr(error, "message", None) or error).strip().partition("\n")[0]
    return told(found)


def told(error: Any) -> str:
    """An error as the Resource Manager writes it, down to its causes: those say what is wrong."""
    details = getattr(error, "details", None) or []
    inner = "; ".join(dict.fromkeys(filter(None, map(told, details))))
    return inner or str(getattr(error, "message", "") or getattr(error, "code", "") or "").strip()
