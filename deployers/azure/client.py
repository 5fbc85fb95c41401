"""The one door to Azure: credentials, clients, and what their errors mean. Nothing else of Skyloom's deployers imports
Azure's SDK.

Calls raise `azure.core.exceptions.HttpResponseError`, which callers may look into with `status` and `code`. What they
let pass becomes a `UserError` or an `EngineError` in `translated`, once, at the deployer's edge.

Where another cloud than the public one is meant, the variables of Azure's own tools say so, and are heeded here too:
`ARM_CLOUD_METADATA_URL` (Azure CLI, Azure PowerShell: where the endpoints of a cloud are listed) and
`AZURE_AUTHORITY_HOST` (azure-identity). `AZURE_SUBSCRIPTION_ID` and `AZURE_LOCATION` are those of the Azure Developer
CLI.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from skyloom.deployers.azure.endpoints import Endpoints, endpoints
from skyloom.deployers.azure.profile import default_subscription
from skyloom.deployers.azure.refusals import code, reason, status
from skyloom.deployers.translating import translating
from skyloom.errors import ConfigError, Diagnostic, EngineError, UserError
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse
    from azure.mgmt.resource.deployments import DeploymentsMgmtClient
    from azure.mgmt.resource.deploymentstacks import DeploymentStacksClient
    from azure.mgmt.resource.resources import ResourceManagementClient
    from azure.storage.blob import ContainerClient

PLACE = "Azure"
"""What messages give as their place: these mistakes stand in no file."""

_REGIONS = ("AZURE_LOCATION", "AZURE_DEFAULTS_LOCATION")
_SUBSCRIPTION = "AZURE_SUBSCRIPTION_ID"
_SECONDS = 60.0
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Azure:
    """One subscription in one region, as the caller's credentials and configuration say.

    Raises:
        ConfigError: SKY603, the SDK is not installed; SKY641, no usable credentials or no subscription;
            SKY642, no region; SKY647, the configuration names another subscription than the environment's.
    """

    def __init__(self, region: str | None = None, subscription: str | None = None) -> None:
        place = region or next((os.environ[name] for name in _REGIONS if os.environ.get(name)), None)
        if place is None:
            hint = "set AZURE_LOCATION, or `region` of the app's Environment"
            raise ConfigError(Diagnostic("SKY642", "no Azure region is set", PLACE, hint=hint))
        self.region: str = place
        configured = os.environ.get(_SUBSCRIPTION)
        found = subscription or configured or default_subscription()
        if not found:
            hint = f"set {_SUBSCRIPTION}, or `account` of the app's Environment; or choose one with `az account set`"
            raise ConfigError(Diagnostic("SKY641", "no Azure subscription is set", PLACE, hint=hint))
        if subscription is not None and configured and configured != subscription:
            message = f"{_SUBSCRIPTION} is {configured}, and the environment is deployed to {subscription}"
            raise ConfigError(Diagnostic("SKY647", message, PLACE, hint="unset it, or choose the other subscription"))
        self.subscription: str = found
        self._check_packages()

    @staticmethod
    def _check_packages() -> None:
        try:
            import azure.identity
            import azure.mgmt.resource.deployments
            import azure.mgmt.resource.deploymentstacks  # noqa: F401
        except ImportError:
            raise ConfigError(
                Diagnostic("SKY603", "Azure needs Microsoft's packages", PLACE, hint='pip install "skyloom[azure]"')
            ) from None

    @property
    def place(self) -> str:
        """Where this is, for people."""
        return f"subscription {self.subscription}, {self.region}"

    # --- clients ---

    @cached_property
    def _endpoints(self) -> Endpoints:
        return endpoints()

    @cached_property
    def _credential(self) -> Any:
        from azure.identity import DefaultAzureCredential

        for name in ("azure", "msal"):
            # What they warn of reaches people as the error that comes of it; a handler of the caller's still hears it.
            logging.getLogger(name).addHandler(logging.NullHandler())
        own = {"authority": self._endpoints.login, "disable_instance_discovery": True} if self._endpoints.own else {}
        return DefaultAzureCredential(**own)

    @property
    def _arm(self) -> dict[str, Any]:
        """What every client of the Resource Manager is made with."""
        return {
            "credential": self._credential,
            "subscription_id": self.subscription,
            "base_url": self._endpoints.resource_manager,
            "credential_scopes": [self._endpoints.scope],
            "polling_interval": 1,
        }

    @cached_property
    def refused(self) -> type[Exception]:
        """What every call raises that an API refuses."""
        from azure.core.exceptions import HttpResponseError

        return HttpResponseError

    @cached_property
    def unreached(self) -> type[Exception]:
        """What every call raises that nobody answers."""
        from azure.core.exceptions import AzureError

        return AzureError

    @cached_property
    def stacks(self) -> DeploymentStacksClient:
        """Deployment stacks."""
        from azure.mgmt.resource.deploymentstacks import DeploymentStacksClient

        return DeploymentStacksClient(**self._arm)

    @cached_property
    def deployments(self) -> DeploymentsMgmtClient:
        """Deployments, what they would change, and what happens in them."""
        from azure.mgmt.resource.deployments import DeploymentsMgmtClient

        return DeploymentsMgmtClient(**self._arm)

    @cached_property
    def resources(self) -> ResourceManagementClient:
        """Resource groups and what is in them."""
        from azure.mgmt.resource.resources import ResourceManagementClient

        return ResourceManagementClient(**self._arm)

    def container(self, endpoint: str, name: str) -> ContainerClient:
        """A container of blobs, in the account with that endpoint."""
        from azure.storage.blob import ContainerClient

        return ContainerClient(endpoint, name, credential=self._credential)

    def query(self, workspace: str, kusto: str, since: float) -> list[dict[str, Any]]:
        """The rows of a query of Log Analytics, from a time in seconds since the epoch until now."""
        from datetime import UTC, datetime

        from azure.monitor.query import LogsQueryClient

        client = LogsQueryClient(self._credential, endpoint=self._endpoints.logs)
        span = (datetime.fromtimestamp(since, UTC), datetime.now(UTC))
        answer = client.query_workspace(workspace, kusto, timespan=span)
        tables = getattr(answer, "tables", None) or getattr(answer, "partial_data", [])
        return [dict(zip(table.columns, row, strict=True)) for table in tables for row in table.rows]

    def principal(self) -> str:
        """The object id of who calls, as the token says it."""
        import base64

        body = self._credential.get_token(self._endpoints.scope).token.split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["oid"])

    # --- plain calls ---

    def arm(self, method: Method, path: str, version: str, body: Json = None) -> Any:
        """Calls the Resource Manager itself: the JSON of its answer, None where it has none."""
        from azure.core.rest import HttpRequest

        request = HttpRequest(method, path, params={"api-version": version}, json=body)
        return _checked(self.deployments.send_request(request))

    def scm(self, method: Method, url: str, zipped: bytes | None = None) -> Any:
        """Calls the site that takes an app's code, as the caller."""
        from azure.core.rest import HttpRequest

        headers = {"Authorization": f"Bearer {self._credential.get_token(self._endpoints.scope).token}"}
        if zipped is not None:
            headers |= {"Content-Type": "application/zip", "Cache-Control": "no-cache"}
        return _checked(self._plain.send_request(HttpRequest(method, url, headers=headers, content=zipped)))

    def app(
        self,
        method: Method,
        url: str,
        key: str,
        body: Json = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Any, Mapping[str, str]]:
        """Calls a function app with one of its keys: the JSON of its answer, and its headers."""
        from azure.core.rest import HttpRequest

        given = {"x-functions-key": key, **(headers or {})}
        request = HttpRequest(method, url, headers=given, json=body, params=dict(query or {}))
        answer = self._plain.send_request(request)
        return _checked(answer), answer.headers

    @cached_property
    def _plain(self) -> Any:
        from azure.core import PipelineClient
        from azure.core.pipeline import policies

        used = [
            policies.UserAgentPolicy("skyloom"),
            policies.RetryPolicy(retry_total=3, retry_backoff_factor=0.3),
            policies.NetworkTraceLoggingPolicy(),
        ]
        return PipelineClient("", policies=used, connection_timeout=_SECONDS, read_timeout=4 * _SECONDS)

    def console(self, id_: str) -> str:
        """The address of a resource's page in the portal."""
        return f"{self._endpoints.portal}/#resource{id_}"


