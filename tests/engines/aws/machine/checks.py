"""What CreateStateMachine refuses: a definition whose structure is not in order.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html,
https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html. Only JSONata states are known.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from engines.aws.machine.queries import is_query, parses

Json = Any

DEFINITION_BYTES = 1024 * 1024
LONGEST_NAME = 80

COMMON = frozenset({"Type", "Comment", "QueryLanguage"})
MOVING = frozenset({"Next", "End", "Output", "Assign"})
TRYING = frozenset({"Retry", "Catch"})
FIELDS: dict[str, frozenset[str]] = {
    "Task": COMMON | MOVING | TRYING | {"Resource", "Arguments", "TimeoutSeconds", "HeartbeatSeconds", "Credentials"},
    "Parallel": COMMON | MOVING | TRYING | {"Branches", "Arguments"},
    "Map": COMMON | MOVING | TRYING | {"Items", "ItemProcessor", "ItemSelector", "MaxConcurrency", "Label",
                                       "ToleratedFailureCount", "ToleratedFailurePercentage", "ItemReader",
                                       "ItemBatcher", "ResultWriter"},
    "Pass": COMMON | MOVING,
    "Wait": COMMON | MOVING | {"Seconds", "Timestamp"},
    "Choice": COMMON | {"Choices", "Default", "Output", "Assign"},
    "Succeed": COMMON | {"Output"},
    "Fail": COMMON | {"Error", "Cause"},
}  # fmt: skip
REQUIRED: dict[str, tuple[str, ...]] = {
    "Task": ("Resource",),
    "Parallel": ("Branches",),
    "Map": ("ItemProcessor",),
    "Choice": ("Choices",),
}
RULE = frozenset({"Condition", "Next", "Output", "Assign", "Comment"})
RETRIER = frozenset(
    {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment"}
)
CATCHER = frozenset({"ErrorEquals", "Next", "Output", "Assign", "Comment"})
MACHINE = frozenset({"StartAt", "States", "Comment", "QueryLanguage", "TimeoutSeconds", "Version", "ProcessorConfig"})
ARGUMENTS: dict[str, frozenset[str]] = {
    "arn:aws:states:::lambda:invoke": frozenset(
        {"FunctionName", "Payload", "Qualifier", "ClientContext", "InvocationType", "LogType"}
    ),
    "arn:aws:states:::states:startExecution": frozenset({"StateMachineArn", "Input", "Name", "TraceHeader"}),
    "arn:aws:states:::events:putEvents": frozenset({"Entries", "EndpointId"}),
}
"""What optimized integrations take: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html"""


def problems(text: str, kind: str = "STANDARD") -> list[str]:
    """Everything that is wrong with a definition, each with its place."""
    if len(text.encode()) > DEFINITION_BYTES:
        return [f"/: the definition is larger than {DEFINITION_BYTES} bytes"]
    doubled: list[str] = []

    def pairs(found: list[tuple[str, Json]]) -> dict[str, Json]:
        names = [name for name, _ in found]
        doubled.extend(f"/: the key {name} stands twice" for name in sorted({n for n in names if names.count(n) > 1}))
        return dict(found)

    try:
        definition = json.loads(text, object_pairs_hook=pairs)
    except ValueError as problem:
        return [f"/: no JSON: {problem}"]
    if not isinstance(definition, dict):
        return ["/: no object"]
    seen: dict[str, str] = {}
    return [*doubled, *_Machine(definition, "", definition.get("QueryLanguage"), frozenset(), kind, seen).problems()]


class _Machine:
    """The states on one level: of the machine itself, of a branch or of a Map's processor."""

    def __init__(
        self,
        machine: Mapping[str, Json],
        place: str,
        language: str | None,
        outer: frozenset[str],
        kind: str,
        seen: dict[str, str],
    ) -> None:
        self.machine, self.place, self.language, self.kind, self.seen = machine, place, language, kind, seen
        states = machine.get("States")
        self.states: dict[str, Json] = states if isinstance(states, dict) else {}
        self.outer = outer

    def problems(self) -> Iterator[str]:
        yield from self._fields(self.machine, MACHINE, self.place)
        if not self.states:
            yield f"{self.place}/States: no states"
            return
        if self.machine.get("StartAt") not in self.states:
            yield f"{self.place}/StartAt: there is no state {self.machine.get('StartAt')}"
        for name, state in self.states.items():
            place = f"{self.place}/States/{name}"
            if name in self.seen:
                yield f"{place}: a state of this name stands at {self.seen[name]} too"
            self.seen[name] = place
            if len(name) > LONGEST_NAME:
                yield f"{place}: the name is longer than {LONGEST_NAME} characters"
            yield from self._state(state, place)
        yield from (f"{self.place}/States/{name}: not reachable" for name in self._unreachable())

    def _state(self, state: Mapping[str, Json], place: str) -> Iterator[str]:
        kind = state.get("Type")
        if kind not in FIELDS:
            yield f"{place}/Type: no type of state: {kind}"
            return
        if state.get("QueryLanguage", self.language) != "JSONata":
            yield f"{place}: the query language is not JSONata"
        yield from self._fields(state, FIELDS[kind], place)
        yield from (f"{place}: {field} is missing" for field in REQUIRED.get(kind, ()) if field not in state)
        if "Next" in FIELDS[kind] and ("Next" in state) == (state.get("End") is True):
            yield f"{place}: needs either Next or End"
        yield from (f"{where}: there is no state {target}" for where, target in self._targets(state, place)
                    if target not in self.states)  # fmt: skip
        yield from self._queries(state, place)
        yield from self._assigned(state, place)
        yield from self._tried(state, place)
        if kind == "Task":
            yield from self._task(state, place)
        if kind == "Choice":
            yield from self._choice(state, place)
        for machine, inner in _below(state, place):
            names = self.outer | frozenset(_assigned_names(self.states.values()))
            yield from _Machine(machine, inner, self.language, names, self.kind, self.seen).problems()

    def _choice(self, state: Mapping[str, Json], place: str) -> Iterator[str]:
        if not state.get("Choices"):
            yield f"{place}/Choices: no rules"
        for index, rule in enumerate(state.get("Choices", [])):
            yield from self._fields(rule, RULE, f"{place}/Choices[{index}]")
            if not isinstance(rule.get("Condition"), bool) and not is_query(rule.get("Condition")):
                yield f"{place}/Choices[{index}]/Condition: neither a boolean nor an expression"
            if "Next" not in rule:
                yield f"{place}/Choices[{index}]: Next is missing"

    def _task(self, state: Mapping[str, Json], place: str) -> Iterator[str]:
        resource = str(state.get("Resource", ""))
        if not resource.startswith("arn:"):
            yield f"{place}/Resource: no ARN: {resource}"
        if self.kind == "EXPRESS" and (".sync" in resource or resource.endswith(".waitForTaskToken")):
            yield f"{place}/Resource: Express workflows do not support {resource}"
        allowed = ARGUMENTS.get(resource.removesuffix(".waitForTaskToken").removesuffix(":2").removesuffix(".sync"))
        arguments = state.get("Arguments")
        if allowed is not None and isinstance(arguments, dict):
            yield from self._fields(arguments, allowed, f"{place}/Arguments")
        if resource.endswith(".waitForTaskToken") and "$states.context.Task.Token" not in json.dumps(arguments):
            yield f"{place}/Arguments: the task token is not passed on"
        for field in ("TimeoutSeconds", "HeartbeatSeconds"):
            value = state.get(field, 1)
            if not is_query(value) and not (isinstance(value, int) and 1 <= value <= 99_999_999):
                yield f"{place}/{field}: neither a positive whole number nor an expression"
        timeout, heartbeat = state.get("TimeoutSeconds"), state.get("HeartbeatSeconds")
        if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
            yield f"{place}/HeartbeatSeconds: not less than TimeoutSeconds"

    def _tried(self, state: Mapping[str, Json], place: str) -> Iterator[str]:
        for field, allowed in (("Retry", RETRIER), ("Catch", CATCHER)):
            entries = state.get(field, [])
            for index, entry in enumerate(entries):
                where = f"{place}/{field}[{index}]"
                yield from self._fields(entry, allowed, where)
                names = entry.get("ErrorEquals") or []
                if not names:
                    yield f"{where}/ErrorEquals: no names"
                if "States.ALL" in names and (len(names) > 1 or index < len(entries) - 1):
                    yield f"{where}/ErrorEquals: States.ALL must stand alone, and last"
                if field == "Retry":
                    yield from _retrier(entry, where)
                elif "Next" not in entry:
                    yield f"{where}: Next is missing"

    def _assigned(self, state: Mapping[str, Json], place: str) -> Iterator[str]:
        for name in _assigned_names([state]):
            if name == "states" or len(name) > LONGEST_NAME or not _is_identifier(name):
                yield f"{place}/Assign/{name}: no name of a variable"
            if name in self.outer:
                yield f"{place}/Assign/{name}: an outer scope has a variable of this name"

    def _queries(self, value: Json, place: str) -> Iterator[str]:
        if isinstance(value, str):
            if is_query(value):
                problem = parses(value[2:-2])
                if problem is not None:
                    yield f"{place}: {problem}"
            elif value.startswith("{%") or value.endswith("%}"):
                yield f"{place}: an expression stands between {{% and %}} with nothing outside"
        elif isinstance(value, dict):
            for name, inner in value.items():
                if name not in ("Branches", "ItemProcessor", "Comment"):
                    yield from self._queries(inner, f"{place}/{name}")
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                yield from self._queries(inner, f"{place}[{index}]")

    def _targets(self, state: Mapping[str, Json], place: str) -> Iterator[tuple[str, str]]:
        yield from ((f"{place}/{field}", state[field]) for field in ("Next", "Default") if field in state)
        for field in ("Choices", "Catch"):
            for index, entry in enumerate(state.get(field, [])):
                if "Next" in entry:
                    yield f"{place}/{field}[{index}]/Next", entry["Next"]

    def _unreachable(self) -> list[str]:
        waiting, reached = [self.machine.get("StartAt")], set[str]()
        while waiting:
            name = waiting.pop()
            if name is None or name in reached or name not in self.states:
                continue
            reached.add(name)
            waiting += [target for _, target in self._targets(self.states[name], "")]
        return [name for name in self.states if name not in reached]

    def _fields(self, entry: Mapping[str, Json], allowed: frozenset[str], place: str) -> Iterator[str]:
        yield from (f"{place}/{field}: not supported here" for field in entry if field not in allowed)


