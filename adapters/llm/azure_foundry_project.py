"""What is deployed in a project of Microsoft Foundry, for whoever sets up an app. Functions never load this.

https://learn.microsoft.com/azure/foundry/how-to/develop/sdk-overview
"""

from __future__ import annotations

from urllib.parse import urlsplit

from skyloom.adapters.llm.azure_foundry import credential
from skyloom.adapters.llm.base import ModelError
from skyloom.errors import ConfigError, Diagnostic

_SECONDS = 10


def is_project(endpoint: str) -> bool:
    """Whether an endpoint is that of a project, and not of the whole resource: only projects tell what they have."""
    return "/api/projects/" in urlsplit(endpoint).path


def deployments(endpoint: str) -> dict[str, str]:
    """The models that are deployed where the project is, by the names of their deployments.

    Raises:
        ConfigError: SKY603, the extra `azure` is missing.
        ModelError: the project cannot be reached, or does not tell.
    """
    try:
        from azure.ai.projects import AIProjectClient
        from azure.core.exceptions import AzureError
    except ImportError as error:
        problem = "the `azure-ai-projects` package is not installed"
        raise ConfigError(Diagnostic("SKY603", problem, "skyloom.toml", hint='pip install "skyloom[azure]"')) from error
    plain = endpoint.rstrip("/").removesuffix("/openai/v1")
    try:
        with AIProjectClient(plain, credential("foundry"), retry_total=1, connection_timeout=_SECONDS) as project:
            return {found.name: str(found.get("modelName", "")) for found in project.deployments.list()}
    except AzureError as error:
        reason = " ".join(str(error.message or error).split())[:300]
        raise ModelError(f"{plain} does not tell its deployments: {reason}") from error
