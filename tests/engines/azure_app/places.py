"""What runs around an app at run time: its identity, blobs, key vault, topic, queues, mail and Entra ID, on one port.

Each service takes the app's token for that very service and no other, and does what the app's roles permit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engines.azure_app import identity
from engines.azure_app.blobs import Blobs
from engines.azure_app.identity import CLIENT, HEADER, TENANT, Issuer, allowed
from engines.azure_app.messages import Bus, Topic
from engines.azure_app.vault import Vault
from engines.azure_app.web import Request, Response, Server

Json = Any


Permits = Callable[[str, str], bool]
"""Whether the app may ask a service (`blob`, `bus`, ...) for something of that name."""


def everything(service: str, name: str) -> bool:
    """Permits everything."""
    return True


class Places:
    """The services. `mails` are those that were handed over; `refused` is what was not permitted.

    Args:
        permits: what the app may do.
    """

    def __init__(self, permits: Permits = everything) -> None:
        self.permits, self.refused = permits, list[tuple[str, str]]()
        self.blobs, self.vault, self.bus, self.entra = Blobs(), Vault(), Bus(), Issuer()
        self.topic = Topic(self.bus)
        self.mails: list[dict[str, Json]] = []
        self._server = Server(self.respond)
        self.blobs.arrived.append(self.topic.created(f"{self.url}/blob"))

    @property
    def url(self) -> str:
        """The address of all."""
        return self._server.address

    @property
    def variables(self) -> dict[str, str]:
        """The settings with which an app finds them."""
        return {
            "IDENTITY_ENDPOINT": f"{self.url}/identity",
            "IDENTITY_HEADER": HEADER,
            "AZURE_CLIENT_ID": CLIENT,
            "AZURE_AUTHORITY_HOST": f"{self.url}/entra",
            "SKYLOOM_STORAGE": f"{self.url}/blob/",
            "SKYLOOM_VAULT": f"{self.url}/vault/",
            "SKYLOOM_LINK_KEY": f"{self.url}/vault/keys/links",
            "SKYLOOM_TOPIC": f"{self.url}/topic/api/events",
            "SKYLOOM_BUS__fullyQualifiedNamespace": f"{self.url}/bus",
            "SKYLOOM_MAIL": f"{self.url}/mail/",
            "SKYLOOM_MAIL_FROM": "DoNotReply@tests.azurecomm.net",
            "SKYLOOM_TENANT": TENANT,
        }

    def close(self) -> None:
        """Ends them."""
        self.bus.close()
        self._server.close()

    def respond(self, request: Request) -> Response:
        """The answer of the service whose name begins the path."""
        service, _, rest = request.path.strip("/").partition("/")
        parts = rest.split("/")
        name = "/".join(parts[:2]) if service == "vault" else parts[0]
        if service not in ("identity", "entra") and not self.permits(service, name):
            self.refused.append((service, name))
            return Response.of_json({"error": {"code": "Forbidden", "message": request.path}}, 403)
        match service:
            case "identity":
                return identity.token(request)
            case "entra" if rest == f"{TENANT}/discovery/v2.0/keys":
                return self.entra.keys()
            case "blob" if allowed(request, "https://storage.azure.com"):
                return self.blobs.respond(request, rest)
            case "vault" if allowed(request, "https://vault.azure.net"):
                return self.vault.respond(request, rest, f"{self.url}/vault")
            case "topic" if allowed(request, "https://eventgrid.azure.net") and rest == "api/events":
                return self.topic.respond(request)
            case "bus" if allowed(request, "https://servicebus.azure.net"):
                return self.bus.respond(request, rest)
            case "mail" if allowed(request, "https://communication.azure.com") and rest == "emails:send":
                self.mails.append(request.json())
                return Response.of_json({"id": "1", "status": "Running"}, 202)
        return Response.of_json({"error": {"code": "Unauthorized", "message": request.path}}, 401)
