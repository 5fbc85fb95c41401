"""Deploys the flows of a file of cases: functions, and a state machine for each flow that a case starts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from conformance.case import Case
from conformance.on_aws.functions import AppFunctions
from conformance.on_aws.services import AppServices
from engines.aws.account import AwsAccount

from skyloom.conformance.case import programs_of
from skyloom.deployers.aws.workflow import StartExecution, Workflow, compile_workflows
from skyloom.deployers.fused import FusedTask, all_fused
from skyloom.deployers.hoisted import merged


@dataclass
class Deployed:
    """The app of a file.

    Attributes:
        machines: ARNs of state machines, by name of the flow that a case starts.
        refusals: why a flow could not be deployed.
        trace: where the host writes down the attempts of tasks.
        fused: calls that share invocations, by name.
    """

    trace: Path
    machines: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, Exception] = field(default_factory=dict)
    fused: dict[str, FusedTask] = field(default_factory=dict)


def deploy(account: AwsAccount, services: AppServices, file: Path, cases: Iterable[Case], folder: Path) -> Deployed:
    """Compiles and deploys all flows of these cases. A flow that cannot be does not hinder the others."""
    deployed = Deployed(folder / f"{file.stem}.jsonl")
    functions = AppFunctions(account, file, deployed.trace)
    settings = functions.workflow_settings()
    compiled: dict[str, tuple[Workflow, ...]] = {}
    for name, program in programs_of(cases).items():
        try:
            compiled[name] = compile_workflows(program, settings)
        except Exception as problem:
            deployed.refusals[name] = problem
    made = [workflow for workflows in compiled.values() for workflow in workflows]
    deployed.fused = {one.name: one for one in all_fused(made)}
    arns = functions.make(merged(made), deployed.fused.values())
    for name, workflows in compiled.items():
        try:
            deployed.machines[name] = _make_machines(account, services, f"{functions.name}-{name}", workflows, arns)
        except Exception as problem:
            deployed.refusals[name] = problem
    return deployed


def _make_machines(
    account: AwsAccount, services: AppServices, prefix: str, workflows: tuple[Workflow, ...], functions: dict[str, str]
) -> str:
    """The ARN of the main flow's machine; names of machines hold at most 80 characters."""
    client = account.client("stepfunctions")
    names = {workflow.flow: f"{prefix}-{index}"[-80:].strip("-") for index, workflow in enumerate(workflows)}
    arns = {flow: f"arn:aws:states:{account.region}:{account.id}:stateMachine:{name}" for flow, name in names.items()}
    known = {**services.substitutions, **functions}
    known |= {StartExecution(flow).placeholder: arn for flow, arn in arns.items()}
    for workflow in workflows:
        client.create_state_machine(
            name=names[workflow.flow],
            definition=_substituted(workflow, known),
            roleArn=account.role,
            type=workflow.kind,
        )
    return arns[workflows[0].flow]


def _substituted(workflow: Workflow, known: dict[str, str]) -> str:
    """What CloudFormation does with DefinitionSubstitutions."""

    def value(found: re.Match[str]) -> str:
        return json.dumps(known[found[1]])[1:-1] if found[1] in workflow.placeholders else found[0]

    return re.sub(r"\$\{(\w+)\}", value, json.dumps(workflow.definition, ensure_ascii=False))
