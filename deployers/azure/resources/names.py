"""What an app's resources are called."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from functools import cached_property

from skyloom.deployers.azure.resources.arm import Address, Expression, Json, call, joined, value
from skyloom.deployers.azure.resources.words import HUB, LINK_KEY, MAIN
from skyloom.deployers.naming import digest, fitting

_UNIQUE = 13
"""Characters that uniqueString makes: what no two resource groups have in common.
https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-string#uniquestring"""
_ACCOUNT_LETTERS = 24 - _UNIQUE
"""https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules"""


class Names(ABC):
    """The addresses of an app's resources.

    Attributes:
        prefix: how names begin: the app's and the environment's.
    """

    prefix: str

    @property
    @abstractmethod
    def app_keys(self) -> tuple[str, ...]:
        """The keys of all function apps, the main one first."""

    @property
    def letters(self) -> str:
        """The prefix in letters and digits alone, as storage accounts take it."""
        return re.sub(r"[^a-z0-9]", "", self.prefix.lower())

    @property
    def plain(self) -> str:
        """The prefix, short enough for what has to be unique in the world."""
        return plain_name(self.prefix, 36)

    @cached_property
    def variables(self) -> dict[str, Json]:
        """Names that ARM makes of the resource group's, where no two in the world may have the same."""
        unique = Expression("variables('unique')")
        own = {f"host_{key}": self._account(key) for key in self.app_keys}
        sites = {f"site_{key}": joined(f"{self._site(key)}-", unique) for key in self.app_keys}
        found = {
            **own,
            **sites,
            "storage": joined(self.letters[:_ACCOUNT_LETTERS], unique),
            "vault": joined(self.letters[:_ACCOUNT_LETTERS], unique),
            "worldwide": joined(f"{self.plain}-", unique),
        }
        made = {name: value(given) for name, given in found.items()}
        return {"unique": "[uniqueString(resourceGroup().id)]", **made}

    def _account(self, key: str) -> Expression | str:
        return joined(self.letters[:_ACCOUNT_LETTERS], call("uniqueString", Expression("resourceGroup().id"), key))

    def _site(self, key: str) -> str:
        return plain_name(self.prefix if key == MAIN else f"{self.prefix}-{key}", 60 - 1 - _UNIQUE)

    @staticmethod
    def _worldwide_name() -> Expression:
        return Expression("variables('worldwide')")

    def _worldwide(self, type_: str, variable: str = "worldwide") -> Address:
        return Address(type_, (Expression(f"variables('{variable}')"),))

    @property
    def storage(self) -> Address:
        """The storage account of the app's data."""
        return self._worldwide("Microsoft.Storage/storageAccounts", "storage")

    def container(self, name: str) -> Address:
        """A container of the app's data."""
        return self.storage.below("blobServices", "default").below("containers", name)

    def host_storage(self, key: str) -> Address:
        """The storage account that a function app's host needs for itself."""
        return self._worldwide("Microsoft.Storage/storageAccounts", f"host_{key}")

    def site(self, key: str = MAIN) -> Address:
        """A function app."""
        return self._worldwide("Microsoft.Web/sites", f"site_{key}")

    def plan(self, key: str) -> Address:
        """The plan of a function app."""
        return Address("Microsoft.Web/serverfarms", (fitting(f"{self.prefix}-{key}", 40),))

    def identity(self, key: str) -> Address:
        """The identity of a function app; `acts` is that of something else that acts by itself."""
        return self.acts(f"app-{key}")

    def acts(self, name: str) -> Address:
        """An identity."""
        return Address("Microsoft.ManagedIdentity/userAssignedIdentities", (fitting(f"{self.prefix}-{name}", 100),))

    @property
    def scheduler(self) -> Address:
        """What keeps the state of runs."""
        return Address("Microsoft.DurableTask/schedulers", (plain_name(self.prefix, 64),))

    @property
    def hub(self) -> Address:
        """The task hub."""
        return self.scheduler.below("taskHubs", HUB)

    @property
    def workspace(self) -> Address:
        """Where all logs are."""
        return Address("Microsoft.OperationalInsights/workspaces", (f"{plain_name(self.prefix, 58)}-logs",))

    @property
    def insights(self) -> Address:
        """What takes the logs of the function apps."""
        return Address("Microsoft.Insights/components", (self.prefix,))

    @property
    def action_group(self) -> Address:
        """Who hears of alarms."""
        return Address("Microsoft.Insights/actionGroups", (f"{self.prefix}-alarms",))

    @property
    def vault(self) -> Address:
        """The vault of the app's key and secrets."""
        return self._worldwide("Microsoft.KeyVault/vaults", "vault")

    @property
    def link_key(self) -> Address:
        """The key that signs links."""
        return self.vault.below("keys", LINK_KEY)

    def secret(self, name: str) -> Address:
        """A secret, whose value people set."""
        return self.vault.below("secrets", name)

    @property
    def model_account(self) -> Address:
        """The account of the app's own models."""
        return self._worldwide("Microsoft.CognitiveServices/accounts")

    @property
    def topic(self) -> Address:
        """The topic of events."""
        return self._worldwide("Microsoft.EventGrid/topics")

    @property
    def system_topic(self) -> Address:
        """What tells of new objects."""
        return Address("Microsoft.EventGrid/systemTopics", (plain_name(f"{self.prefix}-objects", 50),))

    @property
    def bus(self) -> Address:
        """The namespace of queues."""
        return self._worldwide("Microsoft.ServiceBus/namespaces")

    @property
    def communication(self) -> Address:
        """What sends mails."""
        return Address("Microsoft.Communication/communicationServices", (self._worldwide_name(),))

    @property
    def mail_domain(self) -> Address:
        """The domain that mails come from: one of Azure's own."""
        service = Address("Microsoft.Communication/emailServices", (self._worldwide_name(),))
        return service.below("domains", "AzureManagedDomain")

    def queue(self, name: str) -> Address:
        """A queue."""
        return self.bus.below("queues", name)


def plain_name(name: str, longest: int) -> str:
    """The name in ASCII letters, digits and hyphens, cut and told apart by digits where that changed it."""
    found = re.sub(r"[^A-Za-z0-9-]", "-", name)
    return name if found == name and len(name) <= longest else f"{found[: longest - 7]}-{digest(name)}"
