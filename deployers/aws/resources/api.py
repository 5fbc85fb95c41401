"""The HTTP API: routes that start runs and tell how they stand, and the approvals page.

Everything is throttled and logged; the log has no query strings, for the links to approvals are keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from skyloom.deployers.aws.resources.layout import Layout, service_id
from skyloom.deployers.aws.resources.observability import log_group
from skyloom.deployers.aws.resources.words import Json, Resources, arn, att, logical, ref, resource, sub
from skyloom.deployers.declared import merged
from skyloom.deployers.naming import digest
from skyloom.flows.triggers import Auth, Http, Iam, Jwt, Public

API = "Api"
"""The logical id of the API."""
BASE_ADDRESS = sub(f"https://${{{API}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}")
"""The API's address."""
APPROVALS_ROUTE = "/approvals/{id}"

_RATE, _BURST = 50, 100
"""Requests a second to each route, and at once, where the app says nothing."""
_LOGGED = (
    "requestId",
    "requestTime",
    "httpMethod",
    "routeKey",
    "status",
    "protocol",
    "responseLength",
    "responseLatency",
    "integrationLatency",
    "integrationErrorMessage",
    "identity.sourceIp",
    "error.message",
)


def api(layout: Layout) -> Resources:
    """The API with its routes; nothing where nothing is answered over HTTP."""
    if not layout.has_api:
        return {}
    return merged(_itself(layout), *_routes(layout))


def _itself(layout: Layout) -> Resources:
    log = f"{API}Log"
    fields = {name.replace(".", "_"): f"$context.{name}" for name in _LOGGED}
    stage = {
        "ApiId": ref(API),
        "StageName": "$default",
        "AutoDeploy": True,
        "AccessLogSettings": {"DestinationArn": att(log), "Format": _json_format(fields)},
        "DefaultRouteSettings": {
            "DetailedMetricsEnabled": True,
            "ThrottlingRateLimit": _RATE,
            "ThrottlingBurstLimit": _BURST,
        },
        "RouteSettings": dict(_throttled(layout)) or None,
    }
    routes = [route for route, _ in _throttled(layout)]
    after = [_route_id(route) for route in routes]
    return {
        API: resource("AWS::ApiGatewayV2::Api", {"Name": layout.prefix, "ProtocolType": "HTTP"}, layout.app.name),
        f"{API}Stage": resource("AWS::ApiGatewayV2::Stage", stage, layout.app.name, after=after),
        log: log_group(layout, f"/aws/vendedlogs/apis/{layout.prefix}", "api"),
    }


def _json_format(fields: Mapping[str, str]) -> str:
    return "{" + ",".join(f'"{name}":"{value}"' for name, value in fields.items()) + "}"


def _throttled(layout: Layout) -> Iterator[tuple[str, Json]]:
    """Limits of the routes that everybody may call."""
    for trigger in layout.https:
        if isinstance(trigger.auth, Public):
            rate, burst = trigger.auth.rate, trigger.auth.burst
            yield f"POST {trigger.path}", {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst}


def _routes(layout: Layout) -> Iterator[Resources]:
    if layout.asks:
        yield _integration("decide")
        page = Public("whoever has a signed link may decide, once")
        for method in ("GET", "POST"):
            yield _route("decide", f"{method} {APPROVALS_ROUTE}", page)
    if layout.https:
        yield _integration("api")
    for issuer in dict.fromkeys(_issuers(layout)):
        yield {_authorizer_id(issuer): _authorizer(issuer)}
    for trigger in layout.https:
        yield _route("api", f"POST {trigger.path}", trigger.auth)
        yield _route("api", f"GET {trigger.path}/{{run}}", trigger.auth)


def _integration(service: str) -> Resources:
    properties = {
        "ApiId": ref(API),
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": att(service_id(service)),
        "PayloadFormatVersion": "2.0",
        "TimeoutInMillis": 30_000,
    }
    return {f"{API}To{service.capitalize()}": resource("AWS::ApiGatewayV2::Integration", properties, service)}


def _route_id(route: str) -> str:
    return logical("Route", route)


def _route(service: str, route: str, auth: Auth) -> Resources:
    """A route, and the permission for the API to invoke its function on that route."""
    method, _, path = route.partition(" ")
    properties = {
        "ApiId": ref(API),
        "RouteKey": route,
        "Target": sub(f"integrations/${{{API}To{service.capitalize()}}}"),
        **_authorization(auth),
    }
    made = resource("AWS::ApiGatewayV2::Route", properties, route)
    if isinstance(auth, Public):
        made["Metadata"]["Skyloom"]["public"] = auth.reason
    # Parameters of a path are written as stars in the ARN of a request.
    called = "/".join("*" if part.startswith("{") else part for part in path.split("/"))
    permission = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": ref(service_id(service)),
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": arn("execute-api", f"${{{API}}}/$default/{method}{called}"),
    }
    id_ = _route_id(route)
    return {id_: made, f"{id_}Permission": resource("AWS::Lambda::Permission", permission, route)}


def _authorization(auth: Auth) -> dict[str, Json]:
    match auth:
        case Iam():
            return {"AuthorizationType": "AWS_IAM"}
        case Jwt():
            found = {"AuthorizationType": "JWT", "AuthorizerId": ref(_authorizer_id(_without_scopes(auth)))}
            return found | ({"AuthorizationScopes": list(auth.scopes)} if auth.scopes else {})
        case Public():
            return {"AuthorizationType": "NONE"}


def _issuers(layout: Layout) -> Iterator[Jwt]:
    for trigger in layout.https:
        if isinstance(trigger.auth, Jwt):
            yield _without_scopes(trigger.auth)


def _without_scopes(auth: Jwt) -> Jwt:
    return Jwt(issuer=auth.issuer, audience=tuple(auth.audience))


def _authorizer_id(auth: Jwt) -> str:
    return f"Authorizer{digest(auth.issuer, *auth.audience)}"


def _authorizer(auth: Jwt) -> dict[str, Json]:
    properties = {
        "ApiId": ref(API),
        "Name": digest(auth.issuer, *auth.audience),
        "AuthorizerType": "JWT",
        "IdentitySource": ["$request.header.Authorization"],
        "JwtConfiguration": {"Issuer": auth.issuer, "Audience": list(auth.audience)},
    }
    return resource("AWS::ApiGatewayV2::Authorizer", properties, auth.issuer)


def routed(layout: Layout) -> dict[str, Http]:
    """What each route starts, by the route's key."""
    return {f"POST {trigger.path}": trigger for trigger in layout.https}