def _checked(answer: HttpResponse) -> Any:
    answer.raise_for_status()
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError:
        return answer.text()


# --- errors ---------------------------------------------------------------------------------------------------------


def translated() -> AbstractContextManager[None]:
    """Turns what the SDK raises inside into errors that tell people what to do. All else passes."""
    return translating(_meaning)


def _meaning(error: Exception) -> UserError | EngineError | None:
    if not type(error).__module__.startswith("azure."):
        return None
    from azure.core import exceptions as core

    match error:
        case core.ClientAuthenticationError():
            return no_credentials(f"Azure does not accept the credentials: {_first(str(error))}")
        case core.HttpResponseError() if status(error) == 401:
            return no_credentials(f"Azure does not accept the credentials: {reason(error)}")
        case core.HttpResponseError() if status(error) == 403:
            message = f"Azure does not allow this: {reason(error)}"
            return ConfigError(Diagnostic("SKY653", message, PLACE, hint="docs/azure.md says what a deploy needs"))
        case core.HttpResponseError():
            named = code(error) or str(status(error))
            return EngineError(f"Azure refused: {reason(error)} ({named})")
        case _:
            return EngineError(f"Azure does not answer: {_unreached(error)}")


def no_credentials(problem: str) -> ConfigError:
    """The error that nobody is signed in."""
    hint = "sign in (`az login`), or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
    return ConfigError(Diagnostic("SKY641", problem, PLACE, hint=hint))


def _first(text: str) -> str:
    """What counts of a text, in a line. A chain of credentials tells all that it tried, line by line; what Microsoft
    Entra ID said to one of them counts more than that all of them failed."""
    lines = [line.strip() for line in text.strip().splitlines()] or [""]
    return next((line for line in lines if "AADSTS" in line), lines[0])


def _unreached(error: BaseException) -> str:
    """What is not reached, in a line: the reason stands innermost."""
    inner = getattr(error, "inner_exception", None) or getattr(error, "reason", None)
    if not isinstance(inner, BaseException) and error.args and isinstance(error.args[0], BaseException):
        inner = error.args[0]
    return _unreached(inner) if isinstance(inner, BaseException) else _first(str(error))
