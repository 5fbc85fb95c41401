"""What an app becomes: least privilege, encryption, ends of logs, alarms, tags; and how triggers are written."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clouds.apps import NAMES, app_of, file_of

from skyloom.deployers.aws.compiling import _settings, _workflows
from skyloom.deployers.aws.machine.output import Invoke
from skyloom.deployers.aws.resources.permissions import UNAVOIDABLE, ask_model
from skyloom.deployers.aws.resources.triggers import expression
from skyloom.deployers.aws.resources.words import logical
from skyloom.deployers.aws.services_package import service_files
from skyloom.deployers.aws.template import Parts, template
from skyloom.deployers.functions import function_groups, load_app, programs
from skyloom.deployers.naming import fitting
from skyloom.flows.app import App, Environment, Schedule
from skyloom.flows.config import load_config


def parts_of(name: str, environment: str = "dev", app: App | None = None, file: Path | None = None) -> Parts:
    app = app or app_of(name, "aws")
    config = load_config(file or file_of(name), environment, known=app.environments)
    compiled = programs(app)
    groups = function_groups(app, compiled, config)
    workflows = _workflows(app, compiled, _settings(app, compiled, groups, config))
    used = {need.function for workflow in workflows for need in workflow.uses if isinstance(need, Invoke)}
    groups = tuple(group for group in groups if group.key in used)
    keys = [*(group.key for group in groups), "helper", "services"]
    return Parts(
        app=app,
        environment=environment,
        programs=compiled,
        workflows=workflows,
        groups=groups,
        code={key: f"functions/{key}.zip" for key in keys},
        definitions={workflow.flow: f"workflows/{workflow.flow}.json" for workflow in workflows},
    )


@pytest.fixture(scope="module", params=NAMES)
def made(request: pytest.FixtureRequest) -> dict[str, Any]:
    return template(parts_of(request.param))


@pytest.fixture(scope="module")
def everything() -> dict[str, Any]:
    found: dict[str, Any] = template(parts_of("everything"))["Resources"]
    return found


def of(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    """The properties of the resources of one type."""
    return {id_: found["Properties"] for id_, found in resources.items() if found["Type"] == f"AWS::{kind}"}


def statements(role: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for policy in role["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def actions(role: dict[str, Any]) -> dict[str, Any]:
    """What a role allows, by action; of statements with the same action the resources are joined."""
    found: dict[str, list[str]] = {}
    for statement in statements(role):
        for action in statement["Action"]:
            on = statement["Resource"]
            found.setdefault(action, []).extend(map(written, on if isinstance(on, list) else [on]))
    return found


def written(value: Any) -> str:
    """A reference as text, without the account."""
    if isinstance(value, str):
        return value
    if "Fn::Sub" in value:
        return re.sub(
            r"arn:\$\{AWS::Partition\}:(\w+):\$\{AWS::Region\}:\$\{AWS::AccountId\}:", r"\1:", value["Fn::Sub"]
        )
    return str(value.get("Ref") or ".".join(value["Fn::GetAtt"]))


# --- of every app ---------------------------------------------------------------------------------------------------


def test_every_reference_leads_somewhere(made: dict[str, Any]) -> None:
    known = set(made["Resources"]) | {"ArtifactsBucket"}
    text = json.dumps(made)
    for name in re.findall(r'"Ref": "([^"]+)"', text) + re.findall(r'"Fn::GetAtt": \["([^"]+)"', text):
        assert name in known or name.startswith("AWS::"), name
    for name in re.findall(r"\$\{([^}]+)\}", text):
        assert name.partition(".")[0] in known or name.startswith("AWS::"), name
    for found in made["Resources"].values():
        assert set(found.get("DependsOn", ())) <= known


def test_same_app_same_text() -> None:
    first, second = (json.dumps(template(parts_of("everything"))) for _ in range(2))
    assert first == second


def test_machines_are_in_the_order_of_the_flows_each_with_what_it_starts() -> None:
    app = dataclasses.replace(app_of("everything", "aws"), short=(), triggers=())
    names = [workflow.flow for workflow in parts_of("everything", app=app).workflows]
    assert [name for name in names if name in {flow.name for flow in app.flows}] == [flow.name for flow in app.flows]


def test_no_role_allows_more_than_is_listed(made: dict[str, Any]) -> None:
    known = {one.actions for one in UNAVOIDABLE}
    for role in of(made["Resources"], "IAM::Role").values():
        for statement in statements(role):
            assert not any("*" in action for action in statement["Action"])
            if statement["Resource"] == "*":
                assert tuple(statement["Action"]) in known


def test_every_function_has_a_role_of_its_own_a_log_that_ends_and_alarms(made: dict[str, Any]) -> None:
    resources = made["Resources"]
    roles = [json.dumps(function["Role"]) for function in of(resources, "Lambda::Function").values()]
    assert len(roles) == len(set(roles))
    alarms = of(resources, "CloudWatch::Alarm").values()
    for id_, function in of(resources, "Lambda::Function").items():
        log = resources[function["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
        assert log["LogGroupName"] == f"/aws/lambda/{function['FunctionName']}"
        watched = {alarm["MetricName"] for alarm in alarms if {"Ref": id_} in [d["Value"] for d in alarm["Dimensions"]]}
        assert watched == {"Errors", "Throttles"}
        assert function["TracingConfig"] == {"Mode": "Active"}
    for log in of(resources, "Logs::LogGroup").values():
        assert log["RetentionInDays"] == 30 and "KmsKeyId" in log


def test_every_machine_is_logged_traced_and_watched(made: dict[str, Any]) -> None:
    resources = made["Resources"]
    alarms = of(resources, "CloudWatch::Alarm").values()
    for id_, machine in of(resources, "StepFunctions::StateMachine").items():
        assert machine["LoggingConfiguration"]["Level"] == "ALL"
        assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
        assert machine["TracingConfiguration"] == {"Enabled": True}
        watched = {alarm["MetricName"] for alarm in alarms if {"Ref": id_} in [d["Value"] for d in alarm["Dimensions"]]}
        assert watched == {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionThrottled"}
    for alarm in alarms:
        assert alarm["AlarmActions"] == [{"Ref": "Alarms"}]


def test_what_holds_data_is_encrypted_with_the_apps_key(made: dict[str, Any]) -> None:
    resources = made["Resources"]
    for kind, path in {
        "SQS::Queue": ("KmsMasterKeyId",),
        "SNS::Topic": ("KmsMasterKeyId",),
        "SecretsManager::Secret": ("KmsKeyId",),
        "Lambda::Function": ("KmsKeyArn",),
        "DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    }.items():
        for properties in of(resources, kind).values():
            value: Any = properties
            for name in path:
                value = value[name]
            assert written(value) in ("Key", "Key.Arn")


def test_everything_that_takes_tags_has_them(made: dict[str, Any]) -> None:
    tagged = [found for found in made["Resources"].values() if "Tags" in found["Properties"]]
    assert {found["Type"] for found in tagged} >= {
        "AWS::CloudWatch::Alarm",
        "AWS::IAM::Role",
        "AWS::KMS::Key",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
        "AWS::StepFunctions::StateMachine",
    }
    for found in tagged:
        tags = found["Properties"]["Tags"]
        names = set(tags) if isinstance(tags, dict) else {tag["Key"] for tag in tags}
        assert {"skyloom:app", "skyloom:environment"} <= names


def test_no_secret_stands_in_a_template(made: dict[str, Any]) -> None:
    for secret in of(made["Resources"], "SecretsManager::Secret").values():
        assert "SecretString" not in secret
    assert "{{resolve:" not in json.dumps(made)


def test_a_bundle_keeps_within_what_cloudformation_takes(made: dict[str, Any]) -> None:
    assert len(made["Resources"]) <= 500
    assert len(json.dumps(made)) < 1_000_000
    assert all(re.fullmatch(r"[A-Za-z0-9]{1,255}", id_) for id_ in made["Resources"])


# --- least privilege ------------------------------------------------------------------------------------------------


def test_a_function_may_do_what_its_tasks_do(everything: dict[str, Any]) -> None:
    roles = {id_: actions(role) for id_, role in of(everything, "IAM::Role").items()}
    common = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"}
    common |= {"kms:Decrypt", "kms:GenerateDataKey", "s3:GetObject", "s3:PutObject"}
    assert set(roles["FunctionShipRole"]) - common == {"sqs:SendMessage"}
    assert roles["FunctionShipRole"]["sqs:SendMessage"] == ["QueueOrders.Arn"]
    assert set(roles["FunctionStoreRole"]) - common == {"s3:AbortMultipartUpload", "s3:DeleteObject"}
    assert set(roles["FunctionJudgeRole"]) - common == {"bedrock:InvokeModel"}
    [reader] = [found for id_, found in roles.items() if id_.startswith("FunctionNotify")]
    assert set(reader) - common == {"s3:ListBucket", "secretsmanager:GetSecretValue"}
    assert reader["secretsmanager:GetSecretValue"] == ["SecretMailKey"]


def test_a_machine_may_do_what_its_definition_does(everything: dict[str, Any]) -> None:
    roles = {id_: actions(role) for id_, role in of(everything, "IAM::Role").items()}
    handle = roles["MachineHandleRole"]
    assert sorted(handle["lambda:InvokeFunction"]) == [
        "FunctionJudge.Arn",
        "FunctionShip.Arn",
        "FunctionStore.Arn",
        "ServiceWaits.Arn",
    ]
    assert handle["events:PutEvents"] == ["Bus.Arn"]
    assert "events:PutEvents" not in roles["MachineDigestRole"]


def test_services_reach_their_own_records_and_machines(everything: dict[str, Any]) -> None:
    roles = of(everything, "IAM::Role")
    for id_, operator, subject in (
        ("ServiceDecideRole", "ForAllValues:StringEquals", "approval"),
        ("ServiceEventsRole", "ForAllValues:StringLike", "event/*"),
    ):
        [table] = [one for one in statements(roles[id_]) if "dynamodb:Query" in one["Action"]]
        assert table["Condition"] == {operator: {"dynamodb:LeadingKeys": [subject]}}
        assert actions(roles[id_])["states:SendTaskSuccess"] == ["states:stateMachine:everything-dev-handle"]
    assert "states:SendTaskFailure" not in actions(roles["ServiceDecideRole"])
    api = actions(roles["ServiceApiRole"])["states:StartExecution"]
    assert api == ["states:stateMachine:everything-dev-digest", "states:stateMachine:everything-dev-handle"]


@pytest.mark.parametrize(
    ("model", "resources"),
    [
        (
            "amazon.nova-lite-v1:0",
            ["arn:${AWS::Partition}:bedrock:${AWS::Region}::foundation-model/amazon.nova-lite-v1:0"],
        ),
        (
            "eu.amazon.nova-lite-v1:0",
            [
                "bedrock:inference-profile/eu.amazon.nova-lite-v1:0",
                "arn:${AWS::Partition}:bedrock:*::foundation-model/amazon.nova-lite-v1:0",
            ],
        ),
        (
            "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc",
            [
                "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc",
                "arn:${AWS::Partition}:bedrock:*::foundation-model/*",
            ],
        ),
    ],
)
def test_a_model_is_asked_and_no_other(model: str, resources: list[str]) -> None:
    made = ask_model(model)
    assert [written(one["Resource"]) for one in made] == resources
    for statement in made[1:]:
        assert "bedrock:InferenceProfileArn" in statement["Condition"]["StringEquals"]


# --- triggers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cron", "written"),
    [
        ("0 8 * * MON-FRI", "cron(0 8 ? * 2-6 *)"),
        ("*/15 * * * *", "cron(0,15,30,45 * * * ? *)"),
        ("5 0 1,15 JAN *", "cron(5 0 1,15 1 ? *)"),
        ("0 0 * * 0", "cron(0 0 ? * 1 *)"),
        ("0 0 * * 6,7", "cron(0 0 ? * 1,7 *)"),
    ],
)
def test_schedules_by_the_clock(cron: str, written: str) -> None:
    assert expression(Schedule(None, cron)) == written  # type: ignore[arg-type]


@pytest.mark.parametrize(("seconds", "written"), [(60, "rate(1 minute)"), (5400, "rate(90 minutes)")])
def test_schedules_by_intervals(seconds: float, written: str) -> None:
    assert expression(Schedule(None, every=seconds)) == written  # type: ignore[arg-type]


def test_routes_say_who_may_call(everything: dict[str, Any]) -> None:
    routes = {route["RouteKey"]: route["AuthorizationType"] for route in of(everything, "ApiGatewayV2::Route").values()}
    assert routes == {
        "GET /approvals/{id}": "NONE",
        "POST /approvals/{id}": "NONE",
        "POST /orders": "AWS_IAM",
        "GET /orders/{run}": "AWS_IAM",
        "POST /contact": "NONE",
        "GET /contact/{run}": "NONE",
        "POST /digests": "JWT",
        "GET /digests/{run}": "JWT",
    }
    stage = everything["ApiStage"]["Properties"]
    assert stage["RouteSettings"] == {"POST /contact": {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10}}
    assert "query" not in stage["AccessLogSettings"]["Format"].lower()


def test_events_start_runs_and_wake_them(everything: dict[str, Any]) -> None:
    rules = of(everything, "Events::Rule")
    assert rules["EventsRule"]["EventPattern"] == {
        "source": [{"anything-but": ["skyloom.everything"]}],
        "detail-type": ["payment"],
    }
    [objects] = [rule for id_, rule in rules.items() if id_.startswith("Object")]
    assert objects["EventPattern"]["detail"]["object"] == {"key": [{"wildcard": "in/*.pdf"}]}
    [target] = objects["Targets"]
    given = target["InputTransformer"]["InputTemplate"]
    for name, value in (("bucket", '"b"'), ("key", '"k"'), ("size", "3")):
        given = given.replace(f"<{name}>", value)
    assert json.loads(given) == {"file": {"bucket": "b", "key": "k", "size": 3}}


def test_people_are_told_of_what_concerns_them(everything: dict[str, Any]) -> None:
    told = [
        (written(found["TopicArn"]), written(found["Endpoint"]), found.get("FilterPolicy"))
        for found in of(everything, "SNS::Subscription").values()
    ]
    others = {"to": [{"anything-but": ["finance"]}]}
    assert sorted(told, key=str) == [
        ("Alarms", "ServiceWebhookChatHook.Arn", None),
        ("Alarms", "ops@example.com", None),
        ("Approvals", "ServiceWebhookChatHook.Arn", others),
        ("Approvals", "finance@example.com", {"to": ["finance"]}),
        ("Approvals", "ops@example.com", others),
    ]


def test_an_address_has_one_subscription_of_a_topic(tmp_path: Path) -> None:
    """Whatever audiences it serves."""
    file = tmp_path / "asking.py"
    file.write_text(
        "from skyloom.flows import App, EmailNotifier, Secret, WebhookNotifier, approval, flow\n\n"
        "@flow\ndef ask(text: str) -> bool:\n    return approval(text, to='leads').approved\n\n"
        "hook = Secret('chat')\n"
        "app = App('asking', flows=[ask], resources=[hook], notify=[\n"
        "    WebhookNotifier(url=hook, to='leads'), WebhookNotifier(url=hook, to='board', alarms=True),\n"
        "    EmailNotifier(address='a@b.c', to='team'), EmailNotifier(address='a@b.c', alarms=True)])\n"
    )
    made = template(parts_of("asking", app=load_app(file), file=file))["Resources"]
    told = [
        (written(found["TopicArn"]), written(found["Endpoint"]), found.get("FilterPolicy"))
        for found in of(made, "SNS::Subscription").values()
    ]
    assert sorted(told, key=str) == [
        ("Alarms", "ServiceWebhookChat.Arn", None),
        ("Alarms", "a@b.c", None),
        ("Approvals", "ServiceWebhookChat.Arn", {"to": ["board", "leads"]}),
        ("Approvals", "a@b.c", {"to": [{"anything-but": ["board", "leads"]}]}),
    ]


# --- environments ---------------------------------------------------------------------------------------------------


def test_an_environment_decides_what_stays_and_what_is_logged() -> None:
    made = template(parts_of("everything", "prod"))["Resources"]
    for id_ in ("Values", "Waits", "Key", "QueueOrders", "SecretMailKey", "LinkKey"):
        assert (made[id_]["DeletionPolicy"], made[id_]["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert made["Waits"]["Properties"]["DeletionProtectionEnabled"] is True
    assert made["MachineHandleLog"]["DeletionPolicy"] == "Delete"
    assert made["MachineHandleLog"]["Properties"]["RetentionInDays"] == 365
    assert made["MachineHandle"]["Properties"]["LoggingConfiguration"]["IncludeExecutionData"] is True
    assert made["FunctionShip"]["Properties"]["ReservedConcurrentExecutions"] == 20
    assert "checkov" in made["FunctionShip"]["Metadata"]
    assert "CKV_AWS_115" not in json.dumps(made["FunctionShip"]["Metadata"]["checkov"])


def test_logs_are_kept_for_a_time_that_there_is() -> None:
    app = app_of("order_saga", "aws")
    odd = dataclasses.replace(app, environments={"dev": Environment(log_days=45)})
    made = template(parts_of("order_saga", app=odd))["Resources"]
    assert {log["RetentionInDays"] for log in of(made, "Logs::LogGroup").values()} == {60}


def test_an_app_has_only_what_it_needs() -> None:
    made = template(parts_of("order_saga"))["Resources"]
    types = {found["Type"] for found in made.values()}
    assert "AWS::Events::EventBus" in types
    assert not types & {"AWS::ApiGatewayV2::Api", "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret"}
    assert not [id_ for id_ in made if id_.startswith("Service")]


# --- names ----------------------------------------------------------------------------------------------------------


def test_logical_ids_read_well_and_are_never_shared() -> None:
    assert logical("Function", "search-articles") == "FunctionSearchArticles"
    names = ["a-b", "a_b", "aB", "ab", "a-1b", "a1b", "äb", "b"]
    pairs = [("a", "b"), ("ab", ""), ("", "ab")]
    ids = [logical("X", name) for name in names if name != "a_b"] + [logical("X", *pair) for pair in pairs]
    assert len(set(ids)) == len(ids)


def test_physical_names_fit() -> None:
    assert fitting("support-dev-answer", 64) == "support-dev-answer"
    long = [fitting("x" * 100 + end, 64) for end in "ab"]
    assert [len(name) for name in long] == [64, 64] and long[0] != long[1]
    assert re.fullmatch(r"[A-Za-z0-9_-]+", fitting("tür", 64))


# --- the services' package ------------------------------------------------------------------------------------------


def test_the_services_run_from_their_package_alone(tmp_path: Path) -> None:
    import subprocess
    import sys

    parts = parts_of("everything")
    files = service_files(parts.app, parts.programs, parts.workflows)
    for path, content in files.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    services = ("api", "decide", "events", "rotate", "start", "waits", "webhook")
    names = ", ".join(f"skyloom.deployers.aws.services.{name}" for name in services)
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import {names}\n"
        "from skyloom.deployers.services.starting import read_starts\n"
        f"assert skyloom.__path__ == [{str(tmp_path / 'skyloom')!r}], skyloom.__path__\n"
        "print(sorted(read_starts()), 'pydantic' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "POST /orders" in ran.stdout and ran.stdout.strip().endswith("False")
    assert sum(map(len, files.values())) < 150_000
