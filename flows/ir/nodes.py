"""The statements of a flow, and the flow itself: what every engine has to carry out.

A closed set: walk it with `match` and end with `assert_never`. Expressions (`skyloom.flows.expr.nodes`) are pure, so
order matters between statements only. A statement that waits on the outside world is a `Step`: it has an `id`, unique
in its flow and taken from the source (`search`, `search_2`), by which engines name states, tasks and journal entries,
and it is the only place where work is recorded, retried, timed out and resumed.

Variables are local to the flow. Bodies of `Map` and branches of `Parallel` and `Race` are inner scopes: they read the
variables around them, assign only their own, and give back one value. Values are never shared: assigning, passing and
capturing a value means a copy (the front end refuses the programs in which Python could tell the difference).

Errors are values `{"type", "bases", "message"}`. A step, an expression or a `Raise` raises one; `Try` catches it by
class name; otherwise the flow ends with it. Cancelling is no error: it stops the flow where it stands, and `finally`
blocks do not run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from typing import Literal as OneOf

from skyloom.flows.expr.nodes import Expr, Target
from skyloom.flows.expr.types import Type
from skyloom.flows.expr.wire import BY_KIND, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What every statement has."""

    span: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Node):
    """What every statement that waits on the outside world has: its id, and the variable its result goes to."""

    id: str
    target: str | None = None


# --- values -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign(Node):
    """`variable = value`."""

    variable: str
    value: Expr
    kind: OneOf["assign"] = "assign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One step into a container: `[index]` of a list, dict or tuple; or a field of a model, by its JSON key."""

    index: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class SetItem(Node):
    """`variable[path...][last] = value`: replaces inside the variable's value. IndexError for a list index out of
    range, KeyError for a missing dict key on the way (the last key may be new)."""

    variable: str
    path: tuple[Key, ...]
    value: Expr
    kind: OneOf["set_item"] = "set_item"


@dataclass(frozen=True, slots=True, kw_only=True)
class Append(Node):
    """`variable[path...].append(value)`; the path may be empty."""

    variable: str
    path: tuple[Key, ...]
    value: Expr
    kind: OneOf["append"] = "append"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend(Node):
    """`variable[path...].extend(value)`, also `+=` on a list: every element of the list `value`, in order."""

    variable: str
    path: tuple[Key, ...]
    value: Expr
    kind: OneOf["extend"] = "extend"


# --- control ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class If(Node):
    """Runs `body` when `test` (boolean) is true, `orelse` otherwise. `elif` is an `If` alone in `orelse`."""

    test: Expr
    body: Block
    orelse: Block = ()
    kind: OneOf["if"] = "if"


@dataclass(frozen=True, slots=True, kw_only=True)
class While(Node):
    """Runs `body` as long as `test` (boolean) is true. A condition with a step in it arrives as `while true` with the
    step and a `break` at the head of the body."""

    test: Expr
    body: Block
    kind: OneOf["while"] = "while"


