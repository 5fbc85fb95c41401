"""The code of the service functions on AWS."""

from __future__ import annotations

from collections.abc import Mapping

from skyloom.deployers import services_package
from skyloom.deployers.aws.machine.output import Workflow
from skyloom.deployers.services_package import starts_of
from skyloom.flows.app import App
from skyloom.flows.ir.program import Program


def service_files(app: App, programs: Mapping[str, Program], workflows: tuple[Workflow, ...]) -> Mapping[str, bytes]:
    """The files of the package `services`, by path."""
    express = {workflow.flow for workflow in workflows if workflow.kind == "EXPRESS"}
    starts = starts_of(app, programs, at_once=express)
    return services_package.service_files("deployers/aws/services", ["deployers/aws/errors.py"], starts)
