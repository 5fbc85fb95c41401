"""The port to secrets: from a reference, which may be written down, to the value, which may not."""

from __future__ import annotations

import time
from importlib import import_module

from skyloom.errors import ConfigError, Diagnostic

READERS = {
    "arn:": "skyloom.adapters.secrets.aws_secrets_manager",
    "https://": "skyloom.adapters.secrets.azure_key_vault",
    "projects/": "skyloom.adapters.secrets.google_secret_manager",
}
"""How references begin, and the module whose `read` knows such a reference."""

KEPT_SECONDS = 300.0
"""How long a value is used before it is read anew, so that a changed secret is noticed."""

_known: dict[str, tuple[float, str]] = {}


def read_secret(reference: str) -> str:
    """The value of the secret that `reference` names.

    Raises:
        ConfigError: SKY605, it is not there, or may not be read. The value is in no message.
    """
    kept = _known.get(reference)
    if kept is not None and time.monotonic() - kept[0] < KEPT_SECONDS:
        return kept[1]
    module = next((module for start, module in READERS.items() if reference.startswith(start)), None)
    if module is None:
        raise unreadable(reference, "it is no reference that this version of Skyloom knows")
    value: str = import_module(module).read(reference)
    _known[reference] = (time.monotonic(), value)
    return value


def unreadable(reference: str, reason: str) -> ConfigError:
    """The error for a secret that cannot be read."""
    return ConfigError(Diagnostic("SKY605", f"the secret {reference} cannot be read: {reason}", "secrets"))
