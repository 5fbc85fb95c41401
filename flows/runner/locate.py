"""Finds the Python objects behind the definitions of a program."""

from __future__ import annotations

import importlib
import sys
from functools import reduce
from pathlib import Path
from typing import Any, Protocol

from skyloom.errors import EngineError
from skyloom.flows.definitions import Definition


class Located(Protocol):
    """What a definition says of where it comes from."""

    @property
    def module(self) -> str: ...
    @property
    def qualname(self) -> str: ...
    @property
    def file(self) -> str: ...


def locate(definition: Located) -> Definition[..., Any]:
    """The decorated function that a definition was made from. Raises EngineError when it is gone."""
    module = sys.modules.get(definition.module)
    if module is None:
        try:
            module = importlib.import_module(definition.module)
        except ImportError:
            from skyloom.flows.frontend import load_file

            module = load_file(Path(definition.file))
    try:
        found = reduce(getattr, definition.qualname.split("."), module)
    except AttributeError:
        raise EngineError(f"{definition.file} defines no {definition.qualname} any more") from None
    if not isinstance(found, Definition):
        raise EngineError(f"{definition.qualname} of {definition.file} is no task, prompt or flow any more")
    return found


def locate_class(module: str, qualname: str) -> type | None:
    """A class by module and qualified name, where it can still be found."""
    try:
        found = reduce(getattr, qualname.split("."), importlib.import_module(module))
    except (ImportError, AttributeError):
        return None
    return found if isinstance(found, type) else None
