"""The Terraform configuration: what is in it, who may do what, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from clouds.apps import app_of

from skyloom.deployers.bundle import Bundle
from skyloom.deployers.functions import load_app
from skyloom.deployers.gcp.compiling import compile_app
from skyloom.deployers.gcp.functions import FunctionSettings
from skyloom.deployers.gcp.resources.gateway import region_of_gateway
from skyloom.deployers.gcp.resources.triggers import NoSuchSchedule, _filters, expression
from skyloom.deployers.gcp.resources.words import block_name, cloud_name, plain
from skyloom.errors import CheckFailed
from skyloom.flows.app import App, EmailNotifier, Http, Jwt, Queue, Schedule

SAGA = Path(__file__).parents[3] / "examples/order_saga/order_saga.py"
SETTINGS = FunctionSettings(python="3.13", pinned=False)

Json = Any


def compiled(app: App, environment: str = "dev") -> Bundle:
    return compile_app(app, environment, SETTINGS).bundle


def main_of(bundle: Bundle) -> Json:
    return json.loads(bundle.files["main.tf.json"])


@pytest.fixture(scope="module")
def app() -> App:
    return app_of("everything", "gcp")


@pytest.fixture(scope="module")
def bundle(app: App) -> Bundle:
    return compiled(app)


@pytest.fixture(scope="module")
def resources(bundle: Bundle) -> Json:
    return main_of(bundle)["resource"]


def granted(resources: Json, who: str) -> set[tuple[str, str]]:
    """Which roles an account has, and where: type of resource and what the binding names."""
    member = f"serviceAccount:${{google_service_account.{who}.email}}"
    places = ("name", "bucket", "topic", "secret_id", "crypto_key_id", "project")
    return {
        (body["role"], next(str(body[place]) for place in places if place in body))
        for type_, blocks in resources.items()
        if type_.endswith("_member")
        for body in blocks.values()
        if body["member"] == member
    }


# --- least privilege ------------------------------------------------------------------------------------------------


def test_a_workflow_may_do_what_its_steps_do(resources: Json) -> None:
    called = ("ship", "store", "waits")
    assert granted(resources, "flow_handle") >= {
        *(("roles/run.invoker", f"${{google_cloudfunctions2_function.{key}.name}}") for key in called),
        ("roles/pubsub.publisher", "${google_pubsub_topic.events.id}"),
        ("roles/logging.logWriter", "${var.project}"),
    }
    assert granted(resources, "flow_digest") == {
        ("roles/run.invoker", "${google_cloudfunctions2_function.notify_2e1206.name}"),
        ("roles/logging.logWriter", "${var.project}"),
    }


def test_a_function_may_do_what_its_tasks_may(resources: Json) -> None:
    values = ("roles/storage.objectUser", "${google_storage_bucket.values.name}")
    assert granted(resources, "function_ship") == {
        values,
        ("roles/pubsub.publisher", "${google_pubsub_topic.queue_orders.id}"),
    }
    assert granted(resources, "function_store") == {
        values,
        ("roles/storage.objectUser", "${google_storage_bucket.bucket_inbox.name}"),
    }
    assert granted(resources, "function_notify_2e1206") == {
        values,
        ("roles/storage.objectViewer", "${google_storage_bucket.bucket_inbox.name}"),
        ("roles/secretmanager.secretAccessor", "${google_secret_manager_secret.mail_key.id}"),
    }
    assert ("${google_project_iam_custom_role.models.id}", "${var.project}") in granted(resources, "function_judge")


def test_functions_reach_their_own_part_of_the_bucket_only(resources: Json) -> None:
    parts = {
        name: body["condition"][0]["title"]
        for name, body in resources["google_storage_bucket_iam_member"].items()
        if body["bucket"] == "${google_storage_bucket.values.name}"
    }
    assert parts["function_ship__values__objectUser__values"] == "below values/"
    assert parts["function_decide__values__objectUser__waits"] == "below waits/"
    assert parts["function_api__values__objectUser__starts"] == "below starts/"
    expression_ = resources["google_storage_bucket_iam_member"]["function_decide__values__objectUser__waits"]
    listed = 'api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("waits/")'
    assert listed in expression_["condition"][0]["expression"]


def test_nobody_calls_a_function_but_those_that_are_bound(resources: Json) -> None:
    bindings = resources["google_cloud_run_v2_service_iam_member"]
    callers: dict[str, set[str]] = {}
    for body in bindings.values():
        callers.setdefault(body["name"].split(".")[1], set()).add(body["member"].split(".")[1])
    assert callers["decide"] == callers["api"] == {"gateway"}
    assert callers["events"] == callers["notify_chat_hook"] == {"push"}
    assert callers["waits"] == callers["ship"] == {"flow_handle"}
    assert set(callers) == set(resources["google_cloudfunctions2_function"])


# --- what there is --------------------------------------------------------------------------------------------------


def test_the_app_without_triggers_has_no_services() -> None:
    found = main_of(compiled(load_app(SAGA)))["resource"]
    absent = {
        "google_api_gateway_api",
        "google_kms_crypto_key",
        "google_pubsub_subscription",
        "google_cloud_scheduler_job",
    }
    assert not absent & found.keys()
    assert sorted(found["google_cloudfunctions2_function"]) == ["helper", "tasks", "tasks_20s"]


def test_a_function_is_built_and_run_as_its_group_needs(resources: Json) -> None:
    (config,) = resources["google_cloudfunctions2_function"]["ship"]["service_config"]
    assert (config["timeout_seconds"], config["available_memory"]) == (70, "512Mi")
    assert config["max_instance_request_concurrency"] == 1
    assert config["environment_variables"] == {
        "GOOGLE_CLOUD_PROJECT": "${var.project}",
        "SKYLOOM_APP": "everything",
        "SKYLOOM_BUCKET": "gs://${google_storage_bucket.values.name}",
        "SKYLOOM_ENV": "dev",
        "SKYLOOM_QUEUE_ORDERS": "${google_pubsub_topic.queue_orders.id}",
        "THREADS": "1",
    }
    (build,) = resources["google_cloudfunctions2_function"]["ship"]["build_config"]
    assert (build["runtime"], build["entry_point"]) == ("python313", "handler")
    code = build["source"][0]["storage_source"][0]
    assert code == {"bucket": "${local.artifacts}", "object": "${local.source__ship}"}


def test_workflows_find_what_they_call_in_their_variables(resources: Json) -> None:
    flow = resources["google_workflows_workflow"]["handle"]
    assert flow["user_env_vars"]["SKYLOOM_FUNCTION_WAITS"] == (
        "${google_cloudfunctions2_function.waits.service_config[0].uri}"
    )
    assert flow["user_env_vars"]["SKYLOOM_TOPIC"] == "${google_pubsub_topic.events.id}"
    assert flow["source_contents"] == '${file("${path.module}/workflows/handle.yaml")}'
    assert len(flow["user_env_vars"]) <= 20


def test_events_from_outside_go_to_runs_and_all_events_to_triggers(resources: Json) -> None:
    subscriptions = resources["google_pubsub_subscription"]
    assert subscriptions["events"]["filter"] == 'NOT attributes:app AND (attributes.event = "payment")'
    (start,) = [body for name, body in subscriptions.items() if name.startswith("start_follow_up")]
    assert start["filter"] == 'attributes.event = "shipped"'


def test_filters_keep_to_what_pubsub_takes() -> None:
    names = [f"an-event-with-a-long-name-{number}" for number in range(20)]
    filters = _filters(names)
    assert all(len(one.encode()) <= 256 for one in filters)
    assert sum(one.count("attributes.event") for one in filters) == 20
    assert _filters(["x" * 300]) == ["NOT attributes:app"]
    assert _filters([]) == ["NOT attributes:app"]


def test_the_gateway_checks_tokens_and_calls_functions_as_itself(bundle: Bundle) -> None:
    document = json.loads(bundle.files["openapi.json"])
    assert sorted(document["paths"]) == ["/approvals/{id}", "/contact", "/contact/{run}", "/digests", "/digests/{run}"]
    (issuer,) = document["securityDefinitions"].values()
    assert (issuer["x-google-issuer"], issuer["x-google-audiences"]) == ("https://login.example.com/", "shop")
    assert document["paths"]["/digests"]["post"]["security"]
    assert "security" not in document["paths"]["/contact"]["post"]
    backend = document["paths"]["/contact"]["post"]["x-google-backend"]
    assert (backend["address"], backend["jwt_audience"]) == ("${api}", "${api}")
    # Who comes by IAM calls the function itself.
    assert "iam_api_url" in main_of(bundle)["output"]


def test_a_public_route_has_a_bounded_number_of_requests_at_once(resources: Json) -> None:
    (api,) = resources["google_cloudfunctions2_function"]["api"]["service_config"]
    assert api["max_instance_count"] == 10


def test_environments_differ_in_what_they_keep_and_log(app: App) -> None:
    for environment, kept in (("dev", False), ("prod", True)):
        made = main_of(compiled(app, environment))["resource"]
        assert made["google_storage_bucket"]["bucket_inbox"]["force_destroy"] is not kept
        assert made["google_storage_bucket"]["access_logs"]["force_destroy"]
        assert made["google_logging_project_bucket_config"]["log"]["retention_days"] == (365 if kept else 30)
        level = made["google_workflows_workflow"]["handle"]["call_log_level"]
        assert level == ("LOG_ALL_CALLS" if kept else "LOG_ERRORS_ONLY")
        (running,) = made["google_cloudfunctions2_function"]["ship"]["service_config"]
        assert running["max_instance_count"] == (20 if kept else 100)


def test_what_holds_data_says_so(resources: Json) -> None:
    kept = {
        f"{type_}.{name}" for type_, blocks in resources.items() for name, b in blocks.items() if b["//"].get("keep")
    }
    assert {
        "google_storage_bucket.bucket_inbox",
        "google_storage_bucket.values",
        "google_secret_manager_secret.mail_key",
        "google_pubsub_topic.queue_orders",
        "google_pubsub_subscription.dead_letters",
    } <= kept
    # What stays must not be in the way of the next deployment.
    named = {"google_storage_bucket": "name", "google_secret_manager_secret": "secret_id"}
    for address in kept:
        type_, _, name = address.partition(".")
        assert "${random_id.suffix.hex}" in resources[type_][name][named.get(type_, "name")]


def test_no_two_names_are_the_same_and_all_keep_to_the_rules(resources: Json) -> None:
    limits = {"google_service_account": ("account_id", 30), "google_cloudfunctions2_function": ("name", 49)}
    for type_, (argument, longest) in limits.items():
        names = [body[argument] for body in resources[type_].values()]
        assert len(set(names)) == len(names)
        assert all(6 <= len(name) <= longest for name in names)


def test_text_of_the_users_is_never_an_expression(app: App) -> None:
    schedule = Schedule(app.flows[1], "0 8 * * *", input={"days": 1, "note": "${var.project} %{if}"})
    made = main_of(compiled(replace(app, triggers=[schedule])))["resource"]
    (job,) = made["google_cloud_scheduler_job"].values()
    assert "$${var.project} %%{if}" in job["http_target"][0]["body"]
    assert plain("a ${b}") == "a $${b}"


# --- the clock ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cron": "0 8 * * MON-FRI"}, "0 8 * * 1,2,3,4,5"),
        ({"cron": "*/15 * 1 * *"}, "0,15,30,45 * 1 * *"),
        ({"every": 60.0}, "* * * * *"),
        ({"every": 900.0}, "*/15 * * * *"),
        ({"every": 3600.0}, "0 */1 * * *"),
        ({"every": 6 * 3600.0}, "0 */6 * * *"),
        ({"every": 24 * 3600.0}, "0 0 * * *"),
    ],
)
def test_schedules_are_written_as_crontab(app: App, given: dict[str, Any], expected: str) -> None:
    assert expression(Schedule(app.flows[1], **given)) == expected


@pytest.mark.parametrize("minutes", [7, 45, 90, 5 * 60, 48 * 60])
def test_what_crontab_cannot_say_is_refused(app: App, minutes: int) -> None:
    with pytest.raises(NoSuchSchedule):
        expression(Schedule(app.flows[1], every=minutes * 60.0))


# --- refusals -------------------------------------------------------------------------------------------------------


def jwt(app: App) -> App:
    return replace(app, triggers=[Http(app.flows[1], "/d", Jwt(issuer="https://x/", audience=["a"], scopes=["s"]))])


def mail(app: App) -> App:
    return replace(app, notify=[EmailNotifier(address="a@example.com")])


def odd(app: App) -> App:
    return replace(app, triggers=[Schedule(app.flows[1], every=7 * 60.0)])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (jwt, "SKY741 API Gateway checks no scopes: `/d` wants s"),
        (mail, "SKY741 Google Cloud sends no mail of its own making: a@example.com would hear of no approval"),
        (odd, "SKY741 Cloud Scheduler cannot start `digest` every 7 minutes"),
    ],
)
def test_what_google_cloud_has_not_is_refused(app: App, change: Callable[[App], App], told: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        compiled(change(app))
    assert told in str(caught.value)


def test_what_is_kept_in_another_way_is_told(app: App) -> None:
    changed = replace(app, resources=[*app.resources, Queue("few", attempts=2)])
    told = [found.message for found in compile_app(changed, "dev", SETTINGS).diagnostics if found.code == "SKY742"]
    assert told == [
        "queue `few`: a message is tried 5 times, not 2",
        "`/contact`: at most 10 requests at once, but any number a second",
    ]


# --- names ----------------------------------------------------------------------------------------------------------


def test_names() -> None:
    assert cloud_name(49, "shop-dev", "price") == "shop-dev-price"
    assert cloud_name(49, "shop-dev", "follow_up") != cloud_name(49, "shop-dev", "follow-up")
    assert len(cloud_name(30, "a" * 32, "b" * 40)) == 30
    assert cloud_name(30, "a" * 32, "b") != cloud_name(30, "a" * 32, "c")
    assert block_name("flow-place_order", "tasks-20s") == "flow_place_order__tasks_20s"
    assert block_name("email a@b.c") != block_name("email a@b-c")
    assert '"europe-west3"' not in region_of_gateway()
