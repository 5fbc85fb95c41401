"""How a step ends: with a JSON value, or with an error that keeps its class name, its base classes and its message."""

# Annotations are not postponed here: `NamedTuple` would compile each of them whenever a function starts.

import functools
from typing import Any, NamedTuple

Json = Any
"""null, a boolean, a number, a string, a list or a dict with string keys."""


class ErrorValue(NamedTuple):
    """An error as data, the same on every engine: `bases` nearest first, up to and with `Exception`."""

    type: str
    bases: tuple[str, ...]
    message: str

    @classmethod
    def of(cls, error: BaseException) -> "ErrorValue":
        """The error as data."""
        names = tuple(base.__name__ for base in type(error).__mro__[1:] if base not in (BaseException, object))
        return cls(type(error).__name__, names, carried(str(error)))

    @classmethod
    def from_json(cls, value: dict[str, Json]) -> "ErrorValue":
        """Reads what `to_json` wrote."""
        return cls(value["type"], tuple(value["bases"]), value["message"])

    def to_json(self) -> dict[str, Json]:
        """`{"type", "bases", "message"}`: what a flow's variable holds for a caught error."""
        return {"type": self.type, "bases": list(self.bases), "message": self.message}

    def is_a(self, *names: str) -> bool:
        """Whether the error's class, or one of its bases, is one of `names`."""
        return self.type in names or any(base in names for base in self.bases)


@functools.cache
def _foreign_folders() -> tuple[str, ...]:
    """Folders of code that is not the user's: Skyloom's own, Python's, and what is installed."""
    import sysconfig
    from pathlib import Path

    return (str(Path(__file__).parents[1]), *{sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})


def carried(text: str) -> str:
    """The text of an error as JSON can carry it: a lone surrogate, which is no Unicode text, is spelled out."""
    return text.encode(errors="backslashreplace").decode()


class Raised(Exception):
    """Carries an `ErrorValue` through an engine's Python code, with the exception it came from where there is one."""

    def __init__(self, error: ErrorValue, exception: BaseException | None = None) -> None:
        super().__init__(f"{error.type}: {error.message}")
        self.error = error
        self.exception = exception
        self.trail: list[str] = []
        """The paths of the steps that the error has ended on its way up; innermost first."""
        self.statement: str | None = None
        """Where in the source of its flow the error arose: `order.py:31`."""

    def place(self) -> str | None:
        """Where the error arose: in the flow, and in the body of the task that raised it."""
        import traceback

        frames = traceback.extract_tb(self.exception.__traceback__) if self.exception is not None else []
        others = _foreign_folders()
        own = [frame for frame in frames if frame.filename.endswith(".py") and not frame.filename.startswith(others)]
        parts = [self.statement] if self.statement else []
        if own:
            parts.append(f"raised in {own[-1].name}, {own[-1].filename}:{own[-1].lineno}")
        return "; ".join(parts) or None

    @classmethod
    def of(cls, exception: Exception) -> "Raised":
        """Wraps an exception; one that is wrapped already stays as it is."""
        return exception if isinstance(exception, Raised) else cls(ErrorValue.of(exception), exception)


class Done(NamedTuple):
    """The step gave a value."""

    value: Json


class Failed(NamedTuple):
    """The step raised an error."""

    error: ErrorValue


Outcome = Done | Failed
