"""Times as Google's APIs write them."""

from __future__ import annotations

import re
from datetime import datetime


def seconds(moment: str) -> float:
    """A time in seconds since the epoch. It may have nine digits behind the point."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", moment).replace("Z", "+00:00")).timestamp()
