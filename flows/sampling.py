"""A sample run: a flow called once as plain Python, for the calls that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skyloom.errors import Diagnostic, SkyloomError, UserError
from skyloom.flows import invoke
from skyloom.flows.definitions import Flow
from skyloom.flows.outcome import Json
from skyloom.flows.runner.launch import prepare
from skyloom.flows.testing import approve, script

_APPROVALS = 10_000
"""More than any sample asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a sample run did.

    Attributes:
        calls: kind and name of each call, in order, those of sub-flows among them; sub-flows themselves are none.
        error: the class of the error it ended with.
    """

    calls: tuple[tuple[str, str], ...]
    error: str | None = None


def sample(flow: Flow[..., Any], arguments: Mapping[str, Json]) -> Sample:
    """Calls the flow. Its tasks run; its prompts ask the configured models; every approval is given at once.

    Raises:
        CheckFailed: the flow does not compile.
        InvalidInput: the arguments are not those of the flow.
        UserError: SKY774, the flow waits for an event, which a sample run has none of.
    """
    decoded = invoke.decode_arguments(flow, prepare(flow, dict(arguments)).arguments)
    error: str | None = None
    with script(approvals=[approve()] * _APPROVALS) as active:
        try:
            flow(**decoded)
        except UserError:
            raise
        except SkyloomError as problem:
            if type(problem) is SkyloomError:
                raise UserError(Diagnostic("SKY774", f"no sample run of {flow.name}: {problem}", "--input")) from None
            error = type(problem).__name__
        except Exception as problem:
            error = type(problem).__name__
    return Sample(calls=tuple((call.kind, call.name) for call in active.calls if call.kind != "flow"), error=error)
