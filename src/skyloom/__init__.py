"""Skyloom: write an AI workflow once, as typed Python; run it locally and on three clouds with one meaning."""

__version__ = "0.1.0"
