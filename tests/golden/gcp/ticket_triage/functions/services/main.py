"""The entry of every service function."""

from skyloom.deployers.gcp.services.entry import handler

__all__ = ["handler"]
