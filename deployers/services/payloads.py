"""Payloads of events, checked against the schema of the type that a flow waits for.

The same meaning as `skyloom.flows.ir.conform`, which does it on one's own machine: it knows types, and no pydantic.
"""

from __future__ import annotations

from typing import Any

from skyloom.deployers.services.keywords import Schema, is_number
from skyloom.deployers.services.schema import Fitting, Misfit, json_problems, resolved
from skyloom.flows.whole_numbers import whole

Json = Any


def fitted_payload(value: Json, schema: Schema) -> Json:
    """A copy of `value` in the canonical form of `schema`.

    Raises:
        Misfit: the value is not of the schema.
    """
    problems = list(json_problems(value, ""))
    if problems:
        raise Misfit(problems)
    fitting = _Payload(schema)
    result = fitting.fit(value, schema, "")
    if fitting.problems:
        raise Misfit(fitting.problems)
    return result


class _Payload(Fitting):
    def fit(self, value: Json, schema: Schema, path: str) -> Json:
        schema = resolved(schema, self.root)
        choices = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]
        if choices and not any(same(value, choice) for choice in choices):
            self.problems.append((path, f"must be one of {', '.join(map(str, choices))}"))
            return value
        open_to_any = not schema.keys() & {"type", "enum", "const"}
        return super().fit(whole(value) if open_to_any else value, schema, path)

    def plain(self, value: Json, schema: Schema, path: str) -> Json:
        if schema.get("type") == "number" and is_number(value, (int, float)):
            return float(value) or 0.0
        return value

    def alternative(self, value: Json, alternatives: list[Schema], path: str) -> Json:
        """The alternative that takes the value as it is; else the first that takes it at all."""
        fitting = []
        for inner in alternatives:
            trial = _Payload(self.root)
            result = trial.fit(value, inner, path)
            if not trial.problems and same(result, value):
                return result
            if not trial.problems:
                fitting.append(result)
        return fitting[0] if fitting else super().alternative(value, alternatives, path)


def same(left: Json, right: Json) -> bool:
    """Whether two values are equal, 1 and 1.0 and true told apart."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(item, right[key]) for key, item in left.items())
    return bool(left == right)
