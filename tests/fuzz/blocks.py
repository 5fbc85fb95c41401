"""What the parts of a flow's body are drawn with: where they stand, what is left to write, names, and how to indent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from fuzz.choices import Choices
from fuzz.expressions import Expressions, Scope

_NAMES = """
    value result item items_ text states input_ output context error_ sys http retry body count_ total index key name
    payload event_ events args map_ main steps branch i n x y s t u xs rows_ acc seen found last best state cause data
    element response json_ uuid_ now_ var1 var2 var3 var4 var5 var6 var7 var8 var9 ifs caught number skip return_
    nothing
"""
NAMES = _NAMES.split()
"""Names of variables; many have a meaning on some engine."""


@dataclass(frozen=True)
class Signature:
    """A flow: its name, the kinds of its parameters and of the parts of its result."""

    name: str
    parameters: dict[str, str]
    returns: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """Where statements stand.

    Attributes:
        signature: the flow around.
        depth: how deep they stand.
        loop: inside of a loop, so that `break` and `continue` may stand.
        handler: inside of an `except`, so that `raise` alone may stand.
        guarded: inside of a `try`, so that errors do not end the run so often.
    """

    signature: Signature
    depth: int = 0
    loop: bool = False
    handler: bool = False
    guarded: bool = False

    def inside(self, *, loop: bool = False, handler: bool = False, guarded: bool = False) -> Place:
        """One deeper."""
        return replace(
            self,
            depth=self.depth + 1,
            loop=self.loop or loop,
            handler=self.handler or handler,
            guarded=self.guarded or guarded,
        )


@dataclass
class Writing:
    """What the writing of one flow shares.

    Attributes:
        left: statements that may still be written.
        flows: sub-flows that may be called; those in `apart` ask nobody, and may run side by side.
    """

    choices: Choices
    expressions: Expressions
    left: int
    flows: list[Signature] = field(default_factory=list)
    apart: bool = False
    taken: set[str] = field(default_factory=set)

    def new_name(self) -> str:
        """A name that the flow does not use yet."""
        free = [name for name in NAMES if name not in self.taken] or [f"more{len(self.taken)}"]
        name = self.choices.pick(free)
        self.taken.add(name)
        return name


Written = tuple[list[str], Scope]
"""Lines, and what has a value behind them."""


def indented(lines: Iterable[str]) -> list[str]:
    """One deeper."""
    return [f"    {line}" for line in lines]