@dataclass(frozen=True, slots=True, kw_only=True)
class For(Node):
    """Runs `body` for each element of the list `items`, one after the other. `items` is evaluated once. The names of
    `target` are variables of the flow."""

    target: Target
    items: Expr
    body: Block
    kind: OneOf["for"] = "for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Break(Node):
    """Leaves the innermost loop; `finally` blocks on the way run."""

    kind: OneOf["break"] = "break"


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue(Node):
    """Goes on with the innermost loop's next round; `finally` blocks on the way run."""

    kind: OneOf["continue"] = "continue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Node):
    """Ends the flow with `value` (evaluated first); `finally` blocks on the way run and may replace it by their own."""

    value: Expr
    kind: OneOf["return"] = "return"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise(Node):
    """Raises a new error: class name, base classes' names (nearest first, up to and with `Exception`), message."""

    error: str
    bases: tuple[str, ...]
    message: Expr
    kind: OneOf["raise"] = "raise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reraise(Node):
    """Raises a caught error again: `raise` alone, or `raise e`. `variable` holds the error."""

    variable: str
    kind: OneOf["reraise"] = "reraise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """`except (errors) as variable`: taken when the error's class or one of its bases is named in `errors`. The front
    end gives every handler a variable; it is not visible behind the handler."""

    errors: tuple[str, ...]
    variable: str
    body: Block
    span: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Try(Node):
    """Runs `body`; on an error the first fitting handler; without one `orelse`; `final` always, also when `body`,
    a handler or `orelse` leaves by return, break, continue or an error. A return, break, continue or error of `final`
    itself replaces the pending one."""

    body: Block
    handlers: tuple[Handler, ...] = ()
    orelse: Block = ()
    final: Block = ()
    kind: OneOf["try"] = "try"


# --- steps ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument, by the parameter's name. Parameters left out take the callee's default."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTask(Step):
    """Runs the task `Program.tasks[task]` in a function, with its retry and timeout."""

    task: str
    arguments: tuple[Argument, ...]
    kind: OneOf["call_task"] = "call_task"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPrompt(Step):
    """Asks the model with the prompt `Program.prompts[prompt]`; the result is of the prompt's return type."""

    prompt: str
    arguments: tuple[Argument, ...]
    kind: OneOf["call_prompt"] = "call_prompt"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFlow(Step):
    """Runs the flow `Program.flows[flow]` to its end and takes its result; its error becomes this step's."""

    flow: str
    arguments: tuple[Argument, ...]
    kind: OneOf["call_flow"] = "call_flow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Step):
    """Takes a value that differs from run to run, once, and records it. `now`: the time, UTC, RFC 3339 with six
    digits of a second and `Z`; `uuid`: a random UUID, 36 characters."""

    target: str
    function: OneOf["now", "uuid"]
    kind: OneOf["sample"] = "sample"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleep(Step):
    """Waits `seconds` (a number; 0 or less does not wait)."""

    seconds: Expr
    kind: OneOf["sleep"] = "sleep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval(Step):
    """Asks people for a decision and waits. The result is a `Decision` object: `approved` (bool), `comment` (str),
    `by` (str), `answer` (the form's model, or null). When `timeout` seconds pass: `default`, a boolean, decides
    (comment "timed out", by "", answer null), or without one `ApprovalTimedOut` is raised."""

    message: Expr
    show: Expr | None = None
    to: Expr | None = None
    timeout: Expr | None = None
    default: Expr | None = None
    form: str | None = None
    """The model that the person fills in, a key of `Program.models`."""
    kind: OneOf["approval"] = "approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitFor(Step):
    """Waits for the event named `event` (with the correlation `key`, where given) and takes its payload, which must be
    of `payload` type. `EventTimedOut` after `timeout` seconds."""

    event: Expr
    payload: Type
    key: Expr | None = None
    timeout: Expr | None = None
    kind: OneOf["wait_for"] = "wait_for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit(Step):
    """Publishes the event `event` with `payload` for the world outside; waits for nothing."""

    event: Expr
    payload: Expr
    key: Expr | None = None
    kind: OneOf["emit"] = "emit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One branch of `Parallel` or `Race`: an inner scope, run from the top, giving `result`."""

    body: Block
    result: Expr
    span: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel(Step):
    """Runs the branches side by side; the result is the array of their results, in order. Errors are as if the
    branches ran in order: the error is that of the first failing branch *in order*. When a branch fails, later ones
    are cancelled (what they did stands), earlier ones run on."""

    branches: tuple[Branch, ...]
    kind: OneOf["parallel"] = "parallel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Race(Step):
    """Runs the branches side by side; the first to end, with a result or an error, decides; the others are cancelled.
    Of branches that end at the same moment the first in order decides."""

    branches: tuple[Branch, ...]
    kind: OneOf["race"] = "race"


@dataclass(frozen=True, slots=True, kw_only=True)
class Map(Step):
    """Runs `body` for each element of the list `items`, at most `limit` at once (the engine's own bound where null),
    and collects `result` of each, in the order of the items, leaving out those whose `condition` (boolean, evaluated
    in the item's scope before the body) is false. Errors are as if the items ran in order: the error is that of the
    first failing item *in order*. When an item fails, later items are not started or cancelled, earlier ones run on."""

    over: Target
    items: Expr
    body: Block
    result: Expr
    condition: Expr | None = None
    limit: int | None = None
    kind: OneOf["map"] = "map"


Statement = Annotated[
    Assign
    | SetItem
    | Append
    | Extend
    | If
    | While
    | For
    | Break
    | Continue
    | Return
    | Raise
    | Reraise
    | Try
    | CallTask
    | CallPrompt
    | CallFlow
    | Sample
    | Sleep
    | Approval
    | WaitFor
    | Emit
    | Parallel
    | Race
    | Map,
    BY_KIND,
]

Block = tuple[Statement, ...]


def blocks(statement: Statement) -> Iterator[Block]:
    """The blocks directly below `statement`, in source order."""
    match statement:
        case If(body=body, orelse=orelse):
            yield from (body, orelse)
        case While(body=body) | For(body=body) | Map(body=body):
            yield body
        case Try():
            yield statement.body
            yield from (handler.body for handler in statement.handlers)
            yield from (statement.orelse, statement.final)
        case Parallel(branches=branches) | Race(branches=branches):
            yield from (branch.body for branch in branches)
        case _:
            return


def walk(block: Block) -> Iterator[Statement]:
    """Every statement of `block` and of the blocks below it, in source order, outside in."""
    for statement in block:
        yield statement
        for inner in blocks(statement):
            yield from walk(inner)


def has_steps(block: Block) -> bool:
    """Whether a step stands in `block`, at any depth."""
    return any(isinstance(statement, Step) for statement in walk(block))
