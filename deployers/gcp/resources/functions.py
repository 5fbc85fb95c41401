"""Functions: each with its own service account, called by nobody but those that are bound to it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from skyloom.deployers.declared import merged
from skyloom.deployers.functions import (
    AskModel,
    FunctionGroup,
    Permission,
    ReadBucket,
    ReadSecret,
    SendQueue,
    WriteBucket,
)
from skyloom.deployers.gcp.flow.output import HELPER
from skyloom.deployers.gcp.resources.accounts import (
    MODELS,
    account,
    account_address,
    bucket_member,
    member_of,
    project_member,
    secret_member,
    topic_member,
)
from skyloom.deployers.gcp.resources.buckets import VALUE_OBJECTS, VALUES
from skyloom.deployers.gcp.resources.building import BUILD_RIGHTS, BUILDER, REPOSITORY
from skyloom.deployers.gcp.resources.code import source
from skyloom.deployers.gcp.resources.layout import Layout
from skyloom.deployers.gcp.resources.words import ARTIFACTS, PROJECT, REGION, Json, Resources, ref, resource
from skyloom.flows.resources import variable_of

MEMORY = 512
"""MiB of a function that asks for nothing else. The share of a processor goes with it: a third of one.
https://cloud.google.com/run/docs/configuring/services/memory-limits"""
LONGEST_SECONDS = 3600
"""https://cloud.google.com/functions/quotas#time_limits"""
INSTANCES = 100
"""Instances of a function at once where the environment says nothing."""
_MARGIN = 10
"""Seconds that a function has above the timeout of its tasks, which its host keeps."""
_HELPER_SECONDS = 70
_ENTRY = "main"

INSIDE, ANYWHERE = "ALLOW_INTERNAL_ONLY", "ALLOW_ALL"
"""Where calls come from: Workflows and Pub/Sub of the same project count as inside, API Gateway does not; IAM decides
in either case. https://cloud.google.com/run/docs/securing/ingress#internal-services"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function as its app needs it.

    Attributes:
        key: its name in the app.
        does: what it is there for, in a sentence.
        code: the key of its code.
        instances: how many may run at once; None leaves it to the environment.
        grants: what its account may do.
        runtime: by default what the app's own code is built for.
    """

    key: str
    does: str
    code: str
    timeout: int
    memory: int = MEMORY
    ingress: str = INSIDE
    instances: int | None = None
    grants: Sequence[Resources] = ()
    variables: Mapping[str, Json] = field(default_factory=dict)
    runtime: str | None = None


def function(layout: Layout, wanted: Function) -> Resources:
    """A function with what belongs to it."""
    entry = layout.parts.entries.get(wanted.code, _ENTRY)
    who = function_account(wanted.key)
    arguments = {
        "name": layout.function_name(wanted.key),
        "location": REGION,
        "description": wanted.does,
        "labels": layout.labels,
        "build_config": [
            {
                "runtime": wanted.runtime or layout.parts.runtime,
                "entry_point": "handler",
                "source": [{"storage_source": [{"bucket": ARTIFACTS, "object": source(wanted.code)}]}],
                "service_account": ref(BUILDER),
                "docker_repository": ref(REPOSITORY),
                "environment_variables": None if entry == _ENTRY else {"GOOGLE_FUNCTION_SOURCE": f"{entry}.py"},
            }
        ],
        "service_config": [_running(layout, wanted, who)],
    }
    build = arguments["build_config"]
    assert isinstance(build, list)
    build[0] = {name: value for name, value in build[0].items() if value is not None}
    made = resource("function", arguments, wanted.key, after=BUILD_RIGHTS)
    return merged({layout.function(wanted.key): made}, account(layout, who, wanted.does), *wanted.grants)


