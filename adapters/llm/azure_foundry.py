"""Models that are deployed in Microsoft Foundry, through its OpenAI v1 API, with tokens instead of keys.

https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from skyloom.adapters.llm.base import ModelError
from skyloom.adapters.llm.blocking import in_a_thread
from skyloom.adapters.llm.openai_compatible import OpenAICompatibleModel
from skyloom.errors import ConfigError, Diagnostic

ENDPOINT_VARIABLE = "SKYLOOM_MODELS"
"""Holds the endpoint where skyloom.toml names none."""
SCOPE = "https://ai.azure.com/.default"
_API = "/openai/v1"


class FoundryModel(OpenAICompatibleModel):
    """The models that are deployed in one resource; a model's name is that of its deployment.

    Args:
        provider: the provider's name in skyloom.toml, for messages.
        endpoint: the resource's address, `https://<name>.services.ai.azure.com` or `https://<name>.openai.azure.com`,
            or that of one of its projects; by default $SKYLOOM_MODELS.
        resource: of no concern here; the id of the resource, by which compilers let functions ask it.

    Raises:
        ConfigError: the `openai` package is missing, or no endpoint is known.
    """

    _not_accepted = "the identity is not accepted ({status}): the role `Cognitive Services OpenAI User` lets it ask"

    def __init__(self, provider: str = "foundry", endpoint: str | None = None, resource: str | None = None) -> None:
        url = endpoint or os.environ.get(ENDPOINT_VARIABLE)
        if not url:
            raise _no_endpoint(provider)
        plain = url.rstrip("/").removesuffix(_API)
        if not urlsplit(plain).scheme:
            raise _no_endpoint(provider)
        self._prepare(f"{plain}{_API}/", provider)
        self._limit_field = "max_completion_tokens"
        self._token: Callable[[], str] | None = None
        self._key = self._bearer

    async def _bearer(self) -> str:
        """A token for one request. Raises ModelError."""
        if self._token is None:
            self._token = _tokens(self.provider)
        token = self._token
        try:
            return await in_a_thread(token)
        except Exception as error:
            # What azure-identity raises has no base class that could be named without loading it.
            raise ModelError(f"{self.provider}: no token for {self.base_url}: {_shortened(str(error))}") from error


def _tokens(provider: str) -> Callable[[], str]:
    """What gives tokens: the identity of the app that this runs in, else whoever is signed in. Raises ConfigError."""
    if os.environ.get("IDENTITY_ENDPOINT"):
        from skyloom.adapters.azure_apis import token_for

        return lambda: token_for("models")
    found = credential(provider)
    return lambda: str(found.get_token(SCOPE).token)


def credential(provider: str) -> Any:
    """Whoever is signed in on this machine, as Azure's own tools know it. Raises ConfigError."""
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError as error:
        problem = f"provider `{provider}`: the `azure-identity` package is not installed"
        raise ConfigError(Diagnostic("SKY603", problem, "skyloom.toml", hint='pip install "skyloom[azure]"')) from error
    # Another authority than Azure's own is not known to Azure.
    return DefaultAzureCredential(disable_instance_discovery="AZURE_AUTHORITY_HOST" in os.environ)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else line[:299] + "…"


def _no_endpoint(provider: str) -> ConfigError:
    problem = f"provider `{provider}`: no endpoint of Microsoft Foundry is known"
    hint = (
        f'write endpoint = "https://NAME.services.ai.azure.com" in [providers.{provider}], or set {ENDPOINT_VARIABLE}'
    )
    return ConfigError(Diagnostic("SKY604", problem, "skyloom.toml", hint=hint))
