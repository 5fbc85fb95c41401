"""How Azure's APIs answer: errors as the Resource Manager writes them, and who asks."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from engines.gcp_account.front import Answer, ApiError, Request

Json = Any


class AzureError(ApiError):
    """What an API refuses with. `details` are the errors behind it."""

    def __init__(self, code: int, name: str, message: str, details: list[Json] | None = None) -> None:
        super().__init__(code, message, name)
        self.name, self.details = name, details or []

    def to_json(self) -> dict[str, Json]:
        return {"code": self.name, "message": self.message, **({"details": self.details} if self.details else {})}

    def answer(self) -> Answer:
        answer = Answer.of_json({"error": self.to_json()}, self.code)
        return Answer(answer.status, answer.body, {**answer.headers, "x-ms-error-code": self.name})


@dataclass(frozen=True, slots=True)
class Token:
    """Who a token is of, and for whom."""

    oid: str
    audience: str

    @property
    def text(self) -> str:
        body = json.dumps({"oid": self.oid, "aud": self.audience, "iss": "tests"}).encode()
        return f"tests.{base64.urlsafe_b64encode(body).decode().rstrip('=')}.tests"

    @classmethod
    def of(cls, request: Request, audience: str) -> Token:
        """The token of a request to that audience. Raises AzureError (401)."""
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        try:
            body = text.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
            token = cls(claims["oid"], claims["aud"])
        except (IndexError, ValueError, KeyError):
            raise AzureError(401, "AuthenticationFailed", "Authentication failed.") from None
        if kind.lower() != "bearer" or token.audience.rstrip("/") != audience.rstrip("/"):
            raise AzureError(401, "InvalidAuthenticationTokenAudience", f"The token is for {token.audience}.")
        return token
