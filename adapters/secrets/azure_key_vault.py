"""Secrets in Azure Key Vault, in their newest version, by address: `https://<vault>.vault.azure.net/secrets/<name>`."""

from __future__ import annotations

import os
import re

from skyloom.adapters.azure_apis import APIS, VAULT_VERSION, ApiFailed
from skyloom.adapters.secrets import unreadable

_VAULT = re.compile(r"https://[a-zA-Z0-9-]+\.vault\.(azure\.net|azure\.cn|usgovcloudapi\.net)/secrets/[0-9a-zA-Z-]+")
"""Addresses that may be given a token for vaults.
https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#dns-suffixes-for-object-identifiers"""


def read(address: str) -> str:
    """The text of the secret. Raises ConfigError (SKY605)."""
    if not _VAULT.fullmatch(address):
        raise unreadable(address, "it is no address of a secret in a key vault")
    vault, _, name = address.partition("/secrets/")
    # Another vault than the reference's own is for tests.
    place = (os.environ.get("SKYLOOM_VAULT") or vault).rstrip("/")
    try:
        answer = APIS.request("vault", "GET", f"{place}/secrets/{name}?api-version={VAULT_VERSION}").json()
    except ApiFailed as problem:
        if problem.status == 404:
            raise unreadable(address, "it has no value yet, or is gone") from None
        raise unreadable(address, f"Key Vault answers {problem.status}") from None
    except OSError as problem:
        # Outside of Azure there is nobody to ask for a token.
        raise unreadable(address, f"no credentials: {problem}") from None
    value: str = answer["value"]
    return value
