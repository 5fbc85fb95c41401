"""What answers people in the local Google Cloud: gateways and their routes."""

from __future__ import annotations

import base64
import secrets

from engines.gcp_account.front import ApiError
from engines.gcp_account.gateway import Gateways, operations
from engines.gcp_account.kinds import Made, block
from engines.gcp_account.terraform.kinds import Attributes


def api_config(gateways: Gateways, project: str) -> Made:
    def make(given: Attributes, before: Attributes | None) -> Attributes:
        id_ = given.get("api_config_id") or f"{given.get('api_config_id_prefix', 'cfg-')}{secrets.token_hex(6)}"
        document = block(block(given, "openapi_documents"), "document")
        name = f"projects/{project}/locations/global/apis/{given['api']}/configs/{id_}"
        if before is None and name in gateways.configs:
            raise ApiError(409, f"Resource '{name}' already exists")
        gateways.configs[name] = operations(base64.b64decode(document["contents"]).decode())
        account_ = block(block(given, "gateway_config"), "backend_config").get("google_service_account", "")
        gateways.accounts[name] = account_.rpartition("/")[2]
        return {**given, "id": name, "name": name, "api_config_id": id_}

    def unmake(before: Attributes) -> None:
        if before["id"] in gateways.used:
            raise ApiError(400, f"{before['id']} is used by a gateway")
        gateways.configs.pop(before["id"], None)

    fixed = frozenset({"api", "api_config_id", "openapi_documents", "gateway_config"})
    return Made(make, unmake, lambda before: before["id"] in gateways.configs, fixed)


def gateway(gateways: Gateways, project: str) -> Made:
    there: set[str] = set()

    def make(given: Attributes, before: Attributes | None) -> Attributes:
        name = f"projects/{project}/locations/{given['region']}/gateways/{given['gateway_id']}"
        address = gateways.open(name, given["api_config"])
        there.add(name)
        return {**given, "id": name, "name": name, "default_hostname": address.removeprefix("https://")}

    def unmake(before: Attributes) -> None:
        gateways.shut(before["id"])
        there.discard(before["id"])

    return Made(make, unmake, lambda before: before["id"] in there, frozenset({"gateway_id", "region"}))
