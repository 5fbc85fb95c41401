"""What orchestrators on Azure Durable Functions are written with: steps, branches, maps, errors.

    def answer(run, ticket):
        kind = yield from run.call("triage", TRIAGE, ticket=ticket)  # TRIAGE = prompt("triage", 60)
        articles, history = yield from run.parallel(
            "parallel",
            lambda run: run.call("search", SEARCH, topic=kind["topic"]),
            lambda run: run.call("load_history", LOAD_HISTORY, customer=ticket["customer"]),
        )

Every method that waits is a generator, and gives a strand (`durable_strands`). Values travel as JSON text, which the
extension hands on as it is: it would read numbers and dates of JSON again, and write them otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from types import GeneratorType
from typing import Any, NamedTuple

from skyloom.adapters.hosts import durable_calls, durable_strands, durable_waits
from skyloom.adapters.hosts.durable_calls import Activity, fused, prompt, task
from skyloom.adapters.hosts.durable_strands import Context, Json, Strand, let_go
from skyloom.adapters.hosts.durable_texts import MOST_BYTES, error_text, output_text, read_text, too_large
from skyloom.adapters.hosts.durable_values import (
    Conversion,
    as_float,
    carried,
    each,
    entries,
    exactly,
    fields,
    fitting,
    items,
    one_of,
    result_of,
    whole,
)
from skyloom.adapters.hosts.wire import text_on_the_wire
from skyloom.errors import FlowTimedOut, TaskFailed
from skyloom.flows.outcome import ErrorValue, Raised

__all__ = [
    "ERRORS",
    "LEFT_OUT",
    "Activity",
    "Flow",
    "Run",
    "again",
    "arguments",
    "as_float",
    "each",
    "entries",
    "error_of",
    "exactly",
    "failure",
    "fields",
    "fitting",
    "flow",
    "fused",
    "is_a",
    "items",
    "let_go",
    "one_of",
    "orchestrated",
    "prompt",
    "task",
    "whole",
]

Body = Callable[..., Any]
"""A flow, a branch or the body of a map: takes the run, then values; a generator, or a value where nothing waits."""

ERRORS = (Raised, LookupError, ArithmeticError, ValueError, TypeError)
"""What a flow may catch: errors of steps, and what expressions raise. Others are faults of the program itself."""

LEFT_OUT: Json = object()
"""What an item of a map gives whose condition is false."""


class Run:
    """Where in a run statements stand.

    Attributes:
        context: the orchestration as Durable knows it.
        id: the run's id.
        main: the name of the run's main flow.
        tidying: what parts of the run that were given up leave to do.
        path: what stands in front of the paths of steps.
    """

    __slots__ = ("context", "id", "main", "path", "tidying")

    def __init__(self, context: Context, run_id: str, main: str, path: str, tidying: list[Strand]) -> None:
        self.context = context
        self.id = run_id
        self.main = main
        self.path = path
        self.tidying = tidying

    def _step(self, step: str) -> str:
        """The path of the step that is about to run."""
        return f"{self.path}/{step}"

    def _inside(self, path: str) -> Run:
        return Run(self.context, self.id, self.main, path, self.tidying)

    # --- steps --------------------------------------------------------------------------------------------------

    def call(self, step: str, activity: Activity, /, **arguments: Json) -> Strand:
        """Runs a task or asks a prompt, again as its policy says. Raises Raised."""
        return durable_calls.call(self, self._step(step), activity, arguments)

    def flow(self, step: str, flow: Flow, /, **arguments: Json) -> Strand:
        """Runs a flow to its end: it stands in the same orchestration."""
        body = self._inside(self._step(step))
        given = {name: carried(argument, f"{flow.name}: argument {name}") for name, argument in arguments.items()}
        return _flow(body, flow, given)

    def sleep(self, step: str, seconds: float) -> Strand:
        """Waits. 0 or less does not wait."""
        return durable_waits.sleep(self, self._step(step), seconds)

    def approval(self, step: str, message: str, **asked: Json) -> Strand:
        """Asks people for a decision, and waits for it; `durable_waits.approval` says what is asked."""
        return durable_waits.approval(self, self._step(step), message, **asked)

    def wait_for(self, step: str, event: str, **asked: Json) -> Strand:
        """Waits for an event, and gives its payload; `durable_waits.wait_for` says what is asked."""
        return durable_waits.wait_for(self, self._step(step), event, **asked)

    def emit(self, step: str, event: str, payload: Json, key: str | None = None) -> Strand:
        """Publishes an event."""
        shown = carried(whole(payload), "the payload of an event")
        request = {"event": event, "payload": shown, "key": key, "run": self.id}
        return durable_calls.ask(self, self._step(step), durable_calls.EMIT, request)

    def now(self) -> str:
        """The time, UTC, RFC 3339 with six digits of a second: that at which this part of the run was resumed."""
        return durable_waits.written(self.context.current_utc_datetime)

    def uuid(self) -> str:
        """A UUID that no other step of any run has; the same in every replay."""
        return str(self.context.new_guid())

    # --- steps that hold others ---------------------------------------------------------------------------------

    def parallel(self, step: str, *branches: Body) -> Strand:
        """Runs branches side by side: the list of what they give. The error is that of the first failing in order."""
        path = self._step(step)
        many = len(branches)
        return durable_strands.in_order(many, max(1, many), lambda n: branches[n](self._inside(f"{path}.{n}")))

    def race(self, step: str, *branches: Body) -> Strand:
        """Runs branches side by side: the first to end decides, the others are given up."""
        path = self._step(step)
        return durable_strands.first_to_end(len(branches), lambda n: branches[n](self._inside(f"{path}.{n}")))

    def map(self, step: str, values: list[Json], body: Body, limit: int) -> Strand:
        """Runs the body for every value, at most `limit` at once: the list of what it gives, `LEFT_OUT` left out."""
        path = self._step(step)
        return _kept(
            durable_strands.in_order(len(values), limit, lambda n: body(self._inside(f"{path}[{n}]"), values[n]))
        )


def _kept(strand: Strand) -> Strand:
    values = yield from strand
    return [value for value in values if value is not LEFT_OUT]


def _flow(run: Run, flow: Flow, arguments: dict[str, Json]) -> Strand:
    """Runs a flow below a path. Raises Raised with FlowTimedOut, or TaskFailed where its result is no JSON."""
    if flow.timeout is None:
        made = flow.body(run, **arguments)
        if isinstance(made, GeneratorType):
            made = yield from made
    else:
        made = yield from durable_strands.within(
            run.context, flow.timeout, run.path, lambda _: flow.body(run, **arguments), flow.late
        )
    return result_of(flow.name, made, flow.returns)


# --- flows ------------------------------------------------------------------------------------------------------------


class Flow(NamedTuple):
    """A flow: its name, its statements, seconds that it may take, what brings the numbers of its result to their
    types."""

    name: str
    body: Body
    timeout: float | None
    returns: Conversion | None

    def late(self) -> Exception:
        """The error that it ends with when its time is over."""
        return Raised.of(FlowTimedOut(f"{self.name} ran longer than {self.timeout:g} s"))


def flow(name: str, timeout: float | None = None, returns: Conversion | None = None) -> Callable[[Body], Flow]:
    """Makes a flow of a function that takes the run and the flow's arguments."""
    return lambda body: Flow(name, body, timeout, returns)


