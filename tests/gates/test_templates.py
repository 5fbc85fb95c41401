"""The templates of the examples pass every gate; each control that is taken away is missed by one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from clouds.apps import NAMES, app_of
from gates.controls import Controls, broken, by_control
from gates.rules import rules
from gates.scanners import Finding, cdk_nag, cfn_lint, checkov

from skyloom.deployers.aws.compiling import compile_app
from skyloom.deployers.aws.functions import FunctionSettings

ROOT = Path(__file__).parents[2]
SETTINGS = FunctionSettings(python="3.13", architecture="x86_64", bytecode=False)

# The scanners take a minute, and on a busy machine several.
pytestmark = pytest.mark.timeout(900)

Json = Any
Found = dict[str, set[Finding]]


def compiled(name: str) -> Json:
    return json.loads(compile_app(app_of(name, "aws"), "dev", SETTINGS).bundle.files["template.json"])


def scanned(templates: dict[str, Json], folder: Path) -> Found:
    """What all gates say of each template."""
    files = {name: folder / f"{name}.json" for name in templates}
    for name, file in files.items():
        file.write_text(json.dumps(templates[name]))
    checked, nagged = checkov(list(files.values())), cdk_nag(list(files.values()), folder / "nag")
    return {
        name: checked[file] | nagged[file] | cfn_lint(templates[name]) | rules(templates[name])
        for name, file in files.items()
    }


@pytest.fixture(scope="module")
def templates() -> dict[str, Json]:
    return {name: compiled(name) for name in NAMES}


@pytest.fixture(scope="module")
def found(templates: dict[str, Json], tmp_path_factory: pytest.TempPathFactory) -> Found:
    said = scanned({**templates, **broken(templates["everything"], CONTROLS)}, tmp_path_factory.mktemp("gates"))
    return said | by_control(said, CONTROLS)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_passes_every_gate(found: Found, name: str) -> None:
    assert found[name] == set()


def without(id_: str, *path: str | int) -> Callable[[Json], None]:
    """Takes away a property of a resource; without a path, the resource."""

    def remove(template: Json) -> None:
        place: Json = template["Resources"]
        steps = [id_, "Properties", *path] if path else [id_]
        for step in steps[:-1]:
            place = place[step]
        del place[steps[-1]]

    return remove


def with_(id_: str, *path: str | int, value: Json) -> Callable[[Json], None]:
    """Puts something else in the place of a property."""

    def replace(template: Json) -> None:
        place: Json = template["Resources"][id_]["Properties"]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return replace


def first_statement(id_: str, name: str, value: Json) -> Callable[[Json], None]:
    return with_(id_, "Policies", 0, "PolicyDocument", "Statement", 0, name, value=value)


_MAPPING = "MessageOrdersHandleOrder1c2911"


def on(id_: str, *names: str) -> set[Finding]:
    """Findings of these rules at a resource."""
    return {Finding(name, id_) for name in names}


CONTROLS: Controls[Json] = {
    "bucket-encryption": (without("Values", "BucketEncryption"), on("Values", "encryption")),
    "bucket-private": (
        without("BucketInbox", "PublicAccessBlockConfiguration"),
        on("BucketInbox", "CKV_AWS_53", "AwsSolutions-S2"),
    ),
    "bucket-versions": (without("Values", "VersioningConfiguration"), on("Values", "CKV_AWS_21")),
    "bucket-access-log": (without("Values", "LoggingConfiguration"), on("Values", "CKV_AWS_18", "AwsSolutions-S1")),
    "bucket-tls": (without("ValuesPolicy"), on("Values", "AwsSolutions-S10")),
    "queue-encryption": (without("DeadLetters", "KmsMasterKeyId"), on("DeadLetters", "CKV_AWS_27")),
    "queue-tls": (without("QueueOrdersPolicy"), on("QueueOrders", "AwsSolutions-SQS4")),
    "queue-dead-letters": (without("QueueOrders", "RedrivePolicy"), on("QueueOrders", "dead-letters-seen")),
    "queue-alarm": (without("DeadLettersDepth"), on("DeadLetters", "dead-letters-seen")),
    "topic-encryption": (without("Alarms", "KmsMasterKeyId"), on("Alarms", "CKV_AWS_26")),
    "topic-tls": (without("ApprovalsPolicy"), on("Approvals", "tls")),
    "subscription-dead-letters": (
        without("AlarmsMailOpsExampleCom707873", "RedrivePolicy"),
        on("AlarmsMailOpsExampleCom707873", "Serverless-SNSRedrivePolicy"),
    ),
    "table-encryption": (without("Waits", "SSESpecification"), on("Waits", "CKV_AWS_119")),
    "table-recovery": (
        without("Waits", "PointInTimeRecoverySpecification"),
        on("Waits", "CKV_AWS_28", "AwsSolutions-DDB3"),
    ),
    "secret-encryption": (without("LinkKey", "KmsKeyId"), on("LinkKey", "CKV_AWS_149")),
    "secret-rotation": (without("LinkKeyRotation"), on("LinkKey", "AwsSolutions-SMG4")),
    "key-rotation": (without("Key", "EnableKeyRotation"), on("Key", "CKV_AWS_7", "AwsSolutions-KMS5")),
    "function-tracing": (without("FunctionShip", "TracingConfig"), on("FunctionShip", "Serverless-LambdaTracing")),
    "function-variables": (without("FunctionShip", "KmsKeyArn"), on("FunctionShip", "CKV_AWS_173")),
    "function-runtime": (
        with_("FunctionShip", "Runtime", value="python3.8"),
        on("FunctionShip", "E2531", "W2531", "CKV_AWS_363"),
    ),
    "function-alarm": (without("FunctionShipErrors"), on("FunctionShip", "alarms")),
    "log-encryption": (without("FunctionShipLog", "KmsKeyId"), on("FunctionShipLog", "CKV_AWS_158")),
    "log-retention": (
        without("FunctionShipLog", "RetentionInDays"),
        on("FunctionShipLog", "log-retention", "CKV_AWS_66"),
    ),
    "machine-log": (
        without("MachineHandle", "LoggingConfiguration"),
        on("MachineHandle", "AwsSolutions-SF1", "machine-log"),
    ),
    "machine-tracing": (
        without("MachineHandle", "TracingConfiguration"),
        on("MachineHandle", "AwsSolutions-SF2", "machine-tracing"),
    ),
    "machine-alarm": (without("MachineHandleExecutionsFailed"), on("MachineHandle", "alarms")),
    "role-star": (
        first_statement("FunctionShipRole", "Resource", "*"),
        on("FunctionShipRole", "wildcard-resource"),
    ),
    "role-all-actions": (
        first_statement("FunctionShipRole", "Action", ["s3:*"]),
        on("FunctionShipRole", "wildcard-action"),
    ),
    "role-trust": (
        without("MachineHandleRole", "AssumeRolePolicyDocument", "Statement", 0, "Condition"),
        on("MachineHandleRole", "confused-deputy"),
    ),
    "route-authorization": (
        without("RoutePOSTOrdersbe6d73", "AuthorizationType"),
        on("RoutePOSTOrdersbe6d73", "CKV_AWS_309", "AwsSolutions-APIG4"),
    ),
    "api-log": (without("ApiStage", "AccessLogSettings"), on("ApiStage", "CKV_AWS_95", "AwsSolutions-APIG1")),
    "api-throttling": (without("ApiStage", "DefaultRouteSettings"), on("ApiStage", "throttling")),
    "event-source-concurrency": (
        without(_MAPPING, "ScalingConfig"),
        on("MessageOrdersHandleOrder1c2911", "event-source-concurrency"),
    ),
    "batch-failures": (
        without(_MAPPING, "FunctionResponseTypes"),
        on("MessageOrdersHandleOrder1c2911", "batch-failures"),
    ),
    "undelivered-events": (
        without("EventsRule", "Targets", 0, "DeadLetterConfig"),
        on("EventsRule", "undelivered-events"),
    ),
    "schedule-encryption": (without("ScheduleDigest0732cf4", "KmsKeyArn"), on("ScheduleDigest0732cf4", "encryption")),
    "tags": (without("FunctionShip", "Tags"), on("FunctionShip", "tags")),
}


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_that_is_taken_away_is_missed(found: Found, control: str) -> None:
    assert found[control] & CONTROLS[control][1]
