"""What no scanner looks for: rules of the project for its ARM templates."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from gates.arm.names import plain_name
from gates.arm.relations import relations
from gates.arm.scanning import at
from gates.scanners import Finding

from skyloom.deployers.azure.resources.layout import TRACKED
from skyloom.deployers.azure.resources.words import ROLES

Json = Any

_NAMES = {
    "Microsoft.CognitiveServices/accounts": r"[a-zA-Z0-9][a-zA-Z0-9-]{0,62}[a-zA-Z0-9]",
    "Microsoft.DurableTask/schedulers": r"[a-zA-Z0-9-]{3,64}",
    "Microsoft.EventGrid/systemTopics": r"[a-zA-Z0-9-]{3,50}",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": r"[a-zA-Z0-9-]{3,64}",
    "Microsoft.EventGrid/topics": r"[a-zA-Z0-9-]{3,50}",
    "Microsoft.EventGrid/topics/eventSubscriptions": r"[a-zA-Z0-9-]{3,64}",
    "Microsoft.KeyVault/vaults": r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]",
    "Microsoft.Logic/workflows": r"[\w.()-]{1,43}",
    "Microsoft.ManagedIdentity/userAssignedIdentities": r"[a-zA-Z0-9][\w-]{2,127}",
    "Microsoft.OperationalInsights/workspaces": r"[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]",
    "Microsoft.ServiceBus/namespaces": r"[a-zA-Z](?!.*-(sb|mgmt)$)[a-zA-Z0-9-]{4,48}[a-zA-Z0-9]",
    "Microsoft.ServiceBus/namespaces/queues": r"[a-zA-Z0-9][\w./~-]{0,259}",
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.Storage/storageAccounts/blobServices/containers": r"[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]",
    "Microsoft.Web/serverfarms": r"[\w-]{1,40}",
    "Microsoft.Web/sites": r"[a-zA-Z0-9][a-zA-Z0-9-]{0,58}[a-zA-Z0-9]",
}
"""https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules"""
_SECRETS = re.compile(
    r"listKeys\(|listConnectionStrings\(|AccountKey=|SharedAccessKey|sig=|[Pp]assword=|InstrumentationKey="
)
_WITHOUT_KEYS = {
    "Microsoft.CognitiveServices/accounts": ("disableLocalAuth", True),
    "Microsoft.Communication/communicationServices": ("disableLocalAuth", True),
    "Microsoft.EventGrid/topics": ("disableLocalAuth", True),
    "Microsoft.Insights/components": ("DisableLocalAuth", True),
    "Microsoft.ServiceBus/namespaces": ("disableLocalAuth", True),
    "Microsoft.Storage/storageAccounts": ("allowSharedKeyAccess", False),
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": ("allow", False),
}
_TLS = {
    "Microsoft.EventGrid/topics": ("minimumTlsVersionAllowed", "1.2"),
    "Microsoft.ServiceBus/namespaces": ("minimumTlsVersion", "1.2"),
    "Microsoft.Storage/storageAccounts": ("minimumTlsVersion", "TLS1_2"),
}


def rules(template: Json) -> set[Finding]:
    """What breaks a rule of the project."""
    return {*_each(template), *relations(template)}


def _each(template: Json) -> Iterator[Finding]:
    """What a resource says for itself."""
    for place, made in at(template).items():
        for rule, holds in _RULES.items():
            if not holds(made["type"], made):
                yield Finding(rule, place)
        name = plain_name(template, made["name"]).rpartition("/")[2]
        if made["type"] in _NAMES and not re.fullmatch(_NAMES[made["type"]], name):
            yield Finding("name", place)


def _tagged(type_: str, made: Json) -> bool:
    return type_ not in TRACKED or {"skyloom-app", "skyloom-environment", "skyloom-name"} <= made.get("tags", {}).keys()


def _without_keys(type_: str, made: Json) -> bool:
    name, wanted = _WITHOUT_KEYS.get(type_, ("", None))
    return not name or made["properties"].get(name) is wanted


def _tls(type_: str, made: Json) -> bool:
    name, wanted = _TLS.get(type_, ("", None))
    return not name or made["properties"].get(name) == wanted


def _role(type_: str, made: Json) -> bool:
    """One of the roles that are known to be narrow."""
    known = {f"[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{role.id}')]" for role in ROLES}
    return type_ != _ROLE or made["properties"].get("roleDefinitionId") in known


def _told(type_: str, made: Json) -> bool:
    given = made["properties"]
    return type_ != _ROLE or (bool(given.get("description")) and given.get("principalType") == "ServicePrincipal")


def _private(type_: str, made: Json) -> bool:
    if type_.endswith("/containers"):
        return bool(made["properties"].get("publicAccess") == "None")
    return type_ != "Microsoft.Storage/storageAccounts" or made["properties"].get("allowBlobPublicAccess") is False


def _recoverable(type_: str, made: Json) -> bool:
    if type_.endswith("/blobServices"):
        return bool(made["properties"].get("deleteRetentionPolicy", {}).get("enabled"))
    return type_ != "Microsoft.KeyVault/vaults" or made["properties"].get("enablePurgeProtection") is True


def _vault_roles(type_: str, made: Json) -> bool:
    return type_ != "Microsoft.KeyVault/vaults" or made["properties"].get("enableRbacAuthorization") is True


def _key(type_: str, made: Json) -> bool:
    """A key signs, and does nothing else."""
    return type_ != "Microsoft.KeyVault/vaults/keys" or made["properties"].get("keyOps") == ["sign"]


def _rotated(type_: str, made: Json) -> bool:
    return type_ != "Microsoft.KeyVault/vaults/keys" or "rotationPolicy" in made["properties"]


def _secret(type_: str, made: Json) -> bool:
    """No secret stands in a template, and none is read while it is deployed."""
    return type_ != "Microsoft.KeyVault/vaults/secrets" and not _SECRETS.search(json.dumps(made))


def _https(type_: str, made: Json) -> bool:
    if type_ != "Microsoft.Web/sites":
        return True
    config = made["properties"].get("siteConfig", {})
    versions = {config.get("minTlsVersion"), config.get("scmMinTlsVersion")}
    return made["properties"].get("httpsOnly") is True and versions == {"1.2"}


def _own_code(type_: str, made: Json) -> bool:
    """The code is read with the app's own identity."""
    if type_ != "Microsoft.Web/sites":
        return True
    storage = made["properties"]["functionAppConfig"]["deployment"]["storage"].get("authentication", {})
    by = storage.get("userAssignedIdentityResourceId")
    own = made.get("identity", {}).get("userAssignedIdentities", {})
    return bool(storage.get("type") == "UserAssignedIdentity" and by in own)


