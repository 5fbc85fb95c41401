"""Runs one attempt of a task's body: JSON arguments in, JSON result out. The same on every engine.

With `SKYLOOM_TRACE` set to a file's path, every attempt is appended there as one line of JSON
(`task`, `arguments`, `attempt`, `step`, `key`) before the body runs.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Collection
from types import CoroutineType
from typing import Any

from skyloom.errors import TaskFailed
from skyloom.flows import session, values
from skyloom.flows.coroutines import run_to_end
from skyloom.flows.definitions import Definition, Task
from skyloom.flows.task_context import TaskContext, current_attempt

Json = Any

TRACE_VARIABLE = "SKYLOOM_TRACE"
_trace_lock = threading.Lock()


def encode_arguments(definition: Definition[..., Any], arguments: dict[str, Any]) -> dict[str, Json]:
    """Python arguments as JSON, each checked against its parameter's annotation.

    Raises:
        TaskFailed: an argument is not of its annotated type, or no JSON.
    """
    types = values.signature_types(definition.function)
    encoded = {}
    for name, value in arguments.items():
        try:
            encoded[name] = values.to_json(value, types.get(name, Any))
        except values.NotOfType as problem:
            raise TaskFailed(f"{definition.name}: argument {name}: {problem.with_values()}") from None
    return encoded


def default_arguments(definition: Definition[..., Any], given: Collection[str]) -> dict[str, Json]:
    """The defaults of the parameters that are not `given`, as JSON. Raises TaskFailed."""
    import inspect

    parameters = inspect.signature(definition.function).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.name not in given and p.default is not p.empty}
    return encode_arguments(definition, defaults)


def decode_arguments(definition: Definition[..., Any], arguments: dict[str, Json]) -> dict[str, Any]:
    """JSON arguments as the Python values that the parameters' annotations ask for. Raises TaskFailed."""
    types = values.signature_types(definition.function)
    decoded = {}
    for name, value in arguments.items():
        try:
            decoded[name] = values.from_json(value, types.get(name, Any))
        except values.NotOfType as problem:
            raise TaskFailed(f"{definition.name}: argument {name}: {problem.with_values()}") from None
    return decoded


def encode_result(definition: Definition[..., Any], result: Any) -> Json:
    """A result as JSON, checked against the return annotation. Raises TaskFailed."""
    try:
        return values.to_json(result, values.signature_types(definition.function).get("return", Any))
    except values.NotOfType as problem:
        told = problem.with_values()
        raise TaskFailed(f"{definition.name} returned a value that is not of its type: {told}") from None


def decode_result(definition: Definition[..., Any], result: Json) -> Any:
    """A JSON result as the Python value that the return annotation asks for."""
    return values.from_json(result, values.signature_types(definition.function).get("return", Any))


def is_async(task: Task[..., Any]) -> bool:
    """Whether the task's body is a coroutine function."""
    import inspect

    return inspect.iscoroutinefunction(task.function)


def run_body(task: Task[..., Any], arguments: dict[str, Json], attempt: TaskContext) -> Json:
    """Runs one attempt in the calling thread. Raises what the body raises, and TaskFailed for a broken contract."""
    decoded = decode_arguments(task, arguments)
    with session.active(None), current_attempt(attempt), _ErrorsHaveText(task):
        _trace(task, arguments, attempt)
        result = task.function(**decoded)
        if isinstance(result, CoroutineType):
            result = run_to_end(lambda: result)
    return encode_result(task, result)


async def run_body_async(task: Task[..., Any], arguments: dict[str, Json], attempt: TaskContext) -> Json:
    """Runs one attempt of an `async def` task in the running loop. Raises as `run_body` does."""
    decoded = decode_arguments(task, arguments)
    with session.active(None), current_attempt(attempt), _ErrorsHaveText(task):
        _trace(task, arguments, attempt)
        result = await task.function(**decoded)
    return encode_result(task, result)


class _ErrorsHaveText:
    """Errors cross with their text: one whose `str()` raises cannot, and breaks the task's contract."""

    def __init__(self, task: Task[..., Any]) -> None:
        self._task = task

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, Exception):
            return
        try:
            str(error)
        except Exception as problem:
            name = type(error).__name__
            text = f"{self._task.name} raised {name}, and its text raises {type(problem).__name__}"
            raise TaskFailed(text) from error


def _trace(task: Task[..., Any], arguments: dict[str, Json], attempt: TaskContext) -> None:
    path = os.environ.get(TRACE_VARIABLE)
    if path is None:
        return
    record = {
        "task": task.name,
        "arguments": arguments,
        "attempt": attempt.attempt,
        "step": attempt.step,
        "key": attempt.idempotency_key,
    }
    line = (json.dumps(record) + "\n").encode()
    with _trace_lock:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, line)
        finally:
            os.close(file)
