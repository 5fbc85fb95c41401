"""The AWS clients of the services: made when they are first needed, kept for the life of the process."""

from __future__ import annotations

import functools
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 4},
    connect_timeout=3,
    read_timeout=10,
    # One process serves one request at a time.
    max_pool_connections=2,
)


@functools.cache
def client(service: str) -> Any:
    """A client of the service in the function's own region."""
    return boto3.client(service, config=_CONFIG)  # type: ignore[call-overload]
