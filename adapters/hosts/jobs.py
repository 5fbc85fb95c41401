"""What a function can be asked to do: tasks, by the place where they are defined, and hoisted expressions."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

from skyloom.adapters.hosts import claims
from skyloom.errors import TaskFailed
from skyloom.flows import invoke
from skyloom.flows.definitions import Task
from skyloom.flows.task_context import TaskContext
from skyloom.flows.values import NotOfType, check_json

Json = Any


class Job(Protocol):
    """One thing that a function can do.

    Attributes:
        name: its name in the flow.
        timeout: seconds that one attempt may take.
        on: names of the error classes by which its retry policy repeats it, as far as they are not `Exception`.
        never: names of those by which it does not.
    """

    @property
    def name(self) -> str: ...
    @property
    def timeout(self) -> float: ...
    @property
    def on(self) -> tuple[str, ...]: ...
    @property
    def never(self) -> tuple[str, ...]: ...

    def run(self, values: dict[str, Json], attempt: TaskContext, notes: dict[str, Json]) -> Json:
        """The result. `notes` takes what the log should say about it."""
        ...


class TaskJob:
    """A task of the user's."""

    def __init__(self, task: Task[..., Any]) -> None:
        self._task = task
        self.name = task.name
        self.timeout = task.timeout
        self.on = _names(task.retry.on)
        self.never = _names(task.retry.never)
        self.retry = task.retry

    def run(self, values: dict[str, Json], attempt: TaskContext, notes: dict[str, Json]) -> Json:
        return invoke.run_body(self._task, values, attempt)


class Tasks:
    """The tasks of a function, by name: `{"search": "review:search"}`. A module is loaded when a task of it is first
    asked for; where there is one module only, at once."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self._jobs: dict[str, TaskJob] = {}
        if len({place.partition(":")[0] for place in places.values()}) == 1:
            try:
                self.job(next(iter(places)))
            except TaskFailed:
                # Said again, and with its reason, to whoever asks.
                return

    def job(self, name: str) -> TaskJob:
        """The task of that name. Raises TaskFailed where it cannot be loaded."""
        if name not in self._jobs:
            if name not in self._places:
                raise TaskFailed(f"the function has no task {name}: it is older or newer than its workflow")
            self._jobs[name] = TaskJob(loaded(self._places[name], name))
        return self._jobs[name]


class ExpressionJob:
    """An expression that the app's helper function evaluates in the place of a state machine."""

    timeout = 60.0
    on: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    def __init__(
        self,
        name: str,
        function: Any,
        types: Mapping[str, Any],
        models: Mapping[str, Any],
        crossings: Mapping[str, str],
    ) -> None:
        self.name = name
        self._function = function
        self._types = types
        self._models = models
        self._crossings = crossings

    def run(self, values: dict[str, Json], attempt: TaskContext, notes: dict[str, Json]) -> Json:
        result = self._function(**{name: self._typed(name, value, attempt.run_id) for name, value in values.items()})
        for part, said in self._crossings.items():
            _carried(result[part] if part else result, said)
        return result

    def _typed(self, name: str, value: Json, run: str) -> Json:
        """The value as its type has it: a float that a state machine made an int is one again. What does not fit stays
        as it is."""
        if name not in self._types:
            return value
        from skyloom.flows.ir.conform import Mismatch, conformed

        # What nobody looks into may wait in the bucket: a pointer is not of the type.
        value = claims.checked_out(value, run)
        try:
            return conformed(value, self._types[name], self._models)
        except Mismatch:
            return value


def _carried(value: Json, said: str) -> None:
    """Refuses what would lose digits on its way: integers beyond 2^53, numbers that are not finite."""
    try:
        check_json(value)
    except NotOfType as problem:
        raise TaskFailed(f"{said}: {problem}") from None


class Expressions:
    """The hoisted expressions of an app: a module with a function for each."""

    def __init__(self, module: str) -> None:
        self._module = import_module(module)

    def job(self, name: str) -> ExpressionJob:
        """The expression of that id. Raises TaskFailed where there is none."""
        function = getattr(self._module, name, None)
        if function is None:
            raise TaskFailed(f"the function has no expression {name}: it is older or newer than its workflow")
        tables = (getattr(self._module, table, {}).get(name, {}) for table in ("TYPES", "MODELS", "CROSSINGS"))
        return ExpressionJob(name, function, *tables)


def loaded(place: str, name: str) -> Any:
    """The object at `module:qualname`. Raises TaskFailed with what the import raised."""
    module, _, qualname = place.partition(":")
    try:
        found: Any = import_module(module)
        for part in qualname.split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:
        raise TaskFailed(f"{name}: importing {module} raised {type(error).__name__}: {error}") from error
    return found


def _names(classes: Any) -> tuple[str, ...]:
    listed = classes if isinstance(classes, tuple) else (classes,)
    return tuple(cls.__name__ for cls in listed if cls is not Exception)
