"""What a target provides to carry expressions: the protocol of every emitter.

To write one for a new target:

1. Walk `Expr` with `match`, ending in `assert_never`. The docstrings of `skyloom.flows.expr.nodes` say what each node
   means; `node.type` says which of several meanings counts (what `+` joins, what is false, what `in` looks through).
   Values are JSON, as `skyloom.flows.expr.types` lists it.
2. Give every builtin of `skyloom.flows.expr.builtins.BUILTINS` a line in a table, or a method where a template does not
   do, and name it in `emitted`. What the target cannot say goes to `unsupported`, with the reason a user will read.
   `gaps(emitter)` lists what is in neither, or in both; a test keeps it empty.
3. Refuse the rest with `CannotEmit`: a compiler turns it into a diagnostic at the node's place, or hoists the node into
   a step that computes it elsewhere.

A number of type `float` is a float, one of type `int` is none: a target with one kind of number writes their texts by
the type, and refuses the text of a value that `mixes_numbers`.

Emitted text evaluates parts from left to right, once, and no part that Python would not evaluate.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Protocol

from skyloom.flows.expr.builtins import BUILTINS
from skyloom.flows.expr.nodes import Expr


class CannotEmit(Exception):
    """The target has no words for `node`: `reason` says why, `hint` what the user may write instead."""

    def __init__(self, node: Expr, reason: str, hint: str | None = None) -> None:
        super().__init__(reason)
        self.node = node
        self.reason = reason
        self.hint = hint


class Emitter(Protocol):
    """Writes expressions in a target's language."""

    @property
    def emitted(self) -> AbstractSet[str]:
        """The catalog names of the builtins that the target can say."""

    @property
    def unsupported(self) -> Mapping[str, str]:
        """The catalog names of the others, each with its reason."""

    def emit(self, expr: Expr) -> str:
        """The text of `expr`.

        Raises:
            CannotEmit: the target cannot say it.
        """


def gaps(emitter: Emitter) -> list[str]:
    """What an emitter's declarations get wrong about the catalog: builtins in neither table, in both, or unknown."""
    both = emitter.emitted & set(emitter.unsupported)
    declared = emitter.emitted | set(emitter.unsupported)
    return [
        *(f"{name}: neither emitted nor declared unsupported" for name in sorted(set(BUILTINS) - declared)),
        *(f"{name}: emitted and declared unsupported" for name in sorted(both)),
        *(f"{name}: no builtin of the catalog" for name in sorted(declared - set(BUILTINS))),
        *(f"{name}: unsupported without a reason" for name, reason in emitter.unsupported.items() if not reason),
    ]
