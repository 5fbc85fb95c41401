"""Who may do what in the local Google Cloud: bindings of roles, checked where service accounts call.

The tests' own user may do everything. Of roles, those that apps are given are known; another one allows nothing.
Conditions: `resource.name.startsWith`, and the prefix of a list of objects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from engines.gcp_account.front import ApiError
from engines.gcp_account.names import USER

_OBJECTS = ("storage.objects.get", "storage.objects.list", "storage.objects.create", "storage.objects.delete")
ROLES: Mapping[str, tuple[str, ...]] = {
    "roles/run.invoker": ("run.routes.invoke",),
    "roles/cloudfunctions.invoker": ("run.routes.invoke",),
    "roles/workflows.invoker": (
        "workflows.executions.create",
        "workflows.executions.get",
        "workflows.executions.list",
        "workflows.executions.cancel",
        "workflows.callbacks.send",
    ),
    "roles/workflows.viewer": ("workflows.executions.get", "workflows.executions.list"),
    "roles/pubsub.publisher": ("pubsub.topics.publish",),
    "roles/storage.objectUser": (*_OBJECTS, "storage.objects.update"),
    "roles/storage.objectAdmin": (*_OBJECTS, "storage.objects.update"),
    "roles/storage.objectViewer": ("storage.objects.get", "storage.objects.list"),
    "roles/storage.objectCreator": ("storage.objects.create",),
    "roles/secretmanager.secretAccessor": ("secretmanager.versions.access",),
    "roles/cloudkms.signer": ("cloudkms.cryptoKeyVersions.useToSign",),
    "roles/cloudkms.signerVerifier": ("cloudkms.cryptoKeyVersions.useToSign", "cloudkms.cryptoKeyVersions.useToVerify"),
    "roles/aiplatform.user": ("aiplatform.endpoints.predict",),
    "roles/logging.logWriter": ("logging.logEntries.create",),
}
"""https://cloud.google.com/iam/docs/roles-permissions, as far as apps are given it."""


@dataclass(frozen=True, slots=True)
class Binding:
    """`member` has `role` on `resource`, which ends in `/**` where it covers what lies below."""

    resource: str
    role: str
    member: str
    condition: str = ""


class Permissions:
    """The bindings of the project."""

    def __init__(self) -> None:
        self.bindings: dict[str, Binding] = {}
        self.roles: dict[str, tuple[str, ...]] = dict(ROLES)
        self.accounts: set[str] = set()
        """Service accounts that an app made."""

    def require(self, email: str, permission: str, resource: str, listed: str = "") -> None:
        """Raises ApiError (403) where the account may not. `listed` is the prefix of a list of objects."""
        if email != USER and not self.allows(email, permission, resource, listed):
            raise ApiError(403, f"Permission '{permission}' denied on resource '{resource}' for {email}")

    def allows(self, email: str, permission: str, resource: str, listed: str = "") -> bool:
        members = {f"serviceAccount:{email}", "allAuthenticatedUsers", "allUsers"}
        return any(
            binding.member in members
            and permission in self.roles.get(binding.role, ())
            and (binding.resource == "project" or f"{resource}/".startswith(f"{binding.resource}/"))
            and _holds(binding.condition, resource, listed)
            for binding in self.bindings.values()
        )


def _holds(condition: str, resource: str, listed: str) -> bool:
    """Whether a condition holds: one or several of the two kinds below, joined with `||`."""
    if not condition:
        return True
    for part in condition.split("||"):
        named = re.fullmatch(r'\s*resource\.name\.startsWith\("([^"]+)"\)\s*', part)
        prefixed = re.fullmatch(
            r'\s*api\.getAttribute\("storage\.googleapis\.com/objectListPrefix", ""\)\.startsWith\("([^"]+)"\)\s*', part
        )
        if named is None and prefixed is None:
            raise ApiError(500, f"the tests do not know this condition: {part}")
        if named is not None and f"projects/_/{resource}".startswith(named[1]):
            return True
        if prefixed is not None and listed.startswith(prefixed[1]):
            return True
    return False