def _running(layout: Layout, wanted: Function, who: str) -> Json:
    about = {
        "SKYLOOM_APP": layout.app.name,
        "SKYLOOM_ENV": layout.parts.environment,
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        # One request at a time, in the main thread, where a signal can end it.
        # https://cloud.google.com/functions/docs/configuring/concurrency
        "THREADS": "1",
    }
    return {
        "available_memory": f"{wanted.memory}Mi",
        "timeout_seconds": wanted.timeout,
        "min_instance_count": 0,
        "max_instance_count": wanted.instances or layout.settings.concurrency or INSTANCES,
        "max_instance_request_concurrency": 1,
        "environment_variables": dict(sorted({**about, **wanted.variables}.items())),
        "ingress_settings": wanted.ingress,
        "all_traffic_on_latest_revision": True,
        "service_account_email": ref(account_address(who), "email"),
    }


def function_account(key: str) -> str:
    """The name of a function's service account."""
    return f"function-{key}"


# --- functions of tasks and prompts ---------------------------------------------------------------------------------


def functions(layout: Layout) -> Resources:
    """The functions of the app's tasks and prompts, and its helper."""
    made = [function(layout, _of_group(layout, group)) for group in layout.parts.groups]
    if layout.has_helper:
        made.append(function(layout, _helper()))
    return merged(*made)


def _of_group(layout: Layout, group: FunctionGroup) -> Function:
    names = [*group.tasks, *group.prompts]
    return Function(
        key=group.key,
        does=f"Runs {', '.join(names)}"[:256],
        code=group.key,
        timeout=min(LONGEST_SECONDS, math.ceil(group.timeout) + _MARGIN),
        memory=group.memory or MEMORY,
        grants=[_claims(group.key), *_granted(layout, group)],
        variables={**_bucket_variable(), **_variables(layout, group.permissions)},
    )


def _helper() -> Function:
    return Function(
        key=HELPER,
        does="Evaluates the expressions that workflows cannot",
        code=HELPER,
        timeout=_HELPER_SECONDS,
        grants=[_claims(HELPER, "objectViewer")],
        variables=_bucket_variable(),
    )


def _claims(key: str, role: str = "objectUser") -> Resources:
    """Values that are too large to travel with a run wait in the app's bucket; the helper only reads them."""
    who = function_account(key)
    return bucket_member(who, member_of(who), VALUES, f"roles/storage.{role}", "values", VALUE_OBJECTS)


def _bucket_variable() -> dict[str, Json]:
    return {"SKYLOOM_BUCKET": f"gs://{ref(VALUES, 'name')}"}


def _granted(layout: Layout, group: FunctionGroup) -> list[Resources]:
    who = function_account(group.key)
    return list({repr(made): made for made in (_permitted(layout, who, one) for one in group.permissions)}.values())


def _permitted(layout: Layout, who: str, permission: Permission) -> Resources:
    """What lets a function do what its tasks may."""
    match permission:
        case ReadBucket(bucket=name):
            bucket = layout.owned[f"bucket {name}"]
            return bucket_member(who, member_of(who), bucket, "roles/storage.objectViewer", name)
        case WriteBucket(bucket=name):
            bucket = layout.owned[f"bucket {name}"]
            return bucket_member(who, member_of(who), bucket, "roles/storage.objectUser", name)
        case SendQueue(queue=name):
            return topic_member(who, member_of(who), layout.owned[f"queue {name}"], name)
        case ReadSecret(secret=name):
            return secret_member(who, layout.owned[f"secret {name}"], name)
        case AskModel():
            return project_member(who, MODELS)


def _variables(layout: Layout, permissions: Sequence[Permission]) -> dict[str, Json]:
    """Where the function finds what it may use."""
    found: dict[str, Json] = {}
    for permission in permissions:
        match permission:
            case ReadBucket(bucket=name) | WriteBucket(bucket=name):
                found[variable_of("BUCKET", name)] = ref(layout.owned[f"bucket {name}"], "name")
            case SendQueue(queue=name):
                found[variable_of("QUEUE", name)] = ref(layout.owned[f"queue {name}"])
            case ReadSecret(secret=name):
                found[variable_of("SECRET", name)] = f"{ref(layout.owned[f'secret {name}'])}/versions/latest"
            case _:
                pass
    return found
