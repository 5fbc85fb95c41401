"""Statements of resource policies that refuse whoever does not come over TLS."""

from __future__ import annotations

from skyloom.deployers.aws.resources.words import Json


def secure_only(action: str, on: Json) -> Json:
    """A statement that denies the action on a resource, or a list of them, to requests without TLS."""
    return {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": on,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
