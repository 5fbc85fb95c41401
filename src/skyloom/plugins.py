"""Finds the plugins of a group (`skyloom.adapters`, `skyloom.deployers`, `skyloom.patterns`, `skyloom.conformance`) by
entry point."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from skyloom.errors import ConfigError, Diagnostic

Group = Literal["skyloom.adapters", "skyloom.conformance", "skyloom.deployers", "skyloom.patterns"]


def names(group: Group) -> list[str]:
    """The names registered in `group`, sorted. Loads none of them."""
    return sorted({entry.name for entry in entry_points(group=group)})


def load(group: Group, name: str) -> Any:
    """The object registered as `name` in `group`.

    Raises:
        ConfigError: nothing is registered under that name, or it cannot be imported.
    """
    found: dict[str, EntryPoint] = {entry.name: entry for entry in entry_points(group=group)}
    if name not in found:
        known = ", ".join(sorted(found)) or "none"
        raise ConfigError(
            Diagnostic("SKY601", f"no plugin `{name}` in `{group}`", "skyloom.toml", hint=f"installed: {known}")
        )
    try:
        return found[name].load()
    except Exception as error:
        # A module may raise anything; whatever it is, the plugin is broken, and not Skyloom.
        told = str(error) if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
        message = f"plugin `{name}` cannot be imported: {told}"
        raise ConfigError(Diagnostic("SKY602", message, found[name].value)) from error
