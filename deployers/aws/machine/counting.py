"""How large the integer variables of a flow can become: the same for every cloud."""

from __future__ import annotations

from skyloom.deployers.counting import Ranges, ranges_of, tests

__all__ = ["Ranges", "ranges_of", "tests"]
