"""Workflows: each with a service account that may do what its steps do."""

from __future__ import annotations

from collections.abc import Iterator

from skyloom.deployers.declared import merged
from skyloom.deployers.gcp.flow.output import AskModel, Invoke, Need, Publish, StartItself, Workflow
from skyloom.deployers.gcp.resources.accounts import (
    LOG_WRITER,
    MODELS,
    RUNS_ITSELF,
    account,
    account_address,
    calls,
    member_of,
    project_member,
    topic_member,
)
from skyloom.deployers.gcp.resources.layout import Layout
from skyloom.deployers.gcp.resources.topics import EVENTS
from skyloom.deployers.gcp.resources.words import REGION, Resources, ref, resource


def workflows(layout: Layout) -> Resources:
    """Every workflow of the app."""
    return merged(*(_workflow(layout, workflow) for workflow in layout.parts.workflows))


def flow_account(flow: str) -> str:
    """The name of a workflow's service account."""
    return f"flow-{flow}"


def source_file(flow: str) -> str:
    """Where a workflow's source lies in the bundle."""
    return f"workflows/{flow}.yaml"


def _workflow(layout: Layout, workflow: Workflow) -> Resources:
    flow, who = workflow.flow, flow_account(workflow.flow)
    data = layout.settings.log_data
    arguments = {
        "name": layout.workflow_name(flow),
        "region": REGION,
        "description": f"The flow {flow} of {layout.prefix}",
        "labels": layout.labels,
        "service_account": ref(account_address(who)),
        "source_contents": f'${{file("${{path.module}}/{source_file(flow)}")}}',
        "user_env_vars": dict(sorted(_variables(layout, workflow).items())) or None,
        # The log of all calls holds the values that flow through a run.
        "call_log_level": "LOG_ALL_CALLS" if data else "LOG_ERRORS_ONLY",
        "execution_history_level": "EXECUTION_HISTORY_DETAILED" if data else "EXECUTION_HISTORY_BASIC",
        "deletion_protection": False,
    }
    rights = [made for need in sorted(workflow.uses, key=repr) for made in _allowed(layout, who, need)]
    return merged(
        {layout.workflow(flow): resource("flow", arguments, flow)},
        account(layout, who, f"Runs the flow {flow}"),
        project_member(who, LOG_WRITER),
        *{repr(made): made for made in rights}.values(),
    )


def _variables(layout: Layout, workflow: Workflow) -> dict[str, str]:
    """Where the workflow finds what it calls."""
    found: dict[str, str] = {}
    for need in workflow.uses:
        match need:
            case Invoke(function=key):
                found[need.variable] = f"${{{layout.function(key)}.service_config[0].uri}}"
            case Publish():
                found[need.variable] = ref(EVENTS)
            case _:
                pass
    return found


def _allowed(layout: Layout, who: str, need: Need) -> Iterator[Resources]:
    match need:
        case Invoke(function=key):
            yield calls(who, layout.function(key), key)
        case Publish():
            yield topic_member(who, member_of(who), EVENTS, "events")
        case StartItself():
            yield project_member(who, RUNS_ITSELF)
        case AskModel():
            yield project_member(who, MODELS)
