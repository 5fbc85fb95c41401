"""The functions of a file of cases, as a deployment of that file would upload them."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from conformance.on_aws.services import BUCKET
from conformance.suite import BUCKETS
from engines.aws.account import AwsAccount
from engines.aws.driving import make_function, zipped

from skyloom.adapters.hosts.claims import BUCKET_VARIABLE
from skyloom.deployers.aws.functions import FunctionSettings, helper_package, native_models, packages, packages_of_file
from skyloom.deployers.aws.workflow import HELPER, Invoke, WorkflowSettings
from skyloom.deployers.function_code import Built
from skyloom.deployers.fused import FusedTask
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.deployers.packaging import Package, running_python
from skyloom.flows.invoke import TRACE_VARIABLE


def settings_here() -> FunctionSettings:
    """Functions run on this machine."""
    architecture: Literal["arm64", "x86_64"] = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    return FunctionSettings(python=running_python(), architecture=architecture)


class AppFunctions:
    """The functions of one file's app."""

    def __init__(self, account: AwsAccount, file: Path, trace: Path) -> None:
        self._account = account
        self._settings = settings_here()
        self._built: Built = packages_of_file(file, settings=self._settings)
        self._variables = {
            TRACE_VARIABLE: str(trace),
            "SKYLOOM_APP": self._built.app.name,
            "SKYLOOM_ENV": "test",
            BUCKET_VARIABLE: BUCKET,
            **dict.fromkeys(BUCKETS, BUCKET),
        }

    @property
    def name(self) -> str:
        """The app's."""
        return self._built.app.name

    def workflow_settings(self) -> WorkflowSettings:
        """What the workflow compiler has to know."""
        groups = self._built.groups
        aliases = {prompt.model for program in self._built.programs.values() for prompt in program.prompts.values()}
        return WorkflowSettings(
            app=self.name,
            tasks={task: group.key for group in groups for task in group.tasks},
            prompts={prompt: group.key for group in groups for prompt in group.prompts},
            models=native_models(self._built.config, aliases),
        )

    def make(self, hoisted: Iterable[HoistedExpression], fused: Iterable[FusedTask]) -> dict[str, str]:
        """Makes the functions; their ARNs by placeholder."""
        built, found = self._built, dict(self._built.packages)
        together = tuple(fused)
        if together:
            found = packages(built.app, built.programs, built.groups, built.config, self._settings, together)
        expressions = tuple(hoisted)
        if expressions:
            found[HELPER] = helper_package(expressions, self._settings)
        return {Invoke(key).placeholder: self._make(key, package) for key, package in found.items()}

    def _make(self, key: str, package: Package) -> str:
        return make_function(
            self._account,
            f"{self.name}-{key}"[:64],
            zipped(package.files),
            handler=package.handler,
            timeout=75,
            variables=self._variables,
        )
