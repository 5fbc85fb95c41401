"""The port of an engine: where that which a deployer compiles runs, so that cases can be tried on it.

The distribution of a deployer registers its engine in the group `skyloom.conformance`, under the name of its target:

    [project.entry-points."skyloom.conformance"]
    mycloud = "skyloom_mycloud.conformance:MyCloudEngine"

It may be the service itself, an emulator, or something of the author's own that carries the definitions out.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from skyloom.conformance.audience import Audience
from skyloom.conformance.capabilities import Capability
from skyloom.conformance.gaps import Gap
from skyloom.conformance.observed import Observed
from skyloom.flows.ir.program import Program
from skyloom.flows.outcome import Json


class Deployed(Protocol):
    """The flows of a file of cases, ready to run."""

    def run(self, flow: str, arguments: Mapping[str, Json], audience: Audience) -> Observed:
        """Runs a flow to its end, and tells what was seen. An error of the flow is an outcome, and not raised.

        One run at a time, each in a thread of its own: a run that takes too long is left behind there, counts as a
        difference, and the next one begins.

        The attempts of tasks can be had from Skyloom's hosts: a function whose environment has `SKYLOOM_TRACE` writes a
        line of JSON with `task`, `arguments` and the idempotency `key` to that file for each.

        Args:
            flow: its name.
            arguments: JSON, checked already; parameters that it leaves out take their defaults.
            audience: answers what the run waits for.

        Raises:
            CheckFailed: the compiler refuses the flow.
        """


class Engine(Protocol):
    """Where a deployer's flows run. Making one is cheap. What it declares may be plain attributes.

    Attributes:
        capabilities: what the target can do. A case that needs more must be refused, with a diagnostic that has a place
            and a hint, and counts as `never`.
        exact: whether 2 and 2.0 stay apart where the type of a value does not tell. Services that keep values as JSON
            seldom do.
        gaps: what is known not to be as a case says, by `file/case`.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` is empty, and there until all has ended."""

    @property
    def capabilities(self) -> frozenset[Capability]: ...

    @property
    def exact(self) -> bool: ...

    @property
    def gaps(self) -> Mapping[str, Gap]: ...

    def deployed(self, file: Path, programs: Mapping[str, Program]) -> AbstractContextManager[Deployed]:
        """Compiles and deploys flows of one file, and removes them in the end. One that the compiler refuses does not
        hinder the others.

        Args:
            file: the Python file, with the tasks and the file's `skyloom.toml`, if any, beside it. What takes an `App`
                is given `skyloom.deployers.functions.load_app(file, None)`: all flows of the file.
            programs: by name of the flow.
        """
