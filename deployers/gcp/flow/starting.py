"""Subworkflows that start executions of the workflow itself, wait for the first, and run a part of another run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skyloom.deployers.gcp.flow.calling import packed
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.shared import infrastructure_retry, raise_call_failure
from skyloom.deployers.gcp.flow.texts import expression
from skyloom.deployers.gcp.limits import CONDITIONS
from skyloom.deployers.gcp.steps import (
    Assign,
    Call,
    Case,
    For,
    Loop,
    Parameter,
    Raise,
    Return,
    Steps,
    Subworkflow,
    Switch,
    Try,
)
from skyloom.errors import TaskFailed
from skyloom.flows.outcome import ErrorValue

Json = Any

ENTRY = "skyloom-entry"
"""The key of an execution's argument that says which part of another run it is. No parameter is called so."""
PARENT = "skyloom-parent"
"""The label of an execution that says which run it is a part of."""
LONGEST_RUN = 31_536_000
"""Seconds that an execution may take; cloud.google.com/workflows/quotas."""

_ITSELF = (
    '"projects/" + sys.get_env("GOOGLE_CLOUD_PROJECT_ID") + "/locations/" + sys.get_env("GOOGLE_CLOUD_LOCATION")'
    ' + "/workflows/" + sys.get_env("GOOGLE_CLOUD_WORKFLOW_ID")'
)
_EXECUTIONS = "googleapis.workflowexecutions.v1.projects.locations.workflows.executions"
_PART = "a part of the run"
"""What messages call an execution that belongs to a run."""
_IS_LATE = 'default(map.get(e, "tags"), [])'


def first_of(lowering: Lowering) -> str:
    """The subworkflow that starts parts of the run side by side, and gives or raises what the first to end gives."""
    return lowering.share("first_of", lambda name: _first_of(lowering, name))


def _first_of(lowering: Lowering, name: str) -> Subworkflow:
    callback = Call(
        name="create_callback",
        function="events.create_callback_endpoint",
        arguments={"http_callback_method": "POST"},
        result="callback",
    )
    nothing = Assign(
        name="nothing_yet",
        pairs=(("started", []), ("answer", None), ("winner", -1), ("failure", None), ("itself", expression(_ITSELF))),
    )
    start = For(
        name="start", loop=Loop(value="entry", index="number", items=expression("entries"), steps=_start(lowering))
    )
    # What was started does not go on without a run that waits for it.
    broken = Assign(name="note_failure", pairs=(("failure", expression("e")),))
    begun = Try(name="try_to_start", steps=(start, _await()), caught="e", handler=(broken,))
    told = Call(
        name="broken",
        function=raise_call_failure(lowering),
        arguments={"e": expression("failure"), "task": _PART, "seconds": "0"},
    )
    decide = Switch(
        name="decide",
        cases=(
            Case(condition=expression("failure != null"), steps=(told,)),
            Case(condition=expression("answer == null"), steps=(Raise(name="too_late", value=expression("late")),)),
            Case(
                condition=expression('"error" in answer'),
                steps=(Raise(name="failed_first", value=expression("answer.error")),),
            ),
        ),
    )
    return Subworkflow(
        name=name,
        parameters=(Parameter(name="entries"), Parameter(name="seconds"), Parameter(name="late")),
        steps=(
            callback,
            nothing,
            begun,
            _cancel(),
            decide,
            Return(name="ended_first", value=expression("answer.value")),
        ),
        comment="Runs parts of the run as executions of their own; gives what the first one gives, cancels the others.",
    )


def _start(lowering: Lowering) -> Steps:
    pairs = (
        ("given", expression("entry")),
        ('given["callback"]', expression("callback.url")),
        ('given["number"]', expression("number")),
        ("argument", {ENTRY: expression("given")}),
    )
    create = Call(
        name="create_execution",
        function=f"{_EXECUTIONS}.create",
        arguments={
            "parent": expression("itself"),
            "body": {
                "argument": expression("json.encode_to_string(argument)"),
                "labels": {PARENT: expression("given.run")},
            },
            # Otherwise the connector waits until the execution ends.
            "connector_params": {"skip_polling": True},
        },
        result="execution",
    )
    tried = Try(name="create_execution", steps=(create,), retry=infrastructure_retry(lowering))
    note = Assign(name="note_execution", pairs=(("started", expression("list.concat(started, execution.name)")),))
    return (Assign(name="part", pairs=pairs), tried, note)


