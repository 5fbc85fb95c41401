"""Who may call a route.

| kind | who |
|---|---|
| `iam` | whoever has a token of the tenant's Entra ID for the app's audience, with the role `skyloom.start` |
| `jwt` | whoever has a token of an OpenID Connect issuer, for an audience, with one of the scopes where any are named |
| `public` | everybody; so many a second may start a run |

A token is checked here and not by App Service, which knows one set of issuers for all addresses of a site, and of a
caller without a token only whether to let him in everywhere. Tokens are signed with asymmetric keys; the issuer's keys
are found by the address that stands in its own description.
https://openid.net/specs/openid-connect-discovery-1_0.html
https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

from __future__ import annotations

import functools
import json
import os
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from skyloom.deployers.azure.services.issuer_keys import SECONDS, IssuerKeys
from skyloom.deployers.azure.services.rates import Rate, allowed
from skyloom.deployers.azure.services.surroundings import starts, variable
from skyloom.deployers.services.exchange import Request, Response
from skyloom.deployers.services.log import log

Json = Any

CALLERS = Path(__file__).with_name("callers.json")
"""Who may call each route, written into the package: by path."""
ROLE = "skyloom.start"
"""The app role that Entra ID gives to those who may start runs."""
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """Who may call a route."""

    kind: Literal["iam", "jwt", "public"]
    issuer: str = ""
    audience: Sequence[str] = ()
    scopes: Sequence[str] = ()
    rate: float = 0.0
    burst: int = 0


class NotLet(Exception):
    """The request is not let in; the response says why."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.response = Response.of_json(status, {"message": message}, headers)


@functools.cache
def read_callers() -> dict[str, Callers]:
    """The callers of the package's routes, by path."""
    return {path: Callers(**told) for path, told in json.loads(CALLERS.read_text(encoding="utf-8")).items()}


def check(callers: Callers, path: str, asked: Request) -> None:
    """Lets a request in. Raises NotLet."""
    match callers.kind:
        case "public" if asked.method != "POST":
            # How a run stands costs little: what is counted is what starts runs.
            return
        case "public":
            wait = allowed(starts(), path, Rate(callers.rate, callers.burst))
            if wait > 0:
                raise NotLet(429, "too many requests; ask again", {"Retry-After": str(max(1, round(wait)))})
        case "jwt":
            claims = _claims(asked, [callers.issuer], callers.audience, lambda: _keys_address(callers.issuer))
            if callers.scopes and not {*callers.scopes} & _words(claims, "scope", "scp"):
                raise NotLet(403, "the token does not permit this")
        case "iam":
            tenant = variable("TENANT")
            authority = f"{os.environ.get('AZURE_AUTHORITY_HOST', 'https://login.microsoftonline.com').rstrip('/')}"
            issuers = [f"https://sts.windows.net/{tenant}/", f"{authority}/{tenant}/v2.0"]
            keys = f"{authority}/{tenant}/discovery/v2.0/keys"
            claims = _claims(asked, issuers, [variable("AUDIENCE")], lambda: keys)
            if claims.get("tid") != tenant or ROLE not in _words(claims, "roles"):
                raise NotLet(403, f"the caller has not been given the role {ROLE}")


def _claims(
    asked: Request, issuers: Sequence[str], audience: Sequence[str], keys: Callable[[], str]
) -> dict[str, Json]:
    """What the request's token says; `keys` finds where the issuer's keys are. Raises NotLet."""
    import jwt

    scheme, _, token = asked.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotLet(401, "a token is missing", {"WWW-Authenticate": "Bearer"})
    try:
        key = _issuer_keys(keys()).of(token)
        claims: dict[str, Json] = jwt.decode(
            token,
            key,
            algorithms=list(_ALGORITHMS),
            audience=list(audience),
            issuer=list(issuers),
            options={"require": ["exp", "iss", "aud"]},
            leeway=30,
        )
    except jwt.PyJWKClientConnectionError as problem:
        raise _unreachable(problem) from None
    except jwt.PyJWTError as problem:
        log("token refused", reason=type(problem).__name__)
        raise NotLet(401, "the token is not good", {"WWW-Authenticate": 'Bearer error="invalid_token"'}) from None
    return claims


def _words(claims: Mapping[str, Json], *names: str) -> set[str]:
    """The words of claims, which are lists or texts with spaces between the words."""
    found: set[str] = set()
    for name in names:
        value = claims.get(name, [])
        found |= set(value.split()) if isinstance(value, str) else {str(word) for word in value}
    return found


@functools.cache
def _issuer_keys(address: str) -> IssuerKeys:
    return IssuerKeys(address)


@functools.cache
def _keys_address(issuer: str) -> str:
    """Where an issuer keeps its keys, as its description says."""
    try:
        address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:
            told = json.load(answer)
    except (OSError, ValueError) as problem:
        raise _unreachable(problem) from None
    if told.get("issuer") != issuer or not str(told.get("jwks_uri", "")).startswith("https://"):
        raise ValueError(f"{issuer} describes itself as another issuer")
    return str(told["jwks_uri"])


def _unreachable(problem: Exception) -> NotLet:
    log("issuer not reached", reason=type(problem).__name__)
    return NotLet(503, "the issuer of tokens cannot be reached; ask again", {"Retry-After": "10"})