def _bounded(type_: str, made: Json) -> bool:
    if type_ != "Microsoft.Web/sites":
        return True
    scale = made["properties"]["functionAppConfig"].get("scaleAndConcurrency", {})
    return bool({"maximumInstanceCount", "instanceMemoryMB"} <= scale.keys())


def _letters(type_: str, made: Json) -> bool:
    """What is tried in vain is set aside."""
    properties = made["properties"]
    if type_.endswith("/queues"):
        return "maxDeliveryCount" in properties and properties.get("deadLetteringOnMessageExpiration") is True
    return not type_.endswith("/eventSubscriptions") or "deadLetterWithResourceIdentity" in properties


def _retried(type_: str, made: Json) -> bool:
    return not type_.endswith("/eventSubscriptions") or "maxDeliveryAttempts" in made["properties"].get(
        "retryPolicy", {}
    )


def _by_identity(type_: str, made: Json) -> bool:
    return not type_.endswith("/eventSubscriptions") or "deliveryWithResourceIdentity" in made["properties"]


def _logs_end(type_: str, made: Json) -> bool:
    days: int = made["properties"].get("retentionInDays", 0)
    return type_ != "Microsoft.OperationalInsights/workspaces" or days >= 30


def _logs_locked(type_: str, made: Json) -> bool:
    features = made["properties"].get("features", {})
    return type_ != "Microsoft.OperationalInsights/workspaces" or features.get("disableLocalAuth") is True


def _runs_end(type_: str, made: Json) -> bool:
    return not type_.endswith("/retentionPolicies") or bool(made["properties"].get("retentionPolicies"))


def _heard(type_: str, made: Json) -> bool:
    if type_ == "Microsoft.Insights/metricAlerts":
        return bool(made["properties"].get("actions"))
    return type_ != "Microsoft.Insights/scheduledQueryRules" or bool(
        made["properties"].get("actions", {}).get("actionGroups")
    )


def _hidden(type_: str, made: Json) -> bool:
    """What reads an address from the vault shows it in no history."""
    if type_ != "Microsoft.Logic/workflows":
        return True
    actions = made["properties"]["definition"]["actions"]
    shown = {
        name: one.get("runtimeConfiguration", {}).get("secureData", {}).get("properties")
        for name, one in actions.items()
    }
    return shown == {"address": ["outputs"], "post": ["inputs"]} and "authentication" in actions["address"]["inputs"]


_ROLE = "Microsoft.Authorization/roleAssignments"
_RULES: dict[str, Callable[[str, Json], bool]] = {
    "alarm-unheard": _heard,
    "bounded": _bounded,
    "by-identity": _by_identity,
    "dead-letters": _letters,
    "hidden": _hidden,
    "https": _https,
    "key-operations": _key,
    "local-auth": _without_keys,
    "log-local-auth": _logs_locked,
    "log-retention": _logs_end,
    "own-code": _own_code,
    "private": _private,
    "recoverable": _recoverable,
    "retry": _retried,
    "role": _role,
    "rotation": _rotated,
    "role-told": _told,
    "run-retention": _runs_end,
    "secret-value": _secret,
    "tags": _tagged,
    "tls": _tls,
    "vault-roles": _vault_roles,
}
"""Rules that a resource keeps or breaks by itself."""
