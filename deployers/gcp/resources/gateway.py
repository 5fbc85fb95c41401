"""The API: routes that start runs and tell how they stand, and the approvals page.

An API Gateway stands before the functions, and calls them with an account of its own: no function lets everybody in. It
checks tokens; who may call by Google Cloud's own IAM calls the function `api` itself.
https://cloud.google.com/api-gateway/docs/about-api-gateway
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from skyloom.deployers.declared import merged
from skyloom.deployers.gcp.resources.accounts import account, account_address, calls
from skyloom.deployers.gcp.resources.layout import Layout
from skyloom.deployers.gcp.resources.words import (
    BETA,
    PROJECT,
    Json,
    Resources,
    cloud_name,
    noted,
    plain,
    ref,
    resource,
)
from skyloom.deployers.naming import digest
from skyloom.flows.triggers import Auth, Http, Iam, Jwt, Public

API, CONFIG, GATEWAY = (
    "google_api_gateway_api.api",
    "google_api_gateway_api_config.api",
    "google_api_gateway_gateway.api",
)
GATEWAY_ADDRESS = f"https://{ref(GATEWAY, 'default_hostname')}"
"""The API's address."""
DOCUMENT = "openapi.json"
"""Where the routes lie in the bundle: an OpenAPI document; `${api}` and `${decide}` in it are functions' addresses."""
APPROVALS_PATH = "/approvals/{id}"

_ACCOUNT = "gateway"
_SECONDS = 30.0
_REGIONS = {
    "asia-east1": "asia-northeast1",
    "asia-northeast1": "asia-northeast1",
    "australia-southeast1": "australia-southeast1",
    "europe-west1": "europe-west1",
    "europe-west2": "europe-west2",
    "us-central1": "us-central1",
    "us-east1": "us-east1",
    "us-east4": "us-east4",
    "us-west2": "us-west2",
    "us-west3": "us-west3",
    "us-west4": "us-west4",
}
"""Regions that have gateways. https://cloud.google.com/api-gateway/docs/deployment-model#deploy_api_to_a_region"""
_NEAR = {"asia": "asia-northeast1", "australia": "australia-southeast1", "europe": "europe-west1"}
"""Where the gateway of another region stands, by the region's continent; else in the middle of America."""
_ELSEWHERE = "us-central1"


def gateway(layout: Layout) -> Resources:
    """The API with its gateway; nothing where nobody comes from outside."""
    if not layout.has_gateway:
        return {}
    functions = sorted({key for _, _, key, _ in _routes(layout)})
    permitted = [calls(_ACCOUNT, layout.function(key), key) for key in functions]
    return merged(
        account(layout, _ACCOUNT, "Calls the functions that answer over HTTP"),
        *permitted,
        _gateway(layout, functions),
    )


def _gateway(layout: Layout, functions: list[str]) -> Resources:
    name = cloud_name(49, layout.prefix)
    addresses = ", ".join(f'"{key}": {layout.function(key)}.service_config[0].uri' for key in functions)
    contents = f'${{base64encode(templatefile("${{path.module}}/{DOCUMENT}", {{{addresses}}}))}}'
    backend = {"google_service_account": ref(account_address(_ACCOUNT), "email")}
    config = {
        "provider": BETA,
        "project": PROJECT,
        "api": ref(API, "api_id"),
        "api_config_id_prefix": f"{cloud_name(20, layout.prefix)}-",
        "labels": layout.labels,
        "openapi_documents": [{"document": [{"path": DOCUMENT, "contents": contents}]}],
        "gateway_config": [{"backend_config": [backend]}],
        # A configuration cannot be changed, and not deleted while the gateway has it.
        "lifecycle": {"create_before_destroy": True},
    }
    api = {"provider": BETA, "project": PROJECT, "api_id": name, "labels": layout.labels}
    front = {
        "provider": BETA,
        "project": PROJECT,
        "region": region_of_gateway(),
        "gateway_id": name,
        "api_config": ref(CONFIG),
        "labels": layout.labels,
    }
    reasons = {
        f"{method.upper()} {path}": auth.reason for method, path, _, auth in _routes(layout) if isinstance(auth, Public)
    }
    return {
        API: resource("api", api, layout.app.name),
        CONFIG: noted(resource("api routes", config, layout.app.name), public=reasons),
        GATEWAY: resource("api gateway", front, layout.app.name),
    }


def region_of_gateway() -> str:
    """The region in which the gateway stands: that of the app where there are gateways, else one that is near."""
    known = json.dumps(_REGIONS, sort_keys=True)
    near = json.dumps(_NEAR, sort_keys=True)
    continent = f'lookup({near}, split("-", var.region)[0], "{_ELSEWHERE}")'
    return f"${{lookup({known}, var.region, {continent})}}"


# --- routes ---------------------------------------------------------------------------------------------------------


def document(layout: Layout) -> Json:
    """The OpenAPI document. https://cloud.google.com/api-gateway/docs/openapi-overview"""
    paths: dict[str, Json] = {}
    for method, path, function, auth in _routes(layout):
        parameters = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        operation: dict[str, Json] = {
            "operationId": f"{method}_{digest(path)}",
            "parameters": [{"name": name, "in": "path", "required": True, "type": "string"} for name in parameters],
            "responses": {"default": {"description": "What the function answers"}},
            "x-google-backend": {
                "address": f"${{{function}}}",
                "path_translation": "APPEND_PATH_TO_ADDRESS",
                "jwt_audience": f"${{{function}}}",
                "deadline": _SECONDS,
            },
        }
        if isinstance(auth, Jwt):
            operation["security"] = [{_security(auth): []}]
        paths.setdefault(plain(path), {})[method] = operation
    definitions = {_security(auth): _issuer(auth) for _, _, _, auth in _routes(layout) if isinstance(auth, Jwt)}
    return {
        "swagger": "2.0",
        "info": {"title": layout.prefix, "version": "1"},
        "schemes": ["https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        **({"securityDefinitions": dict(sorted(definitions.items()))} if definitions else {}),
        "paths": dict(sorted(paths.items())),
    }


def _routes(layout: Layout) -> Iterator[tuple[str, str, str, Auth]]:
    """Method, path, the key of the function, and who may call."""
    if layout.asks:
        page = Public("whoever has a signed link may decide, once")
        for method in ("get", "post"):
            yield method, APPROVALS_PATH, "decide", page
    for trigger in guarded(layout):
        yield "post", trigger.path, "api", trigger.auth
        yield "get", f"{trigger.path}/{{run}}", "api", trigger.auth


def guarded(layout: Layout) -> Iterator[Http]:
    """The triggers whose callers come through the gateway."""
    return (trigger for trigger in layout.https if not isinstance(trigger.auth, Iam))


def _security(auth: Jwt) -> str:
    return f"issuer_{digest(auth.issuer, *auth.audience)}"


def _issuer(auth: Jwt) -> Json:
    """Whose tokens are taken; the keys are found by OpenID's discovery."""
    return {
        "type": "oauth2",
        "flow": "implicit",
        "authorizationUrl": "",
        "x-google-issuer": plain(auth.issuer),
        "x-google-audiences": plain(",".join(auth.audience)),
    }
