"""Finds the engine of a deployer, and looks at what it declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast, get_args

from skyloom import plugins
from skyloom.conformance.capabilities import EVERYTHING
from skyloom.conformance.engine import Engine
from skyloom.conformance.gaps import Gap, Kind
from skyloom.errors import ConfigError, Diagnostic

GROUP: plugins.Group = "skyloom.conformance"


def engine(name: str, folder: Path, cases: Iterable[str]) -> Engine:
    """The engine that is registered for the deployer.

    Args:
        folder: for the engine.
        cases: the names of all that there are.

    Raises:
        ConfigError: there is none, it cannot be imported or made, or what it declares is of nothing that there is.
    """
    known = plugins.names(GROUP)
    if name not in known:
        message = f"no engine for cases is registered as `{name}` in `{GROUP}`"
        hint = f"installed: {', '.join(known) or 'none'}; the distribution of a deployer brings its engine"
        raise ConfigError(Diagnostic("SKY601", message, "command line", hint=hint))
    made = plugins.load(GROUP, name)
    try:
        found = cast("Engine", made(folder))
        problems = list(_problems(found, set(cases)))
    except Exception as error:
        # Whatever its author did wrong, it is not a fault of Skyloom.
        problem = f"it cannot be made: {type(error).__name__}: {error}"
        raise ConfigError(Diagnostic("SKY602", f"engine `{name}`: {problem}", GROUP)) from error
    if problems:
        raise ConfigError(*(Diagnostic("SKY602", f"engine `{name}`: {problem}", GROUP) for problem in problems))
    return found


def _problems(found: Engine, cases: set[str]) -> Iterator[str]:
    yield from (f"there is no capability `{one}`" for one in sorted(found.capabilities - EVERYTHING))
    if not isinstance(found.exact, bool):
        yield f"`exact` is {found.exact!r}, and neither True nor False"
    for case, gap in sorted(found.gaps.items()):
        if case not in cases:
            yield f"a gap is about `{case}`, which is no case"
        if not isinstance(gap, Gap):
            yield f"the gap of `{case}` is no Gap, but {gap!r}"
            continue
        if gap.kind not in get_args(Kind):
            yield f"the gap of `{case}` is of no kind there is: `{gap.kind}`"
        yield from (f"the gap of `{case}` has no {what}" for what in ("reason", "reference") if not getattr(gap, what))
