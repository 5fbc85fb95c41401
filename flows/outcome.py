"""How a step ends: with a JSON value, or with an error that keeps its class name, its base classes and its message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = Any
"""null, a boolean, a number, a string, a list or a dict with string keys."""


@dataclass(frozen=True, slots=True)
class ErrorValue:
    """An error as data, the same on every engine: `bases` nearest first, up to and with `Exception`."""

    type: str
    bases: tuple[str, ...]
    message: str

    @classmethod
    def of(cls, error: BaseException) -> ErrorValue:
        """The error as data."""
        names = tuple(base.__name__ for base in type(error).__mro__[1:] if base not in (BaseException, object))
        return cls(type(error).__name__, names, str(error))

    @classmethod
    def from_json(cls, value: dict[str, Json]) -> ErrorValue:
        """Reads what `to_json` wrote."""
        return cls(value["type"], tuple(value["bases"]), value["message"])

    def to_json(self) -> dict[str, Json]:
        """`{"type", "bases", "message"}`: what a flow's variable holds for a caught error."""
        return {"type": self.type, "bases": list(self.bases), "message": self.message}

    def is_a(self, *names: str) -> bool:
        """Whether the error's class, or one of its bases, is one of `names`."""
        return self.type in names or any(base in names for base in self.bases)


class Raised(Exception):
    """Carries an `ErrorValue` through an engine's Python code, with the exception it came from where there is one."""

    def __init__(self, error: ErrorValue, exception: BaseException | None = None) -> None:
        super().__init__(f"{error.type}: {error.message}")
        self.error = error
        self.exception = exception
        self.trail: list[str] = []
        """The paths of the steps that the error has ended on its way up; innermost first."""

    @classmethod
    def of(cls, exception: Exception) -> Raised:
        """Wraps an exception; one that is wrapped already stays as it is."""
        return exception if isinstance(exception, Raised) else cls(ErrorValue.of(exception), exception)


@dataclass(frozen=True, slots=True)
class Done:
    """The step gave a value."""

    value: Json


@dataclass(frozen=True, slots=True)
class Failed:
    """The step raised an error."""

    error: ErrorValue


Outcome = Done | Failed