def _below(state: Mapping[str, Json], place: str) -> Iterator[tuple[Mapping[str, Json], str]]:
    for index, branch in enumerate(state.get("Branches", [])):
        yield branch, f"{place}/Branches[{index}]"
    if "ItemProcessor" in state:
        yield state["ItemProcessor"], f"{place}/ItemProcessor"


def _assigned_names(states: Any) -> Iterator[str]:
    for state in states:
        for part in (state, *state.get("Choices", []), *state.get("Catch", [])):
            yield from part.get("Assign", {})


def _retrier(entry: Mapping[str, Json], place: str) -> Iterator[str]:
    interval, most = entry.get("IntervalSeconds", 1), entry.get("MaxAttempts", 3)
    if not isinstance(interval, int) or interval < 1:
        yield f"{place}/IntervalSeconds: no positive whole number"
    if not isinstance(most, int) or not 0 <= most <= 99_999_999:
        yield f"{place}/MaxAttempts: no whole number up to 99999999"
    if entry.get("BackoffRate", 2.0) < 1:
        yield f"{place}/BackoffRate: less than 1"
    longest = entry.get("MaxDelaySeconds")
    if longest is not None and not (isinstance(longest, int) and interval < longest < 31_622_400):
        yield f"{place}/MaxDelaySeconds: not a whole number above IntervalSeconds and below 31622400"
    if entry.get("JitterStrategy", "NONE") not in ("FULL", "NONE"):
        yield f"{place}/JitterStrategy: neither FULL nor NONE"


def _is_identifier(name: str) -> bool:
    """A Unicode letter, then letters, digits and underscores (UAX 31)."""
    return name.isidentifier() and unicodedata.category(name[0])[0] == "L"
