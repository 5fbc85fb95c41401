"""The exception classes that one program names: errors cross steps by name."""

from __future__ import annotations

import builtins

from skyloom.flows.frontend.unsupported import Unsupported
from skyloom.flows.ir.program import ErrorDefinition


class ErrorTable:
    """Collects exception classes.

    Attributes:
        definitions: what a program says about them, by name.
    """

    def __init__(self) -> None:
        self.definitions: dict[str, ErrorDefinition] = {}
        self._classes: dict[str, type[BaseException]] = {}

    def add(self, cls: type[BaseException]) -> ErrorDefinition:
        """The exception class `cls`, registered under its name.

        Raises:
            Unsupported: another class of the same name is in use. Errors cross steps by name, so nothing could tell
                the two apart.
        """
        name = cls.__name__
        known = self._classes.setdefault(name, cls)
        builtin = _BUILTIN_ERRORS.get(name)
        if known is not cls or (builtin is not None and builtin is not cls):
            other = builtin or known
            raise Unsupported(
                f"two exception classes are called `{name}`: {cls.__module__}.{cls.__qualname__} and "
                f"{other.__module__}.{other.__qualname__}",
                "rename one: errors keep their class name, and nothing else, on every engine",
            )
        if name not in self.definitions:
            bases = tuple(base.__name__ for base in cls.__mro__[1:] if issubclass(base, Exception))
            self.definitions[name] = ErrorDefinition(
                name=name, bases=bases, module=cls.__module__, qualname=cls.__qualname__
            )
        return self.definitions[name]


_BUILTIN_ERRORS: dict[str, type[BaseException]] = {
    name: item
    for name, item in vars(builtins).items()
    if isinstance(item, type) and issubclass(item, BaseException) and item.__name__ == name
}
