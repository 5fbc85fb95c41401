"""The one door to Google Cloud: credentials, clients, and what their errors mean. Nothing else of Skyloom's own imports
Google's libraries.

Calls raise `google.api_core.exceptions.GoogleAPICallError`, which callers may look into with `code`. What they let pass
becomes a `UserError` or an `EngineError` in `translated`, once, at the deployer's edge.

Where another address than Google's is to be asked, gcloud's own variables say so, and are heeded here too:
`CLOUDSDK_API_ENDPOINT_OVERRIDES_CONFIG`, `..._STORAGE`, `..._WORKFLOWEXECUTIONS`, `..._LOGGING`, `..._PUBSUB`,
`..._SECRETMANAGER`. Runs are asked for over gRPC; `SKYLOOM_GCP_EXECUTIONS_HOST` (`host:port`) names a server that is
asked without encryption and credentials, as Google's own `..._EMULATOR_HOST` do for other services.
https://cloud.google.com/sdk/gcloud/reference/topic/configurations
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from skyloom.deployers.gcp.regions import REGION_HINT, is_region, no_region
from skyloom.deployers.translating import translating
from skyloom.errors import ConfigError, Diagnostic, EngineError, UserError
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from google.cloud.config_v1 import ConfigClient
    from google.cloud.storage import Client as StorageClient
    from google.cloud.workflows.executions_v1 import Execution as Execution
    from google.cloud.workflows.executions_v1 import ExecutionsClient

PLACE = "Google Cloud"
"""What messages give as their place: these mistakes stand in no file."""

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_REGIONS = ("GOOGLE_CLOUD_REGION", "GOOGLE_CLOUD_LOCATION", "CLOUDSDK_COMPUTE_REGION")
_SECONDS = 60.0
_ADDRESSES = {
    "config": "https://config.googleapis.com",
    "storage": "https://storage.googleapis.com",
    "workflowexecutions": "https://workflowexecutions.googleapis.com",
    "logging": "https://logging.googleapis.com",
    "pubsub": "https://pubsub.googleapis.com",
    "secretmanager": "https://secretmanager.googleapis.com",
}
_PLAIN_EXECUTIONS = "SKYLOOM_GCP_EXECUTIONS_HOST"
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Google:
    """One project in one region, as the caller's credentials and configuration say.

    Raises:
        ConfigError: SKY603, the libraries are not installed; SKY641, no usable credentials or no project;
            SKY642, no region; SKY647, the configuration names another project than the environment's; SKY728, a region
            that Google Cloud could not have.
    """

    def __init__(self, region: str | None = None, project: str | None = None) -> None:
        found = region or next((os.environ[name] for name in _REGIONS if os.environ.get(name)), None)
        if found is None:
            hint = "set GOOGLE_CLOUD_REGION, or `region` of the app's Environment"
            raise ConfigError(Diagnostic("SKY642", "no Google Cloud region is set", PLACE, hint=hint))
        if not is_region(found):
            raise ConfigError(Diagnostic("SKY728", no_region(found), PLACE, hint=REGION_HINT))
        self.region: str = found
        self._credentials, default = _credentials()
        configured = os.environ.get("GOOGLE_CLOUD_PROJECT") or default
        if project is None and configured is None:
            hint = "set GOOGLE_CLOUD_PROJECT, or `account` of the app's Environment"
            raise ConfigError(Diagnostic("SKY641", "no Google Cloud project is set", PLACE, hint=hint))
        if project is not None and os.environ.get("GOOGLE_CLOUD_PROJECT", project) != project:
            message = f"GOOGLE_CLOUD_PROJECT is {configured}, and the environment is deployed to {project}"
            raise ConfigError(Diagnostic("SKY647", message, PLACE, hint="unset it, or choose the other project"))
        self.project: str = project or configured or ""

    @property
    def place(self) -> str:
        """Where this is, for people."""
        return f"project {self.project}, {self.region}"

    def check_region(self) -> None:
        """Raises ConfigError (SKY728): nothing can be deployed in the region."""
        found = self.config.list_locations(request={"name": f"projects/{self.project}", "page_size": 500}).locations
        known = sorted(one.location_id for one in found)
        if self.region not in known:
            message = f"Infrastructure Manager is not in {self.region}"
            close = get_close_matches(self.region, known, n=1)
            hint = f"did you mean `{close[0]}`?" if close else REGION_HINT
            raise ConfigError(Diagnostic("SKY728", message, PLACE, hint=hint))

    @property
    def location(self) -> str:
        """`projects/<project>/locations/<region>`: where names of resources begin."""
        return f"projects/{self.project}/locations/{self.region}"

    @cached_property
    def refused(self) -> type[Exception]:
        """What every call raises that an API refuses."""
        from google.api_core.exceptions import GoogleAPICallError

        return GoogleAPICallError

    @cached_property
    def config(self) -> ConfigClient:
        """Infrastructure Manager."""
        from google.cloud.config_v1 import ConfigClient

        return ConfigClient(
            credentials=self._credentials, transport="rest", client_options={"api_endpoint": _address("config")}
        )

    @cached_property
    def storage(self) -> StorageClient:
        """Cloud Storage."""
        from google.cloud.storage import Client

        options = {"api_endpoint": _address("storage")}
        return Client(project=self.project, credentials=self._credentials, client_options=options)

    @cached_property
    def executions(self) -> ExecutionsClient:
        """The runs of workflows. Steps of runs it does not know: they are asked for with `call`."""
        from google.cloud.workflows.executions_v1 import ExecutionsClient
        from google.cloud.workflows.executions_v1.services.executions.transports import ExecutionsGrpcTransport

        plain = os.environ.get(_PLAIN_EXECUTIONS)
        if plain:
            import grpc

            return ExecutionsClient(transport=ExecutionsGrpcTransport(channel=grpc.insecure_channel(plain)))
        host = urlsplit(_address("workflowexecutions")).netloc
        return ExecutionsClient(credentials=self._credentials, client_options={"api_endpoint": host})

    def token(self) -> str:
        """An access token of the caller's."""
        from google.auth.transport.requests import Request

        if not self._credentials.valid:
            self._credentials.refresh(Request())
        return str(self._credentials.token)

    @staticmethod
    def address(service: str) -> str:
        """The address of an API by its name: `storage`."""
        return _address(service)

    @cached_property
    def _session(self) -> Any:
        from google.auth.transport.requests import AuthorizedSession

        return AuthorizedSession(self._credentials)  # type: ignore[no-untyped-call]

    def call(
        self,
        service: str,
        method: Method,
        path: str,
        body: Json = None,
        query: Mapping[str, str | int] | None = None,
    ) -> Any:
        """Calls an API that has no client over REST: the JSON of its answer.

        Raises:
            GoogleAPICallError: the API refuses.
        """
        from google.api_core.exceptions import from_http_response

        answer = self._session.request(
            method, f"{_address(service)}/{path}", json=body, params=dict(query or {}), timeout=_SECONDS
        )
        if answer.status_code >= 400:
            raise from_http_response(answer)  # type: ignore[no-untyped-call]
        return json.loads(answer.content or b"{}")

    def pages(self, service: str, path: str, key: str, query: Mapping[str, str | int] | None = None) -> Iterator[Any]:
        """Everything that a list has under `key`, page after page."""
        token: str | None = ""
        while token is not None:
            answer = self.call(service, "GET", path, query={**(query or {}), **({"pageToken": token} if token else {})})
            yield from answer.get(key, [])
            token = answer.get("nextPageToken") or None

    def fetch(self, signed: str) -> bytes:
        """What lies behind an address that is signed, and needs no credentials."""
        return self._signed("GET", signed, None)

    def put(self, signed: str, body: bytes) -> None:
        """Writes to an address that is signed."""
        self._signed("PUT", signed, body)

    def _signed(self, method: Method, signed: str, body: bytes | None) -> bytes:
        import requests
        from google.api_core.exceptions import from_http_response

        answer = requests.request(method, signed, data=body, timeout=_SECONDS)
        if answer.status_code >= 400:
            raise from_http_response(answer)  # type: ignore[no-untyped-call]
        return answer.content

    def console(self, path: str) -> str:
        """The address of a page of the console."""
        return f"https://console.cloud.google.com/{path}?project={self.project}"


