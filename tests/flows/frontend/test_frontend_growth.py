"""How the work of compiling grows with the flow: counted in function calls, not in time."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

from conftest import Write  # type: ignore[import-not-found]
