"""The variables of a running execution: scopes, what they weigh, and writes into them.

Memory as https://cloud.google.com/workflows/docs/reference/syntax/variables#memory-usage computes it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

from engines.gcp.errors import ResourceLimit, Undocumented, Value, WorkflowError, type_error
from engines.gcp.expressions.operators import type_name
from engines.gcp.limits import STRING_BYTES, VARIABLE_BYTES


def weight(value: Value) -> int:
    """The bytes of a value."""
    match value:
        case str():
            size = len(value.encode())
            if size > STRING_BYTES:
                raise ResourceLimit(f"a text of {size} bytes, {STRING_BYTES} are allowed")
            return 8 + size
        case bytes():
            return 8 + len(value)
        case list():
            return 8 + sum(weight(one) for one in value)
        case dict():
            return 8 + sum(weight(key) + weight(one) for key, one in value.items())
        case _:
            return 8


class Memory:
    """What all variables of an execution weigh together, and the lock that makes each read and write whole."""

    def __init__(self) -> None:
        self.used = 0
        self.most = 0
        self.lock = threading.RLock()

    def change(self, by: int) -> None:
        """Adds or frees bytes.

        Raises:
            ResourceLimit: They are too many.
        """
        with self.lock:
            self.used += by
            self.most = max(self.most, self.used)
            if self.used > VARIABLE_BYTES:
                raise ResourceLimit(f"variables of {self.used} bytes, {VARIABLE_BYTES} are allowed")


class Scope(Mapping[str, Value]):
    """The variables of a routine, of one iteration, of an `except` or of a branch, and those around it.

    What a branch may write of them is checked before anything runs (naming.py).
    """

    def __init__(self, memory: Memory, parent: Scope | None = None) -> None:
        self.memory = memory
        self.parent = parent
        self.values_: dict[str, Value] = {}
        self.weights: dict[str, int] = {}

    def __getitem__(self, name: str) -> Value:
        with self.memory.lock:
            scope = self.holder(name)
            if scope is None:
                raise KeyError(name)
            return scope.values_[name]

    def __contains__(self, name: object) -> bool:
        with self.memory.lock:
            return isinstance(name, str) and self.holder(name) is not None

    def __iter__(self) -> Iterator[str]:
        yield from self.values_
        if self.parent is not None:
            yield from self.parent

    def __len__(self) -> int:
        return len(list(iter(self)))

    def holder(self, name: str) -> Scope | None:
        """The scope that has a variable."""
        scope: Scope | None = self
        while scope is not None and name not in scope.values_:
            scope = scope.parent
        return scope

    def put(self, name: str, value: Value) -> None:
        """Assigns a variable: where it exists, else here."""
        with self.memory.lock:
            (self.holder(name) or self).keep(name, value)

    def keep(self, name: str, value: Value) -> None:
        """Sets a variable of this very scope."""
        with self.memory.lock:
            size = weight(value)
            self.memory.change(size - self.weights.get(name, 0))
            self.values_[name] = value
            self.weights[name] = size

    def put_into(self, name: str, path: list[Value], value: Value) -> None:
        """Assigns an element or a key inside of a variable."""
        with self.memory.lock:
            scope = self.holder(name)
            if scope is None:
                raise Undocumented(f"the variable {name} is written into before it is assigned")
            container = scope.values_[name]
            for key in path[:-1]:
                container = inside(container, key)
            store(container, path[-1], value)
            scope.keep(name, scope.values_[name])

    def leave(self) -> None:
        """Frees the variables of this scope."""
        with self.memory.lock:
            self.memory.change(-sum(self.weights.values()))
            self.values_.clear()
            self.weights.clear()


def inside(container: Value, key: Value) -> Value:
    """The list or map on the way to what is assigned."""
    match container:
        case dict():
            if key not in container:
                raise Undocumented(f"an assignment below the key {key!r}, which is not there")
            return container[key]
        case list():
            return container[position(container, key)]
        case _:
            raise type_error(f"an assignment into {type_name(container)}")


def store(container: Value, key: Value, value: Value) -> None:
    """Sets an element of a list that exists, or any key of a map."""
    match container:
        case dict() if isinstance(key, str):
            container[key] = value
        case list():
            container[position(container, key)] = value
        case dict():
            raise Undocumented(f"a key of a map that is {key!r}")
        case _:
            raise type_error(f"an assignment into {type_name(container)}")


def position(container: list[Value], key: Value) -> int:
    """An index of a list (syntax/arrays: elements cannot be added by assigning)."""
    if not isinstance(key, int) or isinstance(key, bool):
        raise type_error(f"an index must be an integer, not {type_name(key)}")
    if key < 0:
        raise Undocumented(f"the negative index {key}")
    if key >= len(container):
        raise WorkflowError.tagged("IndexError", f"index out of range: {key}")
    return key
