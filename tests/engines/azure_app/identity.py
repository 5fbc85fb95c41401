"""The identity of an app: tokens, each for one service, and an Entra ID that signs tokens of callers.

https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

from __future__ import annotations

import functools
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from engines.azure_app.web import Request, Response

HEADER = "identity-header-of-the-app"
CLIENT = "00000000-0000-0000-0000-00000000c11e"
TENANT = "11111111-2222-3333-4444-555555555555"
_SECONDS = 3600


def token_for(resource: str) -> str:
    """The token of the app's identity for a service."""
    return f"token-of-the-app-for-{resource}"


def allowed(request: Request, resource: str) -> bool:
    """Whether a request brings the app's token for this very service."""
    return request.headers.get("authorization") == f"Bearer {token_for(resource)}"


def token(request: Request) -> Response:
    """The endpoint that the platform gives to an app."""
    known = request.query.get("api-version") == "2019-08-01" and request.query.get("client_id") == CLIENT
    if request.headers.get("x-identity-header") != HEADER or not known:
        return Response.of_json({"message": "no such identity"}, 400)
    ends = str(int(time.time()) + _SECONDS)
    return Response.of_json({"access_token": token_for(request.query["resource"]), "expires_on": ends})


class Issuer:
    """Who signs tokens: an OpenID Connect provider at an address."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.name = "k1"

    def signed(self, claims: dict[str, Any], key: rsa.RSAPrivateKey | None = None, name: str = "") -> str:
        """A token with these claims; `key` and its `name` are others than the issuer's own."""
        return jwt.encode(claims, key or self._key, algorithm="RS256", headers={"kid": name or self.name})

    def keys(self) -> Response:
        """The public side of its key."""
        told = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return Response.of_json({"keys": [{**told, "kid": self.name, "use": "sig", "alg": "RS256"}]})


@functools.cache
def another_key() -> rsa.RSAPrivateKey:
    """A key that no issuer has."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
