"""The models of AWS's services, read once for all SDK sessions of a test process.

Each deployer makes a session of its own, as each command does; reading the models again took half of the tests' time.
"""

from __future__ import annotations

import functools

from botocore import session


def read_once() -> None:
    """From now on, all sessions share what they have read."""
    if not hasattr(session.create_loader, "cache_info"):
        session.create_loader = functools.cache(session.create_loader)
