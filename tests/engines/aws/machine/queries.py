"""Evaluates JSONata as Step Functions does, on top of `jsonata-python`, mended where it differs from the reference.

What differs from that package, from the documentation and from what others measured on the service: undefined results
and the depth of nesting are errors, numbers are those of JSON (2.0 comes out as 2), infinite ones come out as text, and
Step Functions brings functions of its own.
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import jsonata
from engines.aws.machine.failure import StateFailure
from engines.aws.machine.functions import register
from engines.jsonata_port import mend
from jsonata.utils import Utils

Json = Any

mend()

DEEPEST = 100
"""Levels of nesting of one evaluation (measured on the service: `1+1+...` with a hundred terms passes)."""
MILLISECONDS = 20_000
"""The service gives one second; here that would measure the load of the test machine."""


def is_query(value: object) -> bool:
    """Whether a text of a definition is an expression."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def evaluate(template: Json, field: str, states: Mapping[str, Json], variables: Mapping[str, Json]) -> Json:
    """The value of a field: expressions in it evaluated, everything else as it stands.

    Raises:
        StateFailure: States.QueryEvaluationError.
    """
    match template:
        case dict():
            return {name: evaluate(value, f"{field}/{name}", states, variables) for name, value in template.items()}
        case list():
            return [evaluate(value, f"{field}[{i}]", states, variables) for i, value in enumerate(template)]
        case str() if is_query(template):
            return _query(template[2:-2].strip(), field, states, variables)
        case _:
            return template


def of_type(value: Json, wanted: str, template: Json, field: str) -> Json:
    """The value, if it is of the JSON type that the field asks for.

    Raises:
        StateFailure: States.QueryEvaluationError.
    """
    found = json_type(value)
    if found != wanted:
        raise StateFailure(
            "States.QueryEvaluationError",
            f"The JSONata expression '{template}' specified for the field '{field}' returned an unexpected result type."
            f" Expected '{wanted}', but was '{found}' for value: {value!r}",
        )
    return value


def json_type(value: Json) -> str:
    """The name of a value's JSON type."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def as_json(value: Json, where: str = "The value") -> Json:
    """A value as it leaves Step Functions: whole numbers without a fraction, infinite ones as text."""
    match value:
        case None | bool() | str() | int():
            return value
        case dict():
            return {name: as_json(inner, where) for name, inner in value.items()}
        case list():
            return [as_json(inner, where) for inner in value]
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case float():
            return int(value) if value.is_integer() and abs(value) < 2**63 else value
        case _ if value is Utils.NULL_VALUE:
            return None
        case _:
            raise StateFailure("States.QueryEvaluationError", f"{where} returned a value that is no JSON.")


def parses(expression: str) -> str | None:
    """What is wrong with the syntax of an expression; None: nothing."""
    try:
        jsonata.Jsonata.jsonata(expression)
    except Exception as problem:
        return str(problem)
    return None


def _query(text: str, field: str, states: Mapping[str, Json], variables: Mapping[str, Json]) -> Json:
    where = f"The JSONata expression '{text}' specified for the field '{field}'"
    try:
        expression = jsonata.Jsonata.jsonata(text, timeout=MILLISECONDS, stack=DEEPEST)
        # null is a value, undefined is none: the package would give None for both.
        expression.set_output_convert_nulls(False)
        register(expression)
        # The package takes a variable that is None for one that is not there.
        bindings = {name: Utils.NULL_VALUE if value is None else value for name, value in variables.items()}
        value = expression.evaluate(None, {**bindings, "states": dict(states)})
    except Exception as problem:
        code = getattr(problem, "error", None)
        cause = f"{code}: {problem}" if isinstance(code, str) else str(problem)
        message = f"{where} threw an error during evaluation. {cause}"
        raise StateFailure("States.QueryEvaluationError", message) from problem
    if value is None:
        raise StateFailure("States.QueryEvaluationError", f"{where} returned nothing (undefined).")
    return as_json(value, where)
