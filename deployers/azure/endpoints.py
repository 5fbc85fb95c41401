"""The addresses of an Azure cloud: the public one, or the one whose list of endpoints the environment names.

`ARM_CLOUD_METADATA_URL` leads to that list, as for Azure CLI and Azure PowerShell.
https://github.com/Azure/azure-cli/blob/dev/doc/use_cli_in_airgapped_clouds.md
"""

from __future__ import annotations

import json
import os
import urllib.request
from dataclasses import dataclass
from typing import Any

from skyloom.errors import ConfigError, Diagnostic

VARIABLE = "ARM_CLOUD_METADATA_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The addresses of a cloud.

    Attributes:
        scope: what tokens for the Resource Manager are asked for.
        own: whether they come from a list, and not from here. What such a cloud is signed in at is not among those
            that Microsoft's libraries look up.
    """

    resource_manager: str = "https://management.azure.com"
    scope: str = "https://management.azure.com/.default"
    login: str = "https://login.microsoftonline.com"
    logs: str = "https://api.loganalytics.io"
    portal: str = "https://portal.azure.com"
    own: bool = False


def endpoints() -> Endpoints:
    """The addresses of the cloud that the environment means.

    Raises:
        ConfigError: SKY642, the list that the environment names cannot be read.
    """
    address = os.environ.get(VARIABLE)
    if not address:
        return Endpoints()
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return _of(json.load(answer))
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        message = f"the endpoints of the cloud cannot be read from {address}: {error}"
        hint = f"unset {VARIABLE} for the public cloud"
        raise ConfigError(Diagnostic("SKY642", message, "Azure", hint=hint)) from error


def _of(document: Any) -> Endpoints:
    """The addresses in a list; that of one cloud, or of several, of which the first counts."""
    cloud = document[0] if isinstance(document, list) else document
    login = cloud["authentication"]
    manager = str(cloud["resourceManager"]).rstrip("/")
    return Endpoints(
        resource_manager=manager,
        scope=f"{str((login.get('audiences') or [manager])[0]).rstrip('/')}/.default",
        login=str(login["loginEndpoint"]).rstrip("/"),
        logs=str(cloud.get("logAnalyticsResourceId") or Endpoints().logs).rstrip("/"),
        portal=str(cloud.get("portal") or Endpoints().portal).rstrip("/"),
        own=True,
    )
