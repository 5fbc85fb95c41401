"""Policies of `retry`: https://cloud.google.com/workflows/docs/reference/syntax/retrying."""

from __future__ import annotations

from dataclasses import dataclass

from engines.gcp.errors import Undocumented, Value, WorkflowError, type_error
from engines.gcp.expressions.numbers import is_number
from engines.gcp.expressions.operators import type_name
from engines.gcp.expressions.parser import is_expression, parse
from engines.gcp.expressions.syntax import dotted
from engines.gcp.frame import Frame
from engines.gcp.library.function import Reference
from engines.gcp.library.table import POLICIES, PREDICATES
from engines.gcp.model import Retry, Template
from engines.gcp.templates import resolved

IDEMPOTENT = (429, 502, 503, 504)
NOT_IDEMPOTENT = (429, 503)
BROKEN = ("ConnectionError", "ConnectionFailedError", "TimeoutError")


@dataclass(frozen=True)
class Policy:
    """When and how often a step is retried.

    Attributes:
        predicate: Which errors are.
        max_retries: How often, not counting the first attempt.
        initial: Seconds before the first retry.
        longest: Seconds at most.
        multiplier: What each wait is multiplied with to get the next.
    """

    predicate: Reference
    max_retries: int
    initial: float
    longest: float
    multiplier: float

    def delay(self, tries: int) -> float:
        """The seconds before a retry."""
        return min(self.initial * self.multiplier**tries, self.longest)

    def wants(self, problem: WorkflowError, frame: Frame) -> bool:
        """Whether an error is retried."""
        from engines.gcp.running import call_routine

        name = self.predicate.name
        if name in PREDICATES:
            return library(name, problem)
        routine = frame.execution.source.routines[name]
        if len(routine.parameters) != 1:
            raise Undocumented(f"the predicate {name} with {len(routine.parameters)} parameters")
        found = call_routine(routine, {routine.parameters[0]: problem.value}, frame)
        if not isinstance(found, bool):
            raise Undocumented(f"a predicate that gives {type_name(found)}")
        return found


def library(name: str, problem: WorkflowError) -> bool:
    """The predicates of the library."""
    if name in ("retry.always", "retry.never"):
        return name == "retry.always"
    code = problem.value.get("code") if isinstance(problem.value, dict) else None
    if name == "http.default_retry_predicate":
        return code in IDEMPOTENT or any(tag in BROKEN for tag in problem.tags)
    return code in NOT_IDEMPOTENT or "ConnectionFailedError" in problem.tags


DEFAULTS = {
    "http.default_retry": "http.default_retry_predicate",
    "http.default_retry_non_idempotent": "http.default_retry_predicate_non_idempotent",
}


def policy_of(retry: Retry, frame: Frame) -> Policy:
    """The policy that a `retry` describes."""
    if retry.policy is not None:
        name = reference(retry.policy, frame).name
        if name not in DEFAULTS:
            raise Undocumented(f"retry: {name}")
        return Policy(Reference(DEFAULTS[name]), 5, 1.0, 60.0, 1.25)
    most = resolved(retry.max_retries, frame.scope, frame)
    if type(most) is not int:
        raise type_error(f"max_retries is an integer, not {type_name(most)}")
    if most < 0:
        raise Undocumented(f"max_retries: {most}")
    parts = {name: number(name, resolved(value, frame.scope, frame)) for name, value in retry.backoff.items()}
    predicate = reference(retry.predicate, frame)
    return Policy(predicate, most, parts["initial_delay"], parts["max_delay"], parts["multiplier"])


def number(name: str, value: Value) -> float:
    """A number of a backoff."""
    if not is_number(value):
        raise type_error(f"{name} is a number, not {type_name(value)}")
    if value <= 0 or (name == "multiplier" and value < 1):
        raise Undocumented(f"{name}: {value}")
    return float(value)


def reference(template: Template, frame: Frame) -> Reference:
    """The policy, predicate or subworkflow that an expression names."""
    name = dotted(parse(template)) if is_expression(template) else None
    if name in POLICIES or name in PREDICATES or name in frame.execution.source.routines:
        return Reference(str(name))
    raise Undocumented(f"{template} as a policy or predicate")
