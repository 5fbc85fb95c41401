"""Wrong workflows are refused before anything runs; 0022."""

from __future__ import annotations

import pytest
from engines.gcp.engine import Engine
from engines.gcp.errors import Undocumented, WorkflowRefused
from engines.gcp.facts import Wrong, wrong

QUOTAS = "quotas"
VARIABLES = "use-environment-variables"


def steps(*lines: str) -> str:
    """A workflow of steps, one in each line."""
    return "main:\n  steps:\n" + "".join(f"    - {line}\n" for line in lines)


def many(form: str, number: int) -> str:
    """A list of things that are alike."""
    return "[" + ", ".join(form.replace("#", str(place)) for place in range(number)) + "]"


def nested(depth: int) -> str:
    """Steps inside of steps."""
    inner = "[{last: {assign: [{x: 1}]}}]"
    for level in range(depth):
        inner = f"[{{a{level}: {{steps: {inner}}}}}]"
    return f"main:\n  steps: {inner}\n"


FINE = steps("r: {return: 1}")
BRANCH = "{b#: {steps: [{s#: {assign: [{x: 1}]}}]}}"
LIMITS = [
    Wrong("source of more than 128 KB", f"# {'x' * 131_072}\n{FINE}", "131072 are allowed", QUOTAS),
    Wrong("51 assignments", steps(f"a: {{assign: {many('{x#: 1}', 51)}}}"), "50 are allowed", QUOTAS),
    Wrong(
        "51 conditions", steps(f"a: {{switch: {many('{condition: true, return: 1}', 51)}}}"), "50 are allowed", QUOTAS
    ),
    Wrong("11 branches", steps(f"p: {{parallel: {{branches: {many(BRANCH, 11)}}}}}"), "10 are allowed", QUOTAS),
    Wrong("steps 22 deep", nested(22), "more than 20", QUOTAS),
    Wrong("expression of 401 characters", steps(f"r: {{return: '${{{'1+' * 198}11}}'}}"), "401 characters", QUOTAS),
    Wrong("reserved variable", FINE, "reserved", VARIABLES, environment={"GOOGLE_X": "1"}),
    Wrong("21 variables", FINE, "20 are allowed", VARIABLES, environment={f"V{place}": "1" for place in range(21)}),
    Wrong("variable of 4,097 bytes", FINE, "4096 bytes", VARIABLES, environment={"V": "x" * 4097}),
]
JUST_FITS = [
    steps(f"a: {{assign: {many('{x#: 1}', 50)}}}"),
    steps(f"a: {{switch: {many('{condition: true, return: 1}', 50)}}}"),
    steps(f"p: {{parallel: {{branches: {many(BRANCH, 10)}}}}}"),
    nested(20),
    steps(f"r: {{return: '${{{'1+' * 198}1}}'}}"),
]


@pytest.mark.parametrize("case", [*wrong(), *LIMITS], ids=lambda case: case.name)
def test_wrong_workflow(case: Wrong) -> None:
    with pytest.raises(Undocumented if case.undocumented else WorkflowRefused, match=case.reason or None):
        Engine().deploy("flow", case.source, case.environment)


@pytest.mark.parametrize("source", JUST_FITS)
def test_what_just_fits(source: str) -> None:
    Engine().deploy("flow", source)


def test_enough_are_tried() -> None:
    assert len(wrong()) >= 70
    assert all(case.page for case in wrong())


def test_a_refusal_says_where() -> None:
    with pytest.raises(WorkflowRefused) as caught:
        Engine().deploy("flow", steps("price: {call: nobody}"))
    assert str(caught.value) == "main.price: there is no function nobody"
