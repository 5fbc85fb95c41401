"""Names of what is deployed: told apart by digits where the rules of a cloud make two of them the same."""

from __future__ import annotations

import hashlib
import re

_DIGITS = 6


def digest(*names: str) -> str:
    """A few hexadecimal digits that tell names apart."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:_DIGITS]


def fitting(name: str, longest: int) -> str:
    """The name in ASCII letters, digits, `-` and `_`, cut and told apart by digits where that changed it."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "-", name)
    if plain == name and len(name) <= longest:
        return name
    return f"{plain[: longest - _DIGITS - 1]}-{digest(name)}"