def _await() -> Try:
    called = Call(
        name="await",
        function="events.await_callback",
        arguments={
            "callback": expression("callback"),
            "timeout": expression(f"default(seconds, {LONGEST_RUN})"),
        },
        result="called",
    )
    take = Assign(
        name="take", pairs=(("answer", expression("called.http_request.body")), ("winner", expression("answer.number")))
    )
    late = Switch(
        name="if_another_error",
        cases=(
            Case(
                condition=expression(f'not("TimeoutError" in {_IS_LATE})'),
                steps=(Raise(name="failed", value=expression("e")),),
            ),
        ),
    )
    return Try(name="try_to_await", steps=(called, take), caught="e", handler=(late,))


def _cancel() -> For:
    """The others are cancelled; one that has ended meanwhile cannot be."""
    cancel = Call(name="cancel_execution", function=f"{_EXECUTIONS}.cancel", arguments={"name": expression("other")})
    ended = Assign(name="ended_already", pairs=(("_", None),))
    tried = Try(name="cancel_execution", steps=(cancel,), caught="e", handler=(ended,))
    lost = Case(condition=expression("position != winner"), steps=(tried,))
    which = Switch(name="if_not_first", cases=(lost,))
    return For(
        name="cancel_others",
        loop=Loop(value="other", index="position", items=expression("started"), steps=(which,)),
    )


def run_entry(lowering: Lowering) -> str:
    """The subworkflow that runs a part of another run, and tells that run what came of it. It is made when all parts
    are known: `finish_entries`."""
    return lowering.share("run_entry", lambda name: Subworkflow(name=name, parameters=(), steps=()))


def finish_entries(lowering: Lowering) -> None:
    """Makes `run_entry` for all parts that the program has."""
    name = run_entry(lowering)
    lowering.shared[name] = _run_entry(lowering, name)


def _run_entry(lowering: Lowering, name: str) -> Subworkflow:
    cases = tuple(
        Case(condition=expression(f'given.entry == "{entry}"'), steps=(_part(lowering, entry, parameters),))
        for entry, parameters in lowering.entries.items()
    )
    value = {"number": expression("given.number"), "value": expression("value")}
    failed = ErrorValue.of(TaskFailed("")).to_json()
    unknown = failed | {"message": expression('"a part of the run: " + json.encode_to_string(e)')}
    error = Switch(
        name="look",
        cases=(
            Case(
                condition=expression('map.get(e, "bases") != null'),
                steps=(_outcome("note_error", expression("e")),),
            ),
            Case(condition=True, steps=(_outcome("note_failure", unknown),)),
        ),
    )
    work = Try(
        name="try_part",
        steps=(
            *_which(cases),
            Assign(name="note_value", pairs=(("outcome", value),)),
        ),
        caught="e",
        handler=(error,),
    )
    tell = Call(
        name="tell",
        function="http.post",
        arguments={"url": expression("given.callback"), "auth": {"type": "OAuth2"}, "body": expression("outcome")},
    )
    return Subworkflow(
        name=name,
        parameters=(Parameter(name="given"),),
        steps=(
            Assign(name="nothing_yet", pairs=(("outcome", None), ("value", None))),
            work,
            Try(name="tell", steps=(tell,), retry=infrastructure_retry(lowering)),
        ),
        comment="A part of another run: tells that run what comes of it.",
    )


def _which(cases: tuple[Case, ...]) -> tuple[Switch, ...]:
    """A switch, or several where there are more cases than one takes: no more than one case is true in all. None
    where all races stand in what never runs."""
    most = CONDITIONS.value
    parts = [cases[n : n + most] for n in range(0, len(cases), most)]
    names = ["which_part", *(f"which_part_{number}" for number in range(2, len(parts) + 1))]
    return tuple(Switch(name=name, cases=part) for name, part in zip(names, parts, strict=False))


def _outcome(name: str, error: Json) -> Assign:
    return Assign(name=name, pairs=(("outcome", {"number": expression("given.number"), "error": error}),))


def _part(lowering: Lowering, entry: str, parameters: Mapping[str, str]) -> Call:
    values = packed({place: expression(f'given.values["{name}"]') for place, name in parameters.items()})
    for hidden in _hidden(lowering, entry):
        values[hidden] = expression(f"given.{hidden}")
    return Call(name=f"run_{entry}", function=entry, arguments=values, result="value")


def _hidden(lowering: Lowering, entry: str) -> tuple[str, ...]:
    known = lowering.shared[entry].parameters
    return tuple(p.name for p in known if p.name in ("path", "run"))
