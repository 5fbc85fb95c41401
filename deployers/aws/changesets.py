"""Change sets: CloudFormation's own preview of an update, as a plan."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from skyloom.deployers.aws.client import Aws, reason
from skyloom.deployers.aws.naming import named
from skyloom.deployers.base import DeployFailed
from skyloom.deployers.pausing import pauses
from skyloom.deployers.plan import Action, Change
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ResourceChangeDetailTypeDef, ResourceChangeTypeDef

_PREFIX = "skyloom-"
"""How the names of Skyloom's own change sets begin; others are left alone."""
_CAPABILITIES: Any = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")

_STEADY = re.compile(r"(Arn|Id|Name|Url|Endpoint|URL|ARN)$")
"""Attributes that only change when the resource is replaced."""

_WORDS = {
    "AssumeRolePolicyDocument": "who may use it",
    "Code": "code",
    "DefinitionS3Location": "definition",
    "DefinitionString": "definition",
    "DefinitionSubstitutions": "what it calls",
    "Environment": "environment variables",
    "MemorySize": "memory",
    "Policies": "permissions",
    "PolicyDocument": "permissions",
    "ReservedConcurrentExecutions": "concurrency",
    "RetentionInDays": "days kept",
}
"""What people call a property."""


def create(
    aws: Aws,
    stack: str,
    template: Mapping[str, str],
    parameters: Mapping[str, str],
    tags: Mapping[str, str],
    *,
    first: bool,
) -> str | None:
    """A change set that would bring the stack to the template: its id. None where there is nothing to change.

    Args:
        template: `{"TemplateURL": address}`, or `{"TemplateBody": text}`.

    Raises:
        DeployFailed: CloudFormation refuses the template.
    """
    try:
        made = aws.cloudformation.create_change_set(
            StackName=stack,
            ChangeSetName=f"{_PREFIX}{secrets.token_hex(6)}",
            ChangeSetType="CREATE" if first else "UPDATE",
            **template,  # type: ignore[arg-type]
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
            Tags=[{"Key": name, "Value": value} for name, value in tags.items()],
            Capabilities=_CAPABILITIES,
            ImportExistingResources=True,
        )
    except aws.cloudformation.exceptions.ClientError as error:
        if "ValidationError" in str(error):
            raise DeployFailed(f"CloudFormation refuses the template: {reason(error)}") from error
        raise
    for _ in pauses():
        found = aws.cloudformation.describe_change_set(ChangeSetName=made["Id"])
        if found["Status"] == "CREATE_COMPLETE":
            return made["Id"]
        if found["Status"] == "FAILED":
            break
    aws.cloudformation.delete_change_set(ChangeSetName=made["Id"])
    why = found.get("StatusReason", "")
    if any(text in why for text in _NO_CHANGES):
        return None
    raise DeployFailed(f"CloudFormation cannot plan the change: {why}")


def delete(aws: Aws, change_set: str) -> None:
    """Removes a change set; one that is gone already is no error."""
    try:
        aws.cloudformation.delete_change_set(ChangeSetName=change_set)
    except aws.cloudformation.exceptions.ClientError as error:
        if "does not exist" not in reason(error):
            raise


def delete_stale(aws: Aws, stack: str) -> int:
    """Removes every change set of Skyloom's own that is not being executed: how many of them could have been."""
    pages = aws.cloudformation.get_paginator("list_change_sets").paginate(StackName=stack)
    own = [found for page in pages for found in page["Summaries"] if found["ChangeSetName"].startswith(_PREFIX)]
    states = []
    for found in own:
        states.append(found.get("ExecutionStatus"))
        if states[-1] != "EXECUTE_IN_PROGRESS":
            delete(aws, found["ChangeSetId"])
    return states.count("AVAILABLE")


def changes(aws: Aws, change_set: str, old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[Change]:
    """What the change set would do, named as people know it.

    Args:
        old: the template in place.
        new: the template that is wanted.
    """
    pages = aws.cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
    found = [change["ResourceChange"] for page in pages for change in page["Changes"] if "ResourceChange" in change]
    replaced = {change["LogicalResourceId"] for change in found if change.get("Replacement") in ("True", "Conditional")}
    for change in found:
        details = [detail for detail in change.get("Details", []) if not _is_idle(detail, replaced)]
        if change.get("Action") != "Modify" or details or not change.get("Details"):
            yield _change(change, details, old, new)


def _is_idle(detail: ResourceChangeDetailTypeDef, replaced: set[str]) -> bool:
    """Whether nothing changes in truth. CloudFormation names everything that refers to what changes, although an ARN
    or a name stays as it is as long as the resource is not replaced."""
    if detail.get("Evaluation") != "Dynamic":
        return False
    resource, _, attribute = detail.get("CausingEntity", "").partition(".")
    if detail.get("ChangeSource") == "ResourceReference":
        return resource not in replaced
    if detail.get("ChangeSource") == "ResourceAttribute":
        return resource not in replaced and _STEADY.search(attribute) is not None
    return False


def _change(
    change: ResourceChangeTypeDef,
    details: Iterable[ResourceChangeDetailTypeDef],
    old: Mapping[str, Json],
    new: Mapping[str, Json],
) -> Change:
    logical_id = change["LogicalResourceId"]
    it = named(logical_id, change["ResourceType"], new if logical_id in new.get("Resources", {}) else old)
    action, certain = _action(change)
    return Change(
        action=action,
        kind=it.kind,
        name=it.name,
        details=tuple(dict.fromkeys(_detail(detail, logical_id, old, new) for detail in details)),
        certain=certain,
        holds_data=it.holds_data,
    )


def _action(change: ResourceChangeTypeDef) -> tuple[Action, bool]:
    """What happens, and whether that is certain."""
    match change["Action"], change.get("Replacement"):
        case "Add", _:
            return "create", True
        case "Import", _:
            return "import", True
        case "Remove", _:
            return ("keep" if change.get("PolicyAction") == "Retain" else "delete"), True
        case _, "True":
            return "replace", True
        case _, "Conditional":
            return "replace", False
        case _:
            return "update", True


def _detail(
    detail: ResourceChangeDetailTypeDef, logical_id: str, old: Mapping[str, Json], new: Mapping[str, Json]
) -> str:
    target = detail.get("Target", {})
    name = target.get("Name")
    if name is None:
        return target.get("Attribute", "").lower()
    before, after = (_property(template, logical_id, name) for template in (old, new))
    words = _WORDS.get(name) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    if before != after and _is_short(before) and _is_short(after):
        return f"{words} {_shown(before)} -> {_shown(after)}"
    return words


def _property(template: Mapping[str, Json], logical_id: str, name: str) -> Json:
    return template.get("Resources", {}).get(logical_id, {}).get("Properties", {}).get(name)


def _is_short(value: Json) -> bool:
    return value is None or isinstance(value, (bool, int, float)) or (isinstance(value, str) and len(value) <= 40)


def _shown(value: Json) -> str:
    return "none" if value is None else str(value)
