"""A key vault: secrets, and a key that signs.

https://learn.microsoft.com/rest/api/keyvault/
"""

from __future__ import annotations

import base64
import time
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from engines.azure_app.web import Request, Response

_VERSION = "7.4"


class Vault:
    """Secrets by name, and the versions of one key."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.signed = 0
        self._versions: dict[str, tuple[int, rsa.RSAPrivateKey]] = {}
        self.rotate()

    def rotate(self) -> None:
        """Makes a new version of the key, newer than all others."""
        created = max([int(time.time()) - 1, *(at for at, _ in self._versions.values())]) + 1
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._versions[uuid.uuid4().hex] = (created, key)

    def respond(self, request: Request, path: str, base: str) -> Response:
        """The answer to a request that may be made; `path` is what stands behind the vault's address `base`."""
        if request.query.get("api-version") != _VERSION:
            return Response.of_json({"error": {"code": "BadParameter"}}, 400)
        match request.method, path.strip("/").split("/"):
            case "GET", ["secrets", name] if name in self.secrets:
                return Response.of_json({"value": self.secrets[name], "id": f"{base}/secrets/{name}/1"})
            case "GET", ["keys", "links", "versions"]:
                # In no order that could be relied on.
                found = sorted(self._versions.items(), key=lambda item: item[0])
                rows = [_told(base, version, created) for version, (created, _) in found]
                return Response.of_json({"value": rows, "nextLink": None})
            case "POST", ["keys", "links", version, "sign"] if version in self._versions:
                return self._sign(version, request, base)
        return Response.of_json({"error": {"code": "NotFound"}}, 404)

    def _sign(self, version: str, request: Request, base: str) -> Response:
        asked = request.json()
        if asked.get("alg") != "RS256":
            return Response.of_json({"error": {"code": "BadParameter"}}, 400)
        self.signed += 1
        digest = base64.urlsafe_b64decode(asked["value"] + "=" * (-len(asked["value"]) % 4))
        signature = self._versions[version][1].sign(digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))
        value = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
        return Response.of_json({"kid": f"{base}/keys/links/{version}", "value": value})


def _told(base: str, version: str, created: int) -> dict[str, object]:
    attributes = {"enabled": True, "created": created, "updated": created}
    return {"kid": f"{base}/keys/links/{version}", "attributes": attributes}