def _address(service: str) -> str:
    override = os.environ.get(f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{service.upper()}")
    return (override or _ADDRESSES[service]).rstrip("/")


def _credentials() -> tuple[Any, str | None]:
    try:
        import google.auth
        import google.cloud.config_v1
        import google.cloud.storage
        import google.cloud.workflows
        from google.auth import exceptions as auth
    except ImportError:
        raise ConfigError(
            Diagnostic("SKY603", "Google Cloud needs Google's packages", PLACE, hint='pip install "skyloom[gcp]"')
        ) from None
    try:
        credentials, project = google.auth.default(scopes=[_SCOPE])
    except (auth.DefaultCredentialsError, OSError, ValueError) as error:
        raise _no_credentials(f"no usable Google Cloud credentials were found: {_said(error)}") from error
    except (AttributeError, KeyError, TypeError) as error:
        # A file may hold any JSON; Google's library reads fields without a look at what it has.
        raise _no_credentials("the file of the credentials is none of Google's") from error
    return credentials, project


# --- errors ---------------------------------------------------------------------------------------------------------


def code(error: Exception) -> int:
    """The HTTP code of an error of an API; 0 for every other error."""
    found = getattr(error, "code", None)
    return int(found) if isinstance(found, int) else 0


def reason(error: Exception) -> str:
    """What the API says of an error."""
    return str(getattr(error, "message", None) or error)


def translated() -> AbstractContextManager[None]:
    """Turns what Google's libraries raise inside into errors that tell people what to do. All else passes."""
    return translating(_meaning)


def _meaning(error: Exception) -> UserError | EngineError | None:
    if not type(error).__module__.startswith(("google.", "requests.")):
        return None
    from google.api_core import exceptions as api
    from google.auth import exceptions as auth

    match error:
        case auth.TransportError():
            return EngineError(f"Google Cloud does not answer: {_said(error)}")
        case auth.GoogleAuthError():
            return _no_credentials(f"Google Cloud does not accept the credentials: {_said(error)}")
        case api.Unauthenticated() | api.Unauthorized():
            return _no_credentials(f"Google Cloud does not accept the credentials: {reason(error)}")
        case api.Forbidden():
            message = f"Google Cloud does not allow this: {reason(error)}"
            return ConfigError(Diagnostic("SKY653", message, PLACE, hint="docs/gcp.md says what a deploy needs"))
        case api.ServiceUnavailable() | api.DeadlineExceeded():
            return EngineError(f"Google Cloud does not answer: {reason(error)}")
        case api.RetryError():
            return EngineError(f"Google Cloud does not answer: {_said(error)}")
        case api.GoogleAPICallError():
            return EngineError(f"Google Cloud refused: {reason(error)} ({code(error)})")
        case _:
            return EngineError(f"Google Cloud does not answer: {_said(error)}")


def _no_credentials(problem: str) -> ConfigError:
    hint = "sign in (`gcloud auth application-default login`), or set GOOGLE_APPLICATION_CREDENTIALS"
    return ConfigError(Diagnostic("SKY641", problem, PLACE, hint=hint))


def _said(error: BaseException) -> str:
    """What an error says, in a line. What is not reached comes wrapped: the reason stands innermost."""
    inner = getattr(error, "reason", None)
    if not isinstance(inner, BaseException):
        inner = error.args[0] if error.args else None
    if isinstance(inner, BaseException):
        return _said(inner)
    return (inner if isinstance(inner, str) else str(error)).strip().partition("\n")[0]
