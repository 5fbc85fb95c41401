"""What every emitter makes of a form, row by row."""

from __future__ import annotations

import atexit
import functools
from typing import Any

from engines.jsonata import PACKAGE_NAMES, Jsonata, JsonataJs, JsonataPython, NodeJsonata
from expressions.agreement_on_gcp import EMITTER as WORKFLOWS
from expressions.agreement_on_gcp import FORESEEN, arrived, overflows, taken
from expressions.comparing import holdable
from sweep.plain import Raised, outcome
from sweep.tally import Expected, Tally

from skyloom.deployers.aws.expr import JsonataEmitter
from skyloom.deployers.gcp.steps import Names
from skyloom.deployers.gcp.unfolding import unfold
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.python import compile_expr

Json = Any

JSONATA = JsonataEmitter()


def on_python(wanted: Expected, tally: Tally) -> None:
    """The emitted Python, which the interpreter, Azure and every helper function run."""
    expr = wanted.accepted.expr
    try:
        function = compile_expr(expr)
    except Exception as broken:
        tally.differs(wanted, 0, broken, "the emitter breaks")
        return
    for number, (row, expected_) in enumerate(zip(wanted.rows, wanted.outcomes, strict=True)):
        found = outcome(functools.partial(function, row))
        if isinstance(found, Raised) or isinstance(expected_, Raised):
            if found == expected_:
                tally.add("error")
            else:
                tally.differs(wanted, number, found)
        elif not holdable(expected_):
            tally.add("open")
        else:
            tally.compare(wanted, number, found)


# --- Step Functions -----------------------------------------------------------------------------------------------


@functools.cache
def jsonata_engines() -> tuple[Jsonata, ...]:
    """The reference in JavaScript, in the release that Step Functions documents, and the port to Python."""
    process = NodeJsonata()
    atexit.register(process.close)
    return (JsonataJs(process, PACKAGE_NAMES[0]), JsonataPython())


def on_jsonata(wanted: Expected, engine: Jsonata, tally: Tally) -> None:
    """JSONata: whether it fails is asked first, as compiled flows ask."""
    expr = wanted.accepted.expr
    try:
        text, fails = JSONATA.emit(expr), JSONATA.fails(expr)
    except CannotEmit as problem:
        tally.hoisted(problem.reason, len(wanted.rows))
        return
    except Exception as broken:
        tally.differs(wanted, 0, broken, "the emitter breaks")
        return
    asked = _carried_rows(wanted, tally)
    failing = [False] * len(asked) if fails is None else engine.evaluate_all(fails, [wanted.rows[n] for n in asked])
    natively = []
    for number, foreseen in zip(asked, failing, strict=True):
        found = wanted.outcomes[number]
        if not isinstance(foreseen, bool):
            tally.differs(wanted, number, foreseen, f"fails: {fails}")
        elif foreseen:
            tally.add("error" if isinstance(found, Raised) else "handed")
        elif isinstance(found, Raised):
            tally.differs(wanted, number, "no error", f"{text}  fails: {fails}")
        else:
            natively.append(number)
    values = engine.evaluate_all(text, [wanted.rows[n] for n in natively]) if natively else []
    for number, value in zip(natively, values, strict=True):
        tally.compare(wanted, number, value, text)


def _carried_rows(wanted: Expected, tally: Tally) -> list[int]:
    known = wanted.known()
    tally.add("open", len(wanted.rows) - len(known))
    return known


# --- Workflows ----------------------------------------------------------------------------------------------------


def on_workflows(wanted: Expected, tally: Tally) -> None:
    """Expressions of Workflows, and the steps they unfold to, where one does not do."""
    expr = wanted.accepted.expr
    try:
        ways = unfold(expr, WORKFLOWS, Names())
    except CannotEmit as problem:
        tally.hoisted(problem.reason, len(wanted.rows))
        return
    except Exception as broken:
        tally.differs(wanted, 0, broken, "the emitter breaks")
        return
    for number, (row, expected) in enumerate(zip(wanted.rows, wanted.outcomes, strict=True)):
        if not isinstance(expected, Raised) and not holdable(expected) and not overflows(expected):
            tally.add("open")
            continue
        try:
            found = taken(ways, arrived(row))
        except Exception as error:
            found = error
        if found is FORESEEN:
            tally.add("error" if isinstance(expected, Raised) else "open" if overflows(expected) else "handed")
        elif isinstance(expected, Raised) or overflows(expected) or isinstance(found, Exception):
            tally.differs(wanted, number, found, str(ways))
        else:
            tally.compare(wanted, number, found, str(ways))
