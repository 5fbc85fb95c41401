"""The controls of ARM templates: how each is taken away from that of `everything`, and which gate misses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gates.arm.names import plain_name
from gates.arm.scanning import at
from gates.scanners import Finding

from skyloom.deployers.azure.resources.words import BLOB_CONTRIBUTOR, BUS_SENDER, Role

Json = Any
Remove = Callable[[Json], None]


def without(place: str, *path: str | int) -> Remove:
    """Takes away what a resource says; without a path, the resource."""

    def remove(template: Json) -> None:
        found = at(template)[place]
        if not path:
            template["resources"].remove(found)
            return
        for step in path[:-1]:
            found = found[step]
        del found[path[-1]]

    return remove


def with_(place: str, *path: str | int, value: Json) -> Remove:
    """Puts something else in the place of what a resource says."""

    def replace(template: Json) -> None:
        found = at(template)[place]
        for step in path[:-1]:
            found = found[step]
        found[path[-1]] = value

    return replace


def property_(place: str, *path: str | int) -> Remove:
    return without(place, "properties", *path)


def on(place: str, *names: str) -> set[Finding]:
    """Findings of these rules at a resource."""
    return {Finding(name, place) for name in names}


def unique(key: str | None = None) -> str:
    """The letters that stand for those of the resource group."""
    more = "" if key is None else f", '{key}'"
    return plain_name({}, f"[uniqueString(resourceGroup().id{more})]")


_U = unique()
SITE, _SHIP = f"Microsoft.Web/sites.everything-dev-{_U}", f"Microsoft.Web/sites.everything-dev-ship-{_U}"
_STORE = f"Microsoft.Web/sites.everything-dev-store-{_U}"
_PLAN = "Microsoft.Web/serverfarms.everything-dev-main"
_DATA = f"Microsoft.Storage/storageAccounts.everythingd{_U}"
_HOST = f"Microsoft.Storage/storageAccounts.everythingd{unique('main')}"
_SHIP_HOST = f"Microsoft.Storage/storageAccounts.everythingd{unique('ship')}"
_BLOBS = f"Microsoft.Storage/storageAccounts/blobServices.everythingd{_U}/default"
_INBOX = f"Microsoft.Storage/storageAccounts/blobServices/containers.everythingd{_U}/default/bucket-inbox"
_LIFECYCLE = f"Microsoft.Storage/storageAccounts/managementPolicies.everythingd{_U}/default"
_VAULT, _KEY = f"Microsoft.KeyVault/vaults.everythingd{_U}", f"Microsoft.KeyVault/vaults/keys.everythingd{_U}/links"
_TOPIC = f"Microsoft.EventGrid/topics.everything-dev-{_U}"
_OBJECTS = "Microsoft.EventGrid/systemTopics.everything-dev-objects"
EVENTS = f"Microsoft.EventGrid/topics/eventSubscriptions.everything-dev-{_U}/skyloom-events"
BUS = f"Microsoft.ServiceBus/namespaces.everything-dev-{_U}"
QUEUE = f"Microsoft.ServiceBus/namespaces/queues.everything-dev-{_U}/orders"
_LOGS, _INSIGHTS = (
    "Microsoft.OperationalInsights/workspaces.everything-dev-logs",
    "Microsoft.Insights/components.everything-dev",
)
_MAIL = f"Microsoft.Communication/communicationServices.everything-dev-{_U}"
_MODELS = f"Microsoft.CognitiveServices/accounts.everything-dev-{_U}"
_CHAT = "Microsoft.Logic/workflows.everything-dev-chat-hook"
_FAILED = "Microsoft.Insights/scheduledQueryRules.everything-dev-flow-failed"
_BROKEN, _LETTERS, _LOST, _OBJECTS_LOST = (
    f"Microsoft.Insights/metricAlerts.everything-dev-{name}"
    for name in ("function-failed", "dead-letters", "events-lost", "objects-lost")
)
_SETTINGS = "Microsoft.Insights/diagnosticSettings.logs-of-"
_POLICIES = "Microsoft.Web/sites/basicPublishingCredentialsPolicies"
_KEPT_RUNS = "Microsoft.DurableTask/schedulers/retentionPolicies.everything-dev/default"


def role(scope: str, who: str, name: Role) -> str:
    """The place of a role: `scope` as the template writes it."""
    identity = f"resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'everything-dev-{who}')"
    made = plain_name({}, f"[guid({scope}, {identity}, '{name.id}')]")
    return f"Microsoft.Authorization/roleAssignments.{made}"


_WAITS = role(
    "resourceId('Microsoft.Storage/storageAccounts/blobServices/containers', variables('storage'), 'default', 'waits')",
    "app-main",
    BLOB_CONTRIBUTOR,
)
_SENDS = role(
    "resourceId('Microsoft.ServiceBus/namespaces/queues', variables('worldwide'), 'orders')", "app-ship", BUS_SENDER
)
_OWNER = "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '8e3af657-a8ff-443c-a75c-2fe8c4bcb635')]"


def with_secret(template: Json) -> None:
    secret = {
        "type": "Microsoft.KeyVault/vaults/secrets",
        "apiVersion": "2025-05-01",
        "name": "[format('{0}/mail-key', variables('vault'))]",
        "properties": {"value": "1234"},
    }
    template["resources"].append(secret)


def with_setting(template: Json) -> None:
    key = (
        "[listKeys(resourceId('Microsoft.Storage/storageAccounts', variables('storage')), '2025-06-01').keys[0].value]"
    )
    at(template)[_STORE]["properties"]["siteConfig"]["appSettings"].append({"name": "KEY", "value": key})


def shared(template: Json) -> None:
    """One function app runs as another one."""
    resources = at(template)
    other = resources[SITE]["identity"]["userAssignedIdentities"]
    resources[_SHIP]["identity"]["userAssignedIdentities"].update(other)


CONTROLS: dict[str, tuple[Remove, set[Finding]]] = {
    "storage-keys": (with_(_DATA, "properties", "allowSharedKeyAccess", value=True), on(_DATA, "local-auth")),
    "storage-tls": (property_(_HOST, "minimumTlsVersion"), on(_HOST, "CKV_AZURE_44", "tls")),
    "storage-https": (
        with_(_HOST, "properties", "supportsHttpsTrafficOnly", value=False),
        on(_HOST, "CKV_AZURE_3"),
    ),
    "storage-private": (
        with_(_SHIP_HOST, "properties", "allowBlobPublicAccess", value=True),
        on(_SHIP_HOST, "private"),
    ),
    "storage-trusted": (property_(_DATA, "networkAcls"), on(_DATA, "CKV_AZURE_36")),
    "container-private": (
        with_(_INBOX, "properties", "publicAccess", value="Blob"),
        on(_INBOX, "CKV_AZURE_34", "private"),
    ),
    "storage-recoverable": (property_(_BLOBS, "deleteRetentionPolicy"), on(_BLOBS, "recoverable")),
    "storage-lifecycle": (without(_LIFECYCLE), on(_DATA, "lifecycle")),
    "storage-log": (without(f"{_SETTINGS}storage"), on(_BLOBS, "log-setting")),
    "vault-purge": (property_(_VAULT, "enablePurgeProtection"), on(_VAULT, "CKV_AZURE_110", "CKV_AZURE_42")),
    "vault-soft-delete": (with_(_VAULT, "properties", "enableSoftDelete", value=False), on(_VAULT, "CKV_AZURE_111")),
    "vault-roles": (property_(_VAULT, "enableRbacAuthorization"), on(_VAULT, "vault-roles")),
    "vault-log": (without(f"{_SETTINGS}vault"), on(_VAULT, "log-setting")),
    "key-rotation": (property_(_KEY, "rotationPolicy"), on(_KEY, "CKV_AZURE_40", "rotation")),
    "key-operations": (with_(_KEY, "properties", "keyOps", value=["sign", "decrypt"]), on(_KEY, "key-operations")),
    "secret-value": (with_secret, on(f"Microsoft.KeyVault/vaults/secrets.everythingd{_U}/mail-key", "secret-value")),
    "secret-setting": (with_setting, on(_STORE, "secret-value")),
    "site-https": (with_(SITE, "properties", "httpsOnly", value=False), on(SITE, "CKV_AZURE_14", "CKV_AZURE_70")),
    "site-tls": (property_(SITE, "siteConfig", "minTlsVersion"), on(SITE, "https")),
    "site-ftp": (with_(SITE, "properties", "siteConfig", "ftpsState", value="AllAllowed"), on(SITE, "CKV_AZURE_78")),
    "site-http2": (with_(SITE, "properties", "siteConfig", "http20Enabled", value=False), on(SITE, "CKV_AZURE_18")),
    "site-debugging": (
        with_(SITE, "properties", "siteConfig", "remoteDebuggingEnabled", value=True),
        on(SITE, "CKV_AZURE_72"),
    ),
    "site-identity": (without(_STORE, "identity"), on(_STORE, "CKV_AZURE_16", "own-code")),
    "site-shared-identity": (shared, on(_SHIP, "shared-identity")),
    "site-code": (
        with_(_SHIP, "properties", "functionAppConfig", "deployment", "storage", "authentication", value={}),
        on(_SHIP, "own-code"),
    ),
    "site-limits": (property_(_SHIP, "functionAppConfig", "scaleAndConcurrency"), on(_SHIP, "bounded")),
    "site-passwords": (
        with_(f"{_POLICIES}.everything-dev-{_U}/scm", "properties", "allow", value=True),
        on(f"{_POLICIES}.everything-dev-{_U}/scm", "local-auth"),
    ),
    "site-ftp-passwords": (without(f"{_POLICIES}.everything-dev-{_U}/ftp"), on(SITE, "publishing")),
    "role-scope": (without(_WAITS, "scope"), on(_WAITS, "role-scope")),
    "role-group": (with_(_SENDS, "scope", value="[resourceGroup().id]"), on(_SENDS, "role-scope")),
    "role-broad": (with_(_WAITS, "properties", "roleDefinitionId", value=_OWNER), on(_WAITS, "role")),
    "role-told": (property_(_SENDS, "description"), on(_SENDS, "role-told")),
    "topic-keys": (property_(_TOPIC, "disableLocalAuth"), on(_TOPIC, "CKV_AZURE_192", "local-auth")),
    "topic-tls": (property_(_TOPIC, "minimumTlsVersionAllowed"), on(_TOPIC, "tls")),
    "topic-identity": (without(_TOPIC, "identity"), on(_TOPIC, "CKV_AZURE_191")),
    "topic-log": (without(f"{_SETTINGS}events"), on(_TOPIC, "log-setting")),
    "topic-alarm": (without(_LOST), on(_TOPIC, "alarms")),
    "objects-alarm": (without(_OBJECTS_LOST), on(_OBJECTS, "alarms")),
    "objects-log": (without(f"{_SETTINGS}objects"), on(_OBJECTS, "log-setting")),
    "events-dead-letters": (property_(EVENTS, "deadLetterWithResourceIdentity"), on(EVENTS, "dead-letters")),
    "events-retry": (property_(EVENTS, "retryPolicy"), on(EVENTS, "retry")),
    "events-identity": (property_(EVENTS, "deliveryWithResourceIdentity"), on(EVENTS, "by-identity")),
    "bus-keys": (with_(BUS, "properties", "disableLocalAuth", value=False), on(BUS, "local-auth")),
    "bus-tls": (property_(BUS, "minimumTlsVersion"), on(BUS, "tls")),
    "bus-log": (without(f"{_SETTINGS}queues"), on(BUS, "log-setting")),
    "bus-alarm": (without(_LETTERS), on(BUS, "alarms")),
    "queue-dead-letters": (property_(QUEUE, "deadLetteringOnMessageExpiration"), on(QUEUE, "dead-letters")),
    "mail-keys": (property_(_MAIL, "disableLocalAuth"), on(_MAIL, "local-auth")),
    "models-keys": (property_(_MODELS, "disableLocalAuth"), on(_MODELS, "CKV_AZURE_236", "local-auth")),
    "models-log": (without(f"{_SETTINGS}models"), on(_MODELS, "log-setting")),
    "models-identity": (without(_MODELS, "identity"), on(_MODELS, "CKV_AZURE_238")),
    "log-retention": (property_(_LOGS, "retentionInDays"), on(_LOGS, "log-retention")),
    "log-keys": (property_(_LOGS, "features", "disableLocalAuth"), on(_LOGS, "log-local-auth")),
    "runs-retention": (with_(_KEPT_RUNS, "properties", "retentionPolicies", value=[]), on(_KEPT_RUNS, "run-retention")),
    "insights-keys": (property_(_INSIGHTS, "DisableLocalAuth"), on(_INSIGHTS, "local-auth")),
    "alarm-runs": (without(_FAILED), on(_LOGS, "alarms")),
    "alarm-functions": (without(_BROKEN), on(_INSIGHTS, "alarms")),
    "alarm-heard": (property_(_LETTERS, "actions"), on(_LETTERS, "alarm-unheard")),
    "alarm-runs-heard": (property_(_FAILED, "actions"), on(_FAILED, "alarm-unheard")),
    "alarm-address": (
        property_(_CHAT, "definition", "actions", "address", "runtimeConfiguration"),
        on(_CHAT, "hidden"),
    ),
    "tags": (without(_PLAN, "tags", "skyloom-app"), on(_PLAN, "tags")),
}
"""Each control: how it is taken away, and the findings of which there has to be one."""
