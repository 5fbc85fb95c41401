"""Times as Azure's APIs write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime


def seconds(moment: str) -> float:
    """A time in seconds since the epoch. It may have seven digits behind the point, and no zone: then it is UTC."""
    found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", moment).replace("Z", "+00:00"))
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
