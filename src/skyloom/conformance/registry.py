"""Finds the engine of a deployer, and looks at what it declares."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

from skyloom import plugins
from skyloom.conformance.capabilities import EVERYTHING
from skyloom.conformance.engine import Engine
from skyloom.errors import ConfigError, Diagnostic

GROUP: plugins.Group = "skyloom.conformance"


def engine(name: str, folder: Path, cases: Iterable[str]) -> Engine:
    """The engine that is registered for the deployer.

    Args:
        folder: for the engine.
        cases: the names of all that there are.

    Raises:
        ConfigError: there is none, it cannot be imported, or what it declares is of nothing that there is.
    """
    known = plugins.names(GROUP)
    if name not in known:
        message = f"no engine for cases is registered as `{name}` in `{GROUP}`"
        hint = f"installed: {', '.join(known) or 'none'}; the distribution of a deployer brings its engine"
        raise ConfigError(Diagnostic("SKY601", message, "command line", hint=hint))
    found = cast("Engine", plugins.load(GROUP, name)(folder))
    problems = [f"there is no capability `{one}`" for one in sorted(found.capabilities - EVERYTHING)]
    problems += [f"a gap is about `{case}`, which is no case" for case in sorted(set(found.gaps) - set(cases))]
    problems += [
        f"the gap of `{case}` has no {what}"
        for case, gap in found.gaps.items()
        for what in ("reason", "reference")
        if not getattr(gap, what)
    ]
    if problems:
        raise ConfigError(*(Diagnostic("SKY602", f"engine `{name}`: {problem}", GROUP) for problem in problems))
    return found
