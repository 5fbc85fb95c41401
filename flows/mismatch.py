"""What is wrong with a value, and where in it: `lines[0].price: Input should be a valid number`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class NotOfType(ValueError):
    """A value is not of its annotated type, or not JSON.

    Attributes:
        problems: (path, message) pairs; the path may be "".
        found: for some paths what stood there, shortened.
    """

    def __init__(self, *problems: tuple[str, str], found: Mapping[str, str] | None = None) -> None:
        super().__init__("; ".join(f"{path}: {message}" if path else message for path, message in problems))
        self.problems = problems
        self.found = found or {}

    def with_values(self) -> str:
        """The text with what was found: `lines[0].price: Input should be a valid number (got 'three')`."""
        got = {path: f" (got {found})" for path, found in self.found.items()}
        return str(NotOfType(*((path, message + got.get(path, "")) for path, message in self.problems)))


def join(path: str, key: str) -> str:
    """The path of the entry `key` in the object at `path`."""
    if not key.isidentifier():
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def from_pydantic(errors: list[ErrorDetails], value: Any) -> NotOfType:
    """One problem for each place: the alternatives of a union that all failed are joined by "or"."""
    from skyloom.flows.shortened import shortened

    problems: dict[str, list[str]] = {}
    found: dict[str, str] = {}
    for error in errors:
        location, key = error["loc"], ""
        if location[-1:] == ("[key]",):
            location, key = location[:-2], f"the key {location[-2]!r}: "
        path = _path(location, value, missing=error["type"] in _KEY_ERRORS)
        if not key and error["type"] not in _KEY_ERRORS:
            found[path] = shortened(error["input"])
        messages = problems.setdefault(path, [])
        message = key + error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        if message not in messages:
            messages.append(message)
    return NotOfType(*((path, _joined(messages)) for path, messages in problems.items()), found=found)


_KEY_ERRORS = frozenset({"missing", "missing_argument", "extra_forbidden", "unexpected_keyword_argument"})


def _joined(messages: list[str]) -> str:
    prefix = "Input should be "
    if all(message.startswith(prefix) for message in messages):
        return prefix + " or ".join(message.removeprefix(prefix) for message in messages)
    return ", or ".join(messages)


def _path(location: tuple[int | str, ...], value: Any, *, missing: bool) -> str:
    """The place as a programmer writes it. Pydantic also names the alternatives of unions it went through; those parts
    lead nowhere in the value and are left out."""
    path = ""
    for index, part in enumerate(location):
        found = _child(value, part)
        if found is not _NOTHING:
            value = found
        elif not (missing and index == len(location) - 1):
            continue
        path = f"{path}[{part}]" if isinstance(part, int) else join(path, part)
    return path


_NOTHING = object()


def _child(value: Any, part: int | str) -> Any:
    if isinstance(value, Mapping):
        return value.get(part, _NOTHING)
    if isinstance(part, int):
        inside = isinstance(value, (list, tuple)) and part < len(value)
        return value[part] if inside else _NOTHING
    return getattr(value, part, _NOTHING) if not isinstance(value, (str, int, float, list, tuple)) else _NOTHING
