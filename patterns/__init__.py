"""The catalog of patterns: one file for each; plugins by entry point."""
