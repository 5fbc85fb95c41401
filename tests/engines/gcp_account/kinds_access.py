"""Who may do what in the local Google Cloud: accounts, roles, members; and what they are kept from: keys, secrets."""

from __future__ import annotations

import secrets

from engines.gcp_account.front import ApiError
from engines.gcp_account.identity import Keys, Secrets
from engines.gcp_account.kinds import Made, block
from engines.gcp_account.permissions import Binding, Permissions
from engines.gcp_account.terraform.kinds import Attributes


def member(permissions: Permissions, resource: str, of: str) -> Made:
    """An IAM member: `resource` is what it is a member on, with an argument in braces; `of` that argument."""

    def key(given: Attributes) -> str:
        place = resource.format(**{of: str(given[of]).removeprefix("/")}) if of else resource
        condition = block(given, "condition").get("title", "")
        return f"{place} {given['role']} {given['member']} {condition}".strip()

    def make(given: Attributes, before: Attributes | None) -> Attributes:
        id_ = key(given)
        place = id_.partition(" ")[0]
        condition = block(given, "condition").get("expression", "")
        permissions.bindings[id_] = Binding(place, given["role"], given["member"], condition)
        return {**given, "id": id_, "etag": "BwX"}

    def unmake(before: Attributes) -> None:
        permissions.bindings.pop(before["id"], None)

    everything = frozenset({"role", "member", "condition", of} - {""})
    return Made(make, unmake, lambda before: before["id"] in permissions.bindings, everything)


def custom_role(permissions: Permissions, project: str) -> Made:
    def make(given: Attributes, before: Attributes | None) -> Attributes:
        name = f"projects/{project}/roles/{given['role_id']}"
        if before is None and name in permissions.roles:
            # A role that was deleted keeps its name for some weeks.
            raise ApiError(409, f"role {name} already exists")
        permissions.roles[name] = tuple(given["permissions"])
        return {**given, "id": name, "name": name}

    def unmake(before: Attributes) -> None:
        permissions.roles[before["id"]] = ()

    return Made(make, unmake, lambda before: bool(permissions.roles.get(before["id"])), frozenset({"role_id"}))


def account(permissions: Permissions, project: str) -> Made:
    def email(given: Attributes) -> str:
        return f"{given['account_id']}@{project}.iam.gserviceaccount.com"

    def make(given: Attributes, before: Attributes | None) -> Attributes:
        if not 6 <= len(given["account_id"]) <= 30:
            raise ApiError(400, f"account_id {given['account_id']!r}: 6 to 30 characters")
        if before is None and email(given) in permissions.accounts:
            raise ApiError(409, f"Service account {given['account_id']} already exists within project")
        permissions.accounts.add(email(given))
        name = f"projects/{project}/serviceAccounts/{email(given)}"
        return {**given, "id": name, "name": name, "email": email(given), "member": f"serviceAccount:{email(given)}"}

    def unmake(before: Attributes) -> None:
        permissions.accounts.discard(before["email"])
        gone = [key for key, one in permissions.bindings.items() if one.member == f"serviceAccount:{before['email']}"]
        for key in gone:
            del permissions.bindings[key]

    return Made(
        make,
        unmake,
        lambda before: before["email"] in permissions.accounts,
        frozenset({"account_id", "project"}),
        early=lambda given, before: (
            {"email": email(given), "member": f"serviceAccount:{email(given)}"}
            if isinstance(given.get("account_id"), str)
            else {}
        ),
    )


def crypto_key(keys: Keys) -> Made:
    used: set[str] = set()

    def make(given: Attributes, before: Attributes | None) -> Attributes:
        name = f"{given['key_ring']}/cryptoKeys/{given['name']}"
        if before is None:
            if name in used:
                # A key can never be deleted, and destroying it leaves its name taken.
                raise ApiError(409, f"CryptoKey {name} already exists.")
            used.add(name)
            keys.versions[f"{name}/cryptoKeyVersions/1"] = secrets.token_bytes(32)
        return {**given, "id": name}

    def unmake(before: Attributes) -> None:
        for version in [found for found in keys.versions if found.startswith(f"{before['id']}/")]:
            del keys.versions[version]

    return Made(
        make,
        unmake,
        lambda before: any(found.startswith(f"{before['id']}/") for found in keys.versions),
        frozenset({"name", "key_ring", "purpose"}),
    )


def secret(held: Secrets, project: str) -> Made:
    def make(given: Attributes, before: Attributes | None) -> Attributes:
        name = f"projects/{project}/secrets/{given['secret_id']}"
        if before is None and name in held.there:
            raise ApiError(409, f"Secret [{name}] already exists.")
        held.there[name] = given
        return {**given, "id": name, "name": name, "project": project}

    def unmake(before: Attributes) -> None:
        held.there.pop(before["id"], None)
        held.values.pop(before["id"], None)

    return Made(make, unmake, lambda before: before["id"] in held.there, frozenset({"secret_id", "project"}))
