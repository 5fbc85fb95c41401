"""Function apps on Flex Consumption plans: each with its identity, and a plan and a storage account of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator

from skyloom.deployers.azure.host_json import THREADS
from skyloom.deployers.azure.resources import words
from skyloom.deployers.azure.resources.arm import Address, Expression, Json, Name, Resources, joined, value
from skyloom.deployers.azure.resources.identities import app_identity, has_identity, identities
from skyloom.deployers.azure.resources.layout import Layout, at_once
from skyloom.deployers.azure.resources.models import asks, endpoint
from skyloom.deployers.azure.resources.permissions import (
    container_address,
    namespace,
    permission_settings,
    secret_address,
)
from skyloom.deployers.azure.resources.scheduler import connection
from skyloom.deployers.azure.resources.words import DEPLOYMENTS, HUB, MAIN
from skyloom.deployers.declared import merged
from skyloom.flows.triggers import Iam


def apps(layout: Layout) -> Resources:
    """Every function app."""
    return merged(*identities(layout), *(_app(layout, key) for key in layout.app_keys))


def _app(layout: Layout, key: str) -> Resources:
    plan = layout.made(layout.plan(key), key, {"reserved": True}, kind="functionapp", sku=_FLEX)
    return merged(plan, _site(layout, key), _publishing(layout, key))


_FLEX = {"name": "FC1", "tier": "FlexConsumption"}
"""https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan"""


def _site(layout: Layout, key: str) -> Resources:
    settings = dict(sorted(_settings(layout, key)))
    properties = {
        "serverFarmId": value(layout.plan(key).id),
        "httpsOnly": True,
        "publicNetworkAccess": "Enabled",
        "functionAppConfig": _code_and_scale(layout, key),
        "siteConfig": {
            "minTlsVersion": "1.2",
            "scmMinTlsVersion": "1.2",
            "ftpsState": "Disabled",
            "http20Enabled": True,
            "remoteDebuggingEnabled": False,
            "appSettings": [{"name": name, "value": value(given)} for name, given in settings.items()],
        },
    }
    return layout.made(
        layout.site(key), key, properties, kind="functionapp,linux", identity=has_identity(layout, app_identity(key))
    )


def _code_and_scale(layout: Layout, key: str) -> Json:
    """https://learn.microsoft.com/azure/azure-functions/functions-infrastructure-as-code#function-app-configuration"""
    parts = layout.parts
    place = joined(layout.host_storage(key).get("primaryEndpoints.blob"), DEPLOYMENTS)
    by = {"type": "UserAssignedIdentity", "userAssignedIdentityResourceId": value(layout.identity(key).id)}
    memory = parts.memory if key == MAIN else parts.workers[key].memory
    scale = at_once(layout.settings.concurrency)
    return {
        "deployment": {"storage": {"type": "blobContainer", "value": value(place), "authentication": by}},
        "runtime": {"name": "python", "version": parts.python},
        "scaleAndConcurrency": {"maximumInstanceCount": scale.instances, "instanceMemoryMB": memory},
    }


def _publishing(layout: Layout, key: str) -> Resources:
    """Nobody publishes with a password: not by FTP, not by the site's own service."""
    site = layout.site(key)
    made = (
        layout.made(site.below("basicPublishingCredentialsPolicies", kind), f"{key} {kind}", {"allow": False})
        for kind in ("ftp", "scm")
    )
    return merged(*made)


# --- settings -------------------------------------------------------------------------------------------------------


def _settings(layout: Layout, key: str) -> Iterator[tuple[str, Name]]:
    yield from _host_settings(layout, key)
    yield words.APP, layout.app.name
    yield words.ENVIRONMENT, layout.parts.environment
    yield words.CLIENT, layout.identity(key).get("clientId")
    yield words.STORAGE, layout.storage.get("primaryEndpoints.blob")
    yield from permission_settings(layout, layout.permissions(key))
    if asks(layout, key):
        yield words.MODELS, endpoint(layout)
    if key == MAIN:
        yield from _main_settings(layout)
    else:
        yield words.CALLS, container_address(layout, words.calls_container(key))


def _host_settings(layout: Layout, key: str) -> Iterator[tuple[str, Name]]:
    """https://learn.microsoft.com/azure/azure-functions/functions-app-settings"""
    identity, endpoint = layout.identity(key), layout.host_storage(key).get("primaryEndpoints.blob")
    yield from _connection("AzureWebJobsStorage", "blobServiceUri", endpoint, identity)
    yield "APPLICATIONINSIGHTS_CONNECTION_STRING", layout.insights.get("ConnectionString")
    yield "PYTHON_THREADPOOL_THREAD_COUNT", str(THREADS)
    yield (
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
        joined("ClientId=", identity.get("clientId"), ";Authorization=AAD"),
    )


def _connection(name: str, place: str, address: Name, identity: Address) -> Iterator[tuple[str, Name]]:
    """https://learn.microsoft.com/azure/azure-functions/functions-reference#common-properties-for-identity-based-connections"""
    yield f"{name}__{place}", address
    yield f"{name}__credential", "managedidentity"
    yield f"{name}__clientId", identity.get("clientId")


_VALUES_LOGGED = "AzureFunctionsJobHost__extensions__durableTask__tracing__traceInputsAndOutputs"
"""Lays a setting over host.json: whether the log holds what goes into orchestrators and activities, and comes out.
https://learn.microsoft.com/azure/azure-functions/functions-app-settings#azurefunctionsjobhost__,
https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-host-json-settings"""


def _main_settings(layout: Layout) -> Iterator[tuple[str, Name]]:
    yield words.SCHEDULER_CONNECTION, connection(layout)
    yield words.TASK_HUB, HUB
    if layout.settings.log_data:
        yield _VALUES_LOGGED, "true"
    if layout.has_bus:
        yield from _connection(words.BUS, "fullyQualifiedNamespace", namespace(layout), layout.identity(MAIN))
    if layout.has_topic:
        yield words.TOPIC, layout.topic.get("endpoint")
    if layout.has_vault:
        yield words.VAULT, layout.vault.get("vaultUri")
    if layout.asks:
        yield words.LINK_KEY_ADDRESS, layout.link_key.get("keyUri")
    if layout.tells:
        for notifier in layout.webhooks:
            if notifier.approvals:
                yield notifier.url.variable, secret_address(layout, notifier.url.name)
    if layout.mails:
        yield words.MAIL, joined("https://", layout.communication.get("hostName"))
        yield words.MAIL_FROM, joined("DoNotReply@", layout.mail_domain.get("fromSenderDomain"))
    if any(isinstance(trigger.auth, Iam) for trigger in layout.https):
        tenant = Expression("tenant().tenantId")
        yield words.TENANT, tenant
        yield words.AUDIENCE, joined("api://", tenant, f"/{layout.prefix}")
    if layout.parts.workers:
        yield words.WORKERS, _workers(layout)


def _workers(layout: Layout) -> Name:
    """Where the further function apps answer."""
    parts: list[Name] = []
    for key in sorted(layout.parts.workers):
        parts += ["{" if not parts else ", ", f'{json.dumps(key)}: "https://', layout.site(key).get("defaultHostName")]
        parts.append('"')
    return joined(*parts, "}")
