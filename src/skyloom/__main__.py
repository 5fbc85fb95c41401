"""`python -m skyloom`: the command line."""

from __future__ import annotations

from skyloom.cli import main

main()
