"""What the parts of the JSONata emitter share: how expressions and variables are written, and which names are taken."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from skyloom.deployers.aws.expr_code import Code, block
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.nodes import Expr, free_names

_NAMES = """
abs append assert average base64decode base64encode boolean ceil clone contains count decodeUrl decodeUrlComponent
distinct each encodeUrl encodeUrlComponent error eval exists filter floor formatBase formatInteger formatNumber
fromMillis hash join keys length lookup lowercase map match max merge millis min not now number pad parse parseInteger
partition power random range reduce replace reverse round shuffle sift single sort split spread sqrt states string
substring substringAfter substringBefore sum toMillis trim type uppercase uuid zip
"""
BUILTIN_FUNCTIONS = frozenset(_NAMES.split())
"""The functions of JSONata and Step Functions: a variable of such a name would hide one. `states` is a variable."""

Emit = Callable[["Writer", Expr], Code]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes expressions inside one scope of an emitted text.

    Attributes:
        node: writes one node.
        variable: the text of a variable of the flow.
        taken: identifiers that may not be bound here, without `$`.
        bound: names of comprehensions and lambdas around this place, and what they are written as.
    """

    node: Emit
    variable: Callable[[str], str]
    taken: frozenset[str] = BUILTIN_FUNCTIONS
    bound: Mapping[str, Code] | None = None

    def code(self, expr: Expr) -> Code:
        """The code of `expr`."""
        return self.node(self, expr)

    def name(self, name: str) -> Code:
        """The code of a variable."""
        if self.bound is not None and name in self.bound:
            return self.bound[name]
        text = self.variable(name)
        return Code(text if _PATH.fullmatch(text) else f"({text})", simple=True)

    def fresh(self, wanted: str) -> tuple[Writer, str]:
        """The scope in which a new variable is known, and the variable (`$wanted`, or with a number behind)."""
        base = wanted if _IDENTIFIER.fullmatch(wanted) else "value"
        names = (base if number == 1 else f"{base}{number}" for number in range(1, len(self.taken) + 2))
        name = next(name for name in names if name not in self.taken)
        return replace(self, taken=self.taken | {name}), f"${name}"

    def binding(self, names: Mapping[str, Code]) -> Writer:
        """The scope in which `names` of the source are written like this."""
        return replace(self, bound={**(self.bound or {}), **names})

    def let(self, values: Sequence[tuple[str, Expr | Code]], body: Callable[..., Code]) -> Code:
        """`body(writer, *codes)`, where the codes of `values` are simple: what is not gets a variable of its name."""
        writer, bindings, codes = self, [], []
        for wanted, value in values:
            code = value if isinstance(value, Code) else self.code(value)
            if not code.simple:
                writer, name = writer.fresh(wanted)
                bindings.append(f"{name} := {code.text}")
                code = Code(name, simple=True)
            codes.append(code)
        return block(bindings, body(writer, *codes))


_IDENTIFIER = re.compile(r"[^\W\d_]\w*")
_PATH = re.compile(r"\$\w*(\.(\w+|`[^`]*`))*")


def writer_for(expr: Expr, variable: Callable[[str], str], node: Emit) -> Writer:
    """A writer for the whole of `expr`: nothing that it binds hides a variable of the flow."""
    texts = [variable(name) for name in free_names(expr)]
    roots = frozenset(root for text in texts for root in re.findall(r"\$(\w+)", text))
    return Writer(node, variable, BUILTIN_FUNCTIONS | roots)


def cannot(expr: Expr, reason: str, hint: str | None = None) -> CannotEmit:
    """The refusal of `expr`."""
    return CannotEmit(expr, reason, hint)
