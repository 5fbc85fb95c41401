"""Who may do what: a service account for each function and each workflow, and bindings to one resource each.

What cannot be bound to a resource, because its service knows no policies of resources, is bound to the project by a
role of the app's own that has those few permissions and no others.
https://cloud.google.com/iam/docs/resource-types-with-policies
"""

from __future__ import annotations

from collections.abc import Sequence

from skyloom.deployers.gcp.resources.layout import Layout
from skyloom.deployers.gcp.resources.words import (
    PROJECT,
    REGION,
    SUFFIX,
    Json,
    Resources,
    account_of,
    block_name,
    cloud_name,
    resource,
)
from skyloom.deployers.naming import digest

NUMBER = "${data.google_project.this.number}"
"""The project's number, which the names of Google's own service agents hold."""

STARTS, ANSWERS, RUNS_ITSELF, MODELS = "starts", "answers", "runs_itself", "models"
_ROLES: dict[str, tuple[str, tuple[str, ...]]] = {
    STARTS: (
        "Starts runs, and sees how they stand",
        ("workflows.executions.create", "workflows.executions.get", "workflows.executions.list"),
    ),
    ANSWERS: ("Answers runs that wait", ("workflows.callbacks.send",)),
    RUNS_ITSELF: (
        "Runs parts of a flow apart, and ends them",
        ("workflows.callbacks.send", "workflows.executions.cancel", "workflows.executions.create",
         "workflows.executions.get"),
    ),
    MODELS: ("Asks models", ("aiplatform.endpoints.predict",)),
}  # fmt: skip
"""Roles that are bound to the project, with what they are for. Workflows and models have no policies of their own.
https://cloud.google.com/workflows/docs/access-control, https://cloud.google.com/vertex-ai/docs/general/access-control"""

LOG_WRITER = "roles/logging.logWriter"
"""Bound to the project, for a log has no policy: what workflows, and the builds of functions, need to be heard."""

_ACCOUNT_ID = 30
"""Characters. https://cloud.google.com/iam/docs/service-accounts-create"""
_DIGITS = 6
_TOLD_APART = 4
"""Letters of the app's name below which it says nothing."""


def account(layout: Layout, key: str, does: str) -> Resources:
    """A service account."""
    arguments = {
        "account_id": account_id(layout.prefix, key),
        "display_name": f"{layout.prefix} {key}"[:100],
        "description": does[:256],
    }
    return {account_address(key): resource("service account", arguments, key)}


def account_id(prefix: str, key: str) -> str:
    """The id of a service account. Where there is no room for all of it, it says what the account is for rather than
    whose it is, which its display name says."""
    whole = f"{prefix}-{key}"
    if len(whole) <= _ACCOUNT_ID:
        return cloud_name(_ACCOUNT_ID, prefix, key)
    room = _ACCOUNT_ID - _DIGITS - 1
    own = cloud_name(_ACCOUNT_ID * 2, key.replace("function-", "fn-", 1))
    left = room - len(own) - 1
    shown = f"{prefix[:left].rstrip('-')}-{own}" if left >= _TOLD_APART else own[:room].rstrip("-")
    return f"{shown}-{digest(whole)}"


def account_address(key: str) -> str:
    """The address of a service account."""
    return f"google_service_account.{block_name(key)}"


def member_of(key: str) -> str:
    """A service account as bindings write it."""
    return account_of(account_address(key))


def calls(caller: str, function: str, key: str) -> Resources:
    """The account `caller` may call the function at the address `function`."""
    arguments = {
        "project": PROJECT,
        "location": REGION,
        "name": f"${{{function}.name}}",
        "role": "roles/run.invoker",
        "member": member_of(caller),
    }
    address = f"google_cloud_run_v2_service_iam_member.{block_name(caller, key)}"
    return {address: resource("permission", arguments, f"{caller} calls {key}")}


def bucket_member(
    who: str, member: str, bucket: str, role: str, name: str, prefix: str | None = None, *, lists: bool = False
) -> Resources:
    """`member`, which people call `who`, has the role at the bucket of that address; where `prefix` is given, at the
    objects below it only. `lists`: it may also list them; what is listed below the prefix is asked of the bucket.

    https://cloud.google.com/iam/docs/conditions-attribute-reference#api-attributes
    """
    arguments: dict[str, Json] = {"bucket": f"${{{bucket}.name}}", "role": role, "member": member}
    if prefix is not None:
        start = f"projects/_/buckets/${{{bucket}.name}}/objects/{prefix}"
        listed = f' || api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("{prefix}")'
        expression = f'resource.name.startsWith("{start}")' + (listed if lists else "")
        arguments["condition"] = [{"title": f"below {prefix}", "expression": expression}]
    verb = role.rpartition(".")[2]
    address = f"google_storage_bucket_iam_member.{block_name(who, name, verb, (prefix or '').rstrip('/'))}"
    return {address: resource("permission", arguments, f"{who}: {verb} of {name} {prefix or ''}".rstrip())}


def topic_member(who: str, member: str, topic: str, name: str) -> Resources:
    """`member` may publish to the topic of that address."""
    arguments = {"topic": f"${{{topic}.id}}", "role": "roles/pubsub.publisher", "member": member}
    address = f"google_pubsub_topic_iam_member.{block_name(who, name)}"
    return {address: resource("permission", arguments, f"{who} publishes to {name}")}


def secret_member(who: str, secret: str, name: str) -> Resources:
    """The account `who` may read the secret of that address."""
    role = "roles/secretmanager.secretAccessor"
    arguments = {"secret_id": f"${{{secret}.id}}", "role": role, "member": member_of(who)}
    address = f"google_secret_manager_secret_iam_member.{block_name(who, name)}"
    return {address: resource("permission", arguments, f"{who} reads {name}")}


def project_member(who: str, role: str) -> Resources:
    """The account `who` has a role of the app's own, or `LOG_WRITER`, in the project."""
    own = role in _ROLES
    granted = f"${{google_project_iam_custom_role.{role}.id}}" if own else role
    name = role if own else role.rpartition(".")[2]
    arguments = {"project": PROJECT, "role": granted, "member": member_of(who)}
    address = f"google_project_iam_member.{block_name(who, name)}"
    return {address: resource("permission", arguments, f"{who}: {name}")}


def roles(layout: Layout, used: Sequence[str]) -> Resources:
    """The roles of the app's own that are used."""
    made: Resources = {}
    for name in sorted({role for role in used if role in _ROLES}):
        title, permissions = _ROLES[name]
        prefix = layout.prefix.replace("-", "_")[: 64 - len(name) - len("_12345678_")]
        arguments = {
            "role_id": f"{prefix}_{name}_${{{SUFFIX}.hex}}",
            "title": f"{layout.prefix}: {name}"[:100],
            "description": title,
            "permissions": list(permissions),
            "stage": "GA",
        }
        made[f"google_project_iam_custom_role.{name}"] = resource("role", arguments, name)
    return made
