"""Calls that share one invocation: a generated function makes them, each as a step of its own would be.

    {"fused": "answer_clean", "arguments": {"text": "…"}, "carry": "inline",
     "context": {"run": "…", "flow": "answer", "step": "answer/clean", "attempt": 1}}

Every call has its own path, retries, timeout and records in the log. What is passed from call to call is copied as if
it had crossed.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import FunctionType
from typing import Any, cast

from skyloom.adapters.hosts import claims
from skyloom.adapters.hosts.invocation import Attempt, Failed, Host, Invocation, Jobs
from skyloom.adapters.hosts.jobs import Job
from skyloom.errors import TaskFailed
from skyloom.flows.outcome import ErrorValue
from skyloom.flows.policy import NO_RETRY, Retry
from skyloom.flows.values import NotOfType, check_json
from skyloom.flows.whole_numbers import as_written

Json = Any

OTHER = "the function is older or newer than its workflow"


class Fused:
    """The module with the functions that make calls."""

    def __init__(self, module: str) -> None:
        self._module = import_module(module)

    def table(self, name: str) -> Mapping[str, Any]:
        """One of its tables, by name."""
        return cast(Mapping[str, Any], getattr(self._module, name, {}))

    def function(self, name: str) -> FunctionType:
        """The function of that name. Raises TaskFailed."""
        if name not in self.table("PLACES"):
            raise TaskFailed(f"the function has no calls {name}: {OTHER}")
        return cast(FunctionType, getattr(self._module, name))


def carried_out(event: dict[str, Json], host: Host, cold: bool, kinds: Mapping[str, Any]) -> Json:
    """The result of the calls. Raises Failed with the error of the first that fails."""
    return _Whole(event, host, cold).made(kinds)


class _Whole(Invocation):
    """The invocation as a whole. It has a record in the log only where something fails that is no call."""

    def made(self, kinds: Mapping[str, Any]) -> Json:
        started = time.monotonic()
        try:
            if "fused" not in kinds:
                raise TaskFailed(f"the function makes no calls: {self._name}")
            return self._made(kinds["fused"], kinds["task"])
        except Failed:
            raise
        except Exception as error:
            self._log(time.monotonic() - started, error)
            raise Failed(ErrorValue.of(error), (), ()) from None

    def _made(self, fused: Fused, tasks: Jobs) -> Json:
        run = self._context.get("run", "")
        function = fused.function(self._name)
        values = claims.checked_out(self._event.get("arguments") or {}, run)
        if not self._host.keeps_numbers:
            values = as_written(values)
            types, models = fused.table("TYPES").get(self._name, {}), fused.table("MODELS")
            values = {name: conformed_to(value, types.get(name), models) for name, value in values.items()}
        calls = Calls(self._context, fused, self._name, lambda event: _Call(event, self._host, self._first()), tasks)
        if {*function.__code__.co_varnames[1 : function.__code__.co_argcount]} != values.keys():
            raise TaskFailed(f"the calls {self._name} take other values: {OTHER}")
        result = function(calls, **values)
        gives: str = fused.table("PLACES")[self._name]["gives"]
        if not self._host.keeps_numbers:
            _check(result, gives)
        carry, looks = self._event.get("carry", "inline"), self._event.get("looks", False)
        return claims.checked_in(gives, result, carry, run, looks)

    def _first(self) -> bool:
        first, self._cold = self._cold, False
        return first


class _Call(Invocation):
    """One attempt of a call: its arguments are here already, and so is whoever takes its result."""

    def _result(self, job: Job) -> Json:
        return self._in_time(job, self._event["arguments"], Attempt(self._context))


class Calls:
    """What a generated function calls: `call("clean", text=text)`, by the step, and the task where it is not called the
    same."""

    def __init__(self, context: dict[str, Json], fused: Fused, name: str, attempt: Any, tasks: Jobs) -> None:
        self._context = context
        self._fused = fused
        self._attempt = attempt
        self._tasks = tasks
        place = fused.table("PLACES")[name]
        before, slash, last = str(context.get("step", "")).rpartition("/")
        self._before, self._behind = f"{before}{slash}", last.removeprefix(place["step"])
        if "map" in place:
            self._map, self._item = _items(before, slash, last, place)

    def each(self, items: list[Json]) -> Iterator[Json]:
        """The items of a slice, one after the other."""
        for item in items:
            self._item += 1
            self._before, self._behind = f"{self._map}[{self._item}]/", ""
            yield item

    def __call__(self, step: str, task: str | None = None, /, **arguments: Json) -> Json:
        name = task or step
        types, models = self._fused.table("PARAMETERS").get(name, {}), self._fused.table("MODELS")
        given = {name: conformed_to(value, types.get(name), models) for name, value in arguments.items()}
        before = self._context.get("attempt", 1) - 1
        attempt = 1
        while True:
            context = {**self._context, "step": f"{self._before}{step}{self._behind}", "attempt": before + attempt}
            event = {"task": name, "arguments": _copied(given), "context": context}
            try:
                return _copied(self._attempt(event).run({"task": self._tasks}))
            except Failed as failed:
                retry = self._retry(name)
                if attempt >= retry.attempts or not _is_retried(retry, failed.error):
                    raise
            time.sleep(_pause(retry, attempt))
            attempt += 1

    def _retry(self, name: str) -> Retry:
        try:
            return cast(Retry, getattr(self._tasks.job(name), "retry", NO_RETRY))
        except TaskFailed:
            # It cannot be loaded: nobody knows its policy.
            return NO_RETRY


def _items(before: str, slash: str, last: str, place: Mapping[str, Any]) -> tuple[str, int]:
    """The path of the map whose items go together, and the number in front of the first of them. A map of one slice is
    none: under its name stands the call."""
    if last != place["step"]:
        return f"{before}{slash}{last}", -1
    path, _, number = before.rpartition("[")
    return path, int(number.removesuffix("]")) * place["size"] - 1


def conformed_to(value: Json, of: Any, models: Mapping[str, Any]) -> Json:
    """The value as its type has it. What does not fit stays as it is: the task says what is wrong with it."""
    if of is None:
        return value
    from skyloom.flows.ir.conform import Mismatch, conformed

    try:
        return conformed(value, of, models)
    except Mismatch:
        return value


def _copied(value: Json) -> Json:
    """Values are never shared: what a task does to its arguments, and to its result later, nobody sees."""
    return json.loads(json.dumps(value))


def _check(value: Json, name: str) -> None:
    """Refuses what would lose digits on its way: integers beyond 2^53, numbers that are not finite."""
    try:
        check_json(value)
    except NotOfType as problem:
        raise TaskFailed(f"{name}: {problem}") from None


def _is_retried(retry: Retry, error: ErrorValue) -> bool:
    return error.is_a(*_names(retry.on)) and not error.is_a(*_names(retry.never))


def _names(classes: type[Exception] | tuple[type[Exception], ...]) -> tuple[str, ...]:
    return tuple(cls.__name__ for cls in (classes if isinstance(classes, tuple) else (classes,)))


def _pause(retry: Retry, attempt: int) -> float:
    """Seconds before the attempt behind this one."""
    base = min(retry.delay * retry.backoff ** (attempt - 1), retry.max_delay)
    return base + random.uniform(0, retry.jitter * base)
