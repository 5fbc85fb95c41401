"""The tests' Terraform beside the real one, as recorded: values of expressions, and what plans change."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from engines.gcp_account.terraform.applying import Terraform, read_state, state_file
from engines.gcp_account.terraform.configuration import configuration
from engines.gcp_account.terraform.evaluation import Scope, evaluated
from engines.gcp_account.terraform.kinds import Attributes, Refused
from engines.gcp_account.terraform.planning import State
from engines.gcp_account.terraform.recording import CHANGES, EXPRESSIONS, FILES, FIRST, changed, document, recorded
from engines.gcp_account.terraform.syntax import Malformed


def test_everything_is_recorded() -> None:
    found = recorded()
    assert list(found["expressions"]) == EXPRESSIONS
    assert list(found["changes"]) == list(CHANGES)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_has_the_value_that_terraform_gives_it(text: str) -> None:
    files = {**FILES, "main.tf.json": json.dumps(document({"found": text}))}
    wanted = configuration(files, {})
    value = evaluated(wanted.outputs["found"], wanted.scope({}))
    expected = recorded()["expressions"][text]
    assert (type(value), value) == (type(expected), expected)


# --- plans ----------------------------------------------------------------------------------------------------------


class Data:
    """`terraform_data`, the one resource that Terraform brings along: `output` is `input`, and another
    `triggers_replace` makes another one."""

    fixed = frozenset({"triggers_replace"})
    volatile = frozenset({"output"})

    def create(self, given: Attributes) -> Attributes:
        if given.get("input") == "refused":
            raise Refused(400, "no such input")
        return {**given, "id": str(uuid.uuid4()), "output": given.get("input")}

    def update(self, given: Attributes, before: Attributes) -> Attributes:
        return {**self.create(given), "id": before["id"]}

    def delete(self, before: Attributes) -> None:
        return

    def exists(self, before: Attributes) -> bool:
        return True

    def known(self, given: Attributes, before: Attributes) -> Attributes:
        return {}


@pytest.mark.parametrize("change", CHANGES)
def test_a_plan_changes_what_terraforms_plan_changes(change: str) -> None:
    expected = {address: tuple(actions) for address, actions in recorded()["changes"][change].items()}
    state: State = {}
    ours = Terraform({"terraform_data": Data()}, lambda *_: None)
    assert not ours.apply(configured(FIRST), state, lambda *_: None).failures
    words = {"CREATE": ("create",), "UPDATE": ("update",), "DELETE": ("delete",), "UNCHANGED": ("no-op",)}
    after = configured(changed(change))
    found = {step.address: words.get(step.intent, ("delete", "create")) for step in ours.plan(after, state)}
    assert found == expected


def configured(resources: dict[str, Any]) -> Any:
    return configuration({"main.tf.json": json.dumps(document({}, resources))}, {})


# --- what goes wrong ------------------------------------------------------------------------------------------------


def test_what_fails_stops_what_needs_it_and_nothing_else() -> None:
    state: State = {}
    blocks = {**FIRST, "base": {"input": "refused"}}
    done = Terraform({"terraform_data": Data()}, lambda *_: None).apply(configured(blocks), state, lambda *_: None)
    assert [(one.address, one.code) for one in done.failures] == [("terraform_data.base", 400)]
    assert set(state) == {"terraform_data.alone"}
    assert read_state(state_file(state, {}, 1, "line")) == state


@pytest.mark.parametrize(
    ("main", "problem"),
    [
        ("{", "Invalid JSON"),
        ('{"resources": {}}', "Extraneous"),
        ('{"module": {"x": {}}}', "Extraneous"),
        ('{"output": {"x": {"value": "${google_x.y.id}"}}}', "undeclared resource"),
        ('{"output": {"x": {"value": "${local.x}"}}}', "undeclared local"),
        ('{"output": {"x": {"value": "${1 +}"}}}', "1 \\+"),
        ('{"output": {"x": {"value": "%{ if true }x%{ endif }"}}}', "directives"),
        ('{"variable": {"x": {"type": "string"}}}', "No value for required variable"),
        ('{"resource": {"a": {"x": {"i": "${a.y.id}"}, "y": {"i": "${a.x.id}"}}}}', "Cycle"),
        ('{"resource": {"a": {"x": {"count": 2}}}}', "count"),
    ],
)
def test_what_cannot_be_read_is_refused(main: str, problem: str) -> None:
    with pytest.raises(Malformed, match=problem):
        wanted = configuration({"main.tf.json": main}, {})
        evaluated(dict(wanted.outputs), wanted.scope({}))


OVERRIDDEN = {
    "main.tf.json": json.dumps(
        document({"found": "${local.made} ${terraform_data.one.output}"}, {"one": {"input": 1}})
    ),
    "more.tf.json": json.dumps({"resource": {"terraform_data": {"two": {"input": "from two"}}}}),
}


def test_an_override_changes_what_is_there() -> None:
    """As terraform 1.11.4 does: the local value is now another resource's, which comes first."""
    override = {
        "locals": {"made": "${terraform_data.two.output}"},
        "resource": {"terraform_data": {"one": {"input": 2}}},
    }
    wanted = configuration({**OVERRIDDEN, "z_override.tf.json": json.dumps(override)}, {})
    state: State = {}
    done = Terraform({"terraform_data": Data()}, lambda *_: None).apply(wanted, state, lambda *_: None)
    assert done.outputs == {"found": "from two 2"}


@pytest.mark.parametrize(
    ("name", "document", "problem"),
    [
        ("override.tf.json", {"locals": {"other": 1}}, "Missing base local"),
        ("an_override.tf.json", {"resource": {"terraform_data": {"three": {}}}}, "Missing resource"),
        ("an_override.tf.json", {"resource": {"terraform_data": {"one": {"depends_on": []}}}}, "depends_on"),
        ("an_override.tf.json", {"output": {"found": {"value": 1}}}, "not known"),
        ("twice.tf.json", {"locals": {"made": 1}}, "Duplicate locals: made"),
        ("twice.tf.json", {"resource": {"terraform_data": {"two": {}}}}, "Duplicate resource: terraform_data.two"),
    ],
)
def test_what_cannot_be_put_together_is_refused(name: str, document: Any, problem: str) -> None:
    with pytest.raises(Malformed, match=problem):
        configuration({**OVERRIDDEN, name: json.dumps(document)}, {})


def test_an_unknown_function_is_no_guess() -> None:
    with pytest.raises(Malformed, match="cidrsubnet"):
        evaluated('${cidrsubnet("10.0.0.0/8", 8, 1)}', Scope({}, lambda path: ""))
