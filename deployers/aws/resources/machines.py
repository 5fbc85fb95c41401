"""State machines: each with a role that allows what its definition does, a log and alarms."""

from __future__ import annotations

from collections.abc import Iterator

from skyloom.deployers.aws.machine.output import Converse, Invoke, Json, PutEvents, StartExecution, Workflow
from skyloom.deployers.aws.resources.layout import Layout
from skyloom.deployers.aws.resources.observability import log_group, machine_alarms
from skyloom.deployers.aws.resources.permissions import (
    LOG_DELIVERY,
    SAMPLING,
    TRACING,
    Statement,
    allow,
    needed,
    own_account,
    role,
    unavoidable,
)
from skyloom.deployers.aws.resources.words import Resources, arn, att, logical, ref, resource, sub
from skyloom.deployers.declared import merged

BUS = "Bus"
"""The logical id of the app's bus."""


def machine_id(flow: str) -> str:
    """The logical id of a flow's machine."""
    return logical("Machine", flow)


def machines(layout: Layout) -> Resources:
    """Every machine of the app."""
    return merged(*(_machine(layout, workflow) for workflow in layout.parts.workflows))


def _machine(layout: Layout, workflow: Workflow) -> Resources:
    id_, name = machine_id(workflow.flow), layout.machines[workflow.flow]
    properties = {
        "StateMachineName": name,
        "StateMachineType": workflow.kind,
        "DefinitionS3Location": {
            "Bucket": ref("ArtifactsBucket"),
            "Key": layout.parts.definitions[workflow.flow],
        },
        "DefinitionSubstitutions": _substitutions(layout, workflow) or None,
        "RoleArn": att(f"{id_}Role"),
        "LoggingConfiguration": {
            "Level": "ALL",
            "IncludeExecutionData": layout.settings.log_data,
            "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": att(f"{id_}Log")}}],
        },
        "TracingConfiguration": {"Enabled": True},
    }
    statements = _statements(layout, workflow)
    trust = own_account("states", f"stateMachine:{name}")
    machine = resource("AWS::StepFunctions::StateMachine", properties, workflow.flow)
    if workflow.flow in layout.parts.programs:
        # For who starts a run without the app's file: input is checked, and made canonical, before it starts anything.
        machine["Metadata"]["Skyloom"]["input"] = layout.parts.programs[workflow.flow].flow.input_schema
    return {
        id_: machine,
        f"{id_}Role": role("states.amazonaws.com", statements, f"flow {workflow.flow}", trust),
        f"{id_}Log": log_group(layout, f"/aws/vendedlogs/states/{name}", workflow.flow),
        **machine_alarms(layout, id_, workflow.flow),
    }


def _statements(layout: Layout, workflow: Workflow) -> list[Statement]:
    """All functions in one statement; the rest one by one."""
    functions = [layout.functions[need.function] for need in sorted_needs(workflow) if isinstance(need, Invoke)]
    invoke = [allow("lambda:InvokeFunction", [att(function) for function in functions])] if functions else []
    others = [
        statement
        for need in sorted_needs(workflow)
        if not isinstance(need, Invoke)
        for statement in needed(need, layout.functions, layout.machines, BUS)
    ]
    unique = [statement for index, statement in enumerate(others) if statement not in others[:index]]
    return [*invoke, *unique, *map(unavoidable, (TRACING, SAMPLING, LOG_DELIVERY))]


def sorted_needs(workflow: Workflow) -> list[Invoke | StartExecution | PutEvents | Converse]:
    """What a machine needs, always in the same order."""
    return sorted(workflow.uses, key=repr)


def _substitutions(layout: Layout, workflow: Workflow) -> dict[str, Json]:
    """What stands for the names in `${...}` of the definition."""
    return dict(sorted(_substituted(layout, workflow)))


def _substituted(layout: Layout, workflow: Workflow) -> Iterator[tuple[str, Json]]:
    for need in workflow.uses:
        match need:
            case Invoke(function=function):
                yield need.placeholder, att(layout.functions[function])
            case StartExecution(flow=flow):
                yield need.placeholder, arn("states", f"stateMachine:{layout.machines[flow]}")
            case PutEvents():
                yield need.placeholder, ref(BUS)
            case Converse():
                pass


def machines_variable(layout: Layout, flows: list[str]) -> Json:
    """The ARNs of machines by flow, as a JSON text for a function's environment."""
    prefix = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:"
    named = ",".join(f'"{flow}":"{prefix}{layout.machines[flow]}"' for flow in sorted(set(flows)))
    return sub(f"{{{named}}}")
