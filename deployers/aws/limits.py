"""The limits of Step Functions and Lambda that a compiled app must keep, each with its source.

Numbers are from the AWS documentation as of November 2026.
"""

from __future__ import annotations

from dataclasses import dataclass

_QUOTAS = "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"
_VARIABLES = "https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: what it bounds, its value in `unit`, and the page that says so."""

    what: str
    value: int
    unit: str
    source: str


STATE_NAME = Limit(
    "the name of a state",
    80,
    "characters",
    "https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html",
)
VARIABLE_NAME = Limit("the name of a variable", 80, "characters", _VARIABLES)
