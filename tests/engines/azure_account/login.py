"""Where people and programs sign in: the metadata of the cloud and of the tenant, and tokens for a client's secret.

Not here: signing in of people, certificates, and tokens that end.
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

from urllib.parse import parse_qs

from engines.azure_account.answers import Json, Token
from engines.azure_account.names import CLIENT, SECRET, TENANT, USER
from engines.gcp_account.front import Answer, Front, Request, route


class Login:
    """The authority."""

    def __init__(self, front: Front) -> None:
        self._front = front
        front.add(
            route("GET", "/metadata/endpoints", self._endpoints),
            route("GET", f"/{TENANT}/v2.0/.well-known/openid-configuration", self._configuration),
            route("POST", f"/{TENANT}/oauth2/v2.0/token", self._token),
        )

    def _endpoints(self, request: Request) -> Json:
        here = self._front.address("apis")
        return {
            "name": "tests",
            "resourceManager": here,
            "portal": "https://portal.azure.com",
            "logAnalyticsResourceId": here,
            "authentication": {"loginEndpoint": here, "audiences": [f"{here}/"], "tenant": "common"},
        }

    def _configuration(self, request: Request) -> Json:
        here = f"{self._front.address('apis')}/{TENANT}"
        return {
            "issuer": f"{here}/v2.0",
            "authorization_endpoint": f"{here}/oauth2/v2.0/authorize",
            "token_endpoint": f"{here}/oauth2/v2.0/token",
        }

    def _token(self, request: Request) -> Answer:
        given = {name: value[0] for name, value in parse_qs(request.body.decode()).items()}
        if given.get("client_id") != CLIENT or given.get("client_secret") != SECRET:
            wrong = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
            return Answer.of_json(wrong, 401)
        audience = given["scope"].removesuffix("/.default")
        token = Token(USER, audience).text
        return Answer.of_json({"token_type": "Bearer", "expires_in": 86399, "access_token": token})