def arguments(context: Context) -> dict[str, Json]:
    """The arguments with which the orchestration was started, by name."""
    given: dict[str, Json] = read_text(context.get_input()) or {}
    return given


def orchestrated(context: Context, main: Flow, /, **arguments: Json) -> Generator[Any, Any, str]:
    """Runs a main flow as an orchestration. Its result is JSON text.

    Raises:
        RuntimeError: the flow ended with an error: the message is the JSON text of `{"type", "bases", "message"}`.
    """
    tidying: list[Strand] = []
    run = Run(context, context.instance_id, main.name, main.name, tidying)
    try:
        text = output_text((yield from durable_strands.driven(context, _flow(run, main, arguments), tidying)))
        size = too_large(text, times=1)
        if size:
            told = f"{main.name} returned {size:,} bytes of JSON; a run gives {MOST_BYTES:,} at most"
            raise Raised.of(TaskFailed(f"{told}: keep the value in a bucket and return its name"))
        return text
    except ERRORS as error:
        text = error_text(error_of(error))
        raise RuntimeError(text_on_the_wire(Raised.of(error).error) if too_large(text, times=1) else text) from error


# --- errors -----------------------------------------------------------------------------------------------------------


def failure(name: str, bases: tuple[str, ...], message: str) -> Raised:
    """A new error to be raised: class name, base classes nearest first, message."""
    return Raised(ErrorValue(name, bases, message))


def again(error: dict[str, Json]) -> Raised:
    """A caught error to be raised again."""
    return Raised(ErrorValue.from_json(error))


def error_of(raised: Exception) -> dict[str, Json]:
    """What a flow's variable holds for a caught error: `{"type", "bases", "message"}`."""
    return Raised.of(raised).error.to_json()


def is_a(raised: Exception, *names: str) -> bool:
    """Whether the error's class, or one of its bases, is one of `names`."""
    return Raised.of(raised).error.is_a(*names)
