"""Change sets as AWS gives them: what only refers to something that changes does not change itself."""

from __future__ import annotations

from typing import Any

import pytest

from skyloom.deployers.aws import changesets
from skyloom.deployers.plan import Change

TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Metadata": {"Skyloom": {"kind": "function", "name": "price"}},
            "Properties": {"MemorySize": 256, "Code": {"S3Key": "1"}},
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Metadata": {"Skyloom": {"kind": "flow", "name": "quote"}},
            "Properties": {},
        },
        "Data": {"Type": "AWS::S3::Bucket"},
    }
}


def modify(name: str, kind: str, *details: dict[str, Any], replacement: str = "False") -> dict[str, Any]:
    return {
        "Type": "Resource",
        "ResourceChange": {
            "Action": "Modify",
            "LogicalResourceId": name,
            "ResourceType": kind,
            "Replacement": replacement,
            "Details": list(details),
        },
    }


def direct(name: str) -> dict[str, Any]:
    target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": "Never"}
    return {"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}


def referring(entity: str, source: str = "ResourceAttribute", evaluation: str = "Dynamic") -> dict[str, Any]:
    target = {"Attribute": "Properties", "Name": "DefinitionSubstitutions", "RequiresRecreation": "Never"}
    return {"Target": target, "Evaluation": evaluation, "ChangeSource": source, "CausingEntity": entity}


class OnePage:
    """CloudFormation with one change set."""

    def __init__(self, *changes: dict[str, Any]) -> None:
        self.cloudformation = self
        self._changes = changes

    def get_paginator(self, operation: str) -> OnePage:
        assert operation == "describe_change_set"
        return self

    def paginate(self, **options: str) -> list[dict[str, Any]]:
        return [{"Changes": list(self._changes)}]


def found(*changes: dict[str, Any], new: dict[str, Any] = TEMPLATE) -> list[Change]:
    return list(changesets.changes(OnePage(*changes), "arn", TEMPLATE, new))  # type: ignore[arg-type]


FUNCTION, MACHINE = "AWS::Lambda::Function", "AWS::StepFunctions::StateMachine"


def test_a_machine_whose_function_has_new_code_does_not_change() -> None:
    changes = found(modify("Function", FUNCTION, direct("Code")), modify("Machine", MACHINE, referring("Function.Arn")))
    assert changes == [Change(action="update", kind="function", name="price", details=("code",))]


def test_a_machine_whose_function_is_replaced_changes() -> None:
    changes = found(
        modify("Function", FUNCTION, direct("FunctionName"), replacement="True"),
        modify("Machine", MACHINE, referring("Function.Arn")),
    )
    assert [(change.action, change.name) for change in changes] == [("replace", "price"), ("update", "quote")]


def test_an_attribute_that_may_change_in_place_counts() -> None:
    changes = found(
        modify("Function", FUNCTION, direct("Code")), modify("Machine", MACHINE, referring("Function.CurrentVersion"))
    )
    assert [change.name for change in changes] == ["price", "quote"]


@pytest.mark.parametrize("source", ["ParameterReference", "DirectModification"])
def test_other_reasons_count(source: str) -> None:
    assert [change.name for change in found(modify("Machine", MACHINE, referring("Bucket", source)))] == ["quote"]


def test_what_may_be_replaced_is_said_so() -> None:
    [change] = found(modify("Data", "AWS::S3::Bucket", direct("BucketName"), replacement="Conditional"))
    assert (change.action, change.certain, change.loses_data) == ("replace", False, True)


@pytest.mark.parametrize(
    ("more", "action"),
    [
        ({"Action": "Remove"}, "delete"),
        ({"Action": "Remove", "PolicyAction": "Retain"}, "keep"),
        ({"Action": "Import"}, "import"),
        ({"Action": "Add"}, "create"),
    ],
)
def test_other_actions(more: dict[str, Any], action: str) -> None:
    change = {"LogicalResourceId": "Data", "ResourceType": "AWS::S3::Bucket", **more}
    [made] = found({"Type": "Resource", "ResourceChange": change})
    assert made.action == action


def test_short_values_are_shown() -> None:
    resource = TEMPLATE["Resources"]["Function"]
    new = {"Resources": {"Function": {**resource, "Properties": {"MemorySize": 512, "Code": {"S3Key": "2"}}}}}
    [change] = found(modify("Function", FUNCTION, direct("MemorySize"), direct("Code"), direct("Layers")), new=new)
    assert change.details == ("memory 256 -> 512", "code", "layers")
