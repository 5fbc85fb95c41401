"""Who calls: the token endpoint, the metadata server of each service account; and keys, secrets and projects."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from engines.gcp_account.front import Answer, ApiError, Caller, Front, Json, Request, route
from engines.gcp_account.permissions import Permissions
from engines.gcp_account.storage import PROJECT_NUMBER

_METADATA = "/computeMetadata/v1/"


class Identity:
    """Tokens. A function's process asks the metadata server that stands for its own service account."""

    def __init__(self, front: Front, project: str) -> None:
        self._front, self._project = front, project
        front.add(route("POST", "/token", self._token))

    def metadata(self, account: str) -> str:
        """The address of the metadata server of an account."""
        return self._front.listen(f"metadata {account}", whole=lambda request: self._metadata(account, request))

    def _token(self, request: Request) -> Json:
        from urllib.parse import parse_qs

        form = parse_qs(request.body.decode())
        caller = Caller.of(form["assertion"][0])
        claims = json.loads(base64.urlsafe_b64decode(form["assertion"][0].split(".")[1] + "=="))
        if "target_audience" in claims:
            return {"id_token": Caller(claims["iss"], claims["target_audience"]).token}
        return {"access_token": Caller(caller.email).token, "expires_in": 3600, "token_type": "Bearer"}

    def _metadata(self, account: str, request: Request) -> Answer:
        if request.headers.get("metadata-flavor") != "Google":
            raise ApiError(403, "Missing Metadata-Flavor:Google header")
        flavor = {"Metadata-Flavor": "Google", "Server": "Metadata Server for VM"}
        body = self._told(account, request)
        kind = "application/text" if isinstance(body, str) else "application/json"
        text = body if isinstance(body, str) else json.dumps(body)
        return Answer(200, text.encode(), {**flavor, "Content-Type": kind})

    def _told(self, account: str, request: Request) -> str | dict[str, Json]:
        path = request.path.removeprefix(_METADATA)
        match path.replace(f"service-accounts/{account}/", "service-accounts/default/"):
            case "instance/service-accounts/default/token":
                return {"access_token": Caller(account).token, "expires_in": 3599, "token_type": "Bearer"}
            case "instance/service-accounts/default/identity":
                return Caller(account, request.query["audience"]).token
            case "instance/service-accounts/default/email":
                return account
            case "project/project-id":
                return self._project
            case "project/numeric-project-id":
                return PROJECT_NUMBER
            case "/" | "" | "instance/service-accounts/default/":
                return {"email": account, "aliases": ["default"], "scopes": []}
            case _:
                raise ApiError(404, f"no metadata {path}")


class Keys:
    """Keys of KMS that sign: MAC keys, by full name of the version. A destroyed one signs nothing."""

    def __init__(self, front: Front, permissions: Permissions) -> None:
        self._permissions = permissions
        self.versions: dict[str, bytes] = {}
        key = "/v1/projects/{project}/locations/{location}/keyRings/{ring}/cryptoKeys/{key}"
        front.add(route("POST", key + "/cryptoKeyVersions/{version}:macSign", self._sign))

    def _sign(self, request: Request) -> Json:
        names = request.names
        ring = f"projects/{names['project']}/locations/{names['location']}/keyRings/{names['ring']}"
        key = f"{ring}/cryptoKeys/{names['key']}"
        self._permissions.require(request.caller.email, "cloudkms.cryptoKeyVersions.useToSign", key)
        version = f"{key}/cryptoKeyVersions/{names['version']}"
        if version not in self.versions:
            raise ApiError(400, f"{version} is not enabled", "FAILED_PRECONDITION")
        data = base64.b64decode(request.json()["data"])
        return {
            "name": version,
            "mac": base64.b64encode(hmac.digest(self.versions[version], data, hashlib.sha256)).decode(),
        }


class Secrets:
    """Secrets with their newest versions, by full name. Values are put there by tests, as people do."""

    def __init__(self, front: Front, permissions: Permissions) -> None:
        self._permissions = permissions
        self.values: dict[str, str] = {}
        self.there: dict[str, Any] = {}
        front.add(
            route("GET", "/v1/projects/{project}/secrets/{secret}/versions/{version}:access", self._access),
            route("GET", "/v1/projects/{project}/secrets", self._list),
            route("DELETE", "/v1/projects/{project}/secrets/{secret}", self._delete),
        )

    def _list(self, request: Request) -> Json:
        # Google gives the number of the project in the names of a list.
        numbered = {name: name.replace(request.names["project"], PROJECT_NUMBER) for name in self.there}
        return {
            "secrets": [
                {"name": numbered[name], "labels": given.get("labels") or {}} for name, given in self.there.items()
            ]
        }

    def _delete(self, request: Request) -> Json:
        found = [name for name in self.there if name.endswith(f"/{request.names['secret']}")]
        if not found:
            raise ApiError(404, f"Secret [{request.names['secret']}] not found.")
        self.values.pop(found[0], None)
        del self.there[found[0]]
        return {}

    def _access(self, request: Request) -> Json:
        name = f"projects/{request.names['project']}/secrets/{request.names['secret']}"
        self._permissions.require(request.caller.email, "secretmanager.versions.access", name)
        if name not in self.values:
            raise ApiError(404, f"Secret Version [{name}/versions/latest] not found.")
        data = base64.b64encode(self.values[name].encode()).decode()
        return {"name": f"{name}/versions/1", "payload": {"data": data}}
