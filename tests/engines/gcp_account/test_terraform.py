"""The tests' Terraform beside the real one, where that is installed: values of expressions, and what plans change."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
from engines.gcp_account.terraform.applying import Terraform, read_state, state_file
from engines.gcp_account.terraform.configuration import configuration
from engines.gcp_account.terraform.evaluation import Scope, evaluated
from engines.gcp_account.terraform.kinds import Attributes, Refused
from engines.gcp_account.terraform.planning import State
from engines.gcp_account.terraform.syntax import Malformed

TERRAFORM = shutil.which("terraform")
real = pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")

EXPRESSIONS = [
    "plain",
    "$${escaped} and %%{this}",
    "${true}",
    "a ${true} b ${1.5} ${2} c",
    "${1 + 2 * 3}",
    "${(1 + 2) * 3}",
    "${7 - 2 - 1}",
    "${10 / 4}",
    "${-3 + 1}",
    '${1 == 1 ? "y" : "n"}',
    "${!false && (1 < 2 || false)}",
    '${"a" != "b"}',
    "${[1, 2, 3][1]}",
    '${{"a" = {"b" = [1, 2]}}.a.b[1]}',
    '${{a: 1}["a"]}',
    '${"x${1 + 1}y"}',
    '${"quote \\" and \\\\"}',
    '${jsonencode({b = 1, a = "<x> & ä", c = [true, null]})}',
    '${jsonencode("te\\"xt")}',
    '${jsondecode("{\\"a\\": [1]}").a[0]}',
    '${base64encode("hä")}',
    '${base64decode("aGk=")}',
    '${sha256("x")}',
    '${base64sha256("x")}',
    '${join(",", ["a", "b"])}',
    '${split("-", "europe-west3")[0]}',
    '${replace("a.b.c", ".", "-")}',
    '${lower("AbC")}',
    '${upper("AbC")}',
    '${substr("hello", 1, 3)}',
    '${substr("hello", 1, -1)}',
    '${trimprefix("https://x", "https://")}',
    '${trimsuffix("x.git", ".git")}',
    '${trimspace("  x ")}',
    '${format("%s-%d", "a", 3)}',
    "${length([1, 2])}",
    "${concat([1], [2, 3])[2]}",
    "${merge({a = 1}, {b = 2}).b}",
    '${lookup({a = 1}, "a", 2)}',
    '${lookup({a = 1}, "b", 2)}',
    '${element(["a", "b"], 3)}',
    "${keys({b = 1, a = 2})[0]}",
    "${values({b = 1, a = 2})[0]}",
    "${tostring(5)}",
    '${try({a = 1}.b, "none")}',
    "${var.given}",
    "${local.made}",
    '${file("${path.module}/text.txt")}',
    '${filesha256("text.txt")}',
    '${templatefile("t.tpl", {name = "Ada", n = 2})}',
]
FILES = {"text.txt": "a text, ${not a template}", "t.tpl": "Hello ${name}, ${n + 1} times; $${kept}"}


def document(outputs: dict[str, Any], resources: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "variable": {"given": {"type": "string", "default": "value"}},
        "locals": {"made": "local ${var.given}"},
        **({"output": {name: {"value": value} for name, value in outputs.items()}} if outputs else {}),
        **({"resource": {"terraform_data": resources}} if resources else {}),
    }


def terraform(folder: Path, *arguments: str) -> str:
    done = subprocess.run([TERRAFORM or "", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@real
def test_expressions_have_the_values_that_terraform_gives_them(tmp_path: Path) -> None:
    outputs = {f"o{number}": text for number, text in enumerate(EXPRESSIONS)}
    files = {**FILES, "main.tf.json": json.dumps(document(outputs))}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    terraform(tmp_path, "init", "-input=false")
    terraform(tmp_path, "apply", "-auto-approve", "-input=false")
    expected = {name: one["value"] for name, one in json.loads(terraform(tmp_path, "output", "-json")).items()}
    wanted = configuration(files, {})
    found = {name: evaluated(value, wanted.scope({})) for name, value in wanted.outputs.items()}
    differing = [
        (EXPRESSIONS[int(name[1:])], expected[name], found[name]) for name in expected if found[name] != expected[name]
    ]
    assert differing == []


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


FIRST = {
    "base": {"input": "one"},
    "reads_output": {"input": "${terraform_data.base.output}"},
    "reads_id": {"input": "${terraform_data.base.id}"},
    "replaced_by_output": {"input": "x", "triggers_replace": "${terraform_data.base.output}"},
    "replaced_by_id": {"input": "x", "triggers_replace": "${terraform_data.base.id}"},
    "waits": {"input": "y", "depends_on": ["terraform_data.base"]},
    "alone": {"input": "z"},
}
CHANGES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "an input": {"base": {"input": "two"}},
    "a replacement": {"base": {"input": "one", "triggers_replace": "now"}},
    "one less": {"alone": None},
    "one more": {"more": {"input": "${terraform_data.alone.id}"}},
}


@real
@pytest.mark.parametrize("change", CHANGES)
def test_a_plan_changes_what_terraforms_plan_changes(tmp_path: Path, change: str) -> None:
    after = {name: block for name, block in {**FIRST, **CHANGES[change]}.items() if block is not None}
    main = tmp_path / "main.tf.json"
    main.write_text(json.dumps(document({}, FIRST)))
    terraform(tmp_path, "init", "-input=false")
    terraform(tmp_path, "apply", "-auto-approve", "-input=false")
    main.write_text(json.dumps(document({}, after)))
    terraform(tmp_path, "plan", "-input=false", "-out=plan")
    shown = json.loads(terraform(tmp_path, "show", "-json", "plan"))
    expected = {one["address"]: tuple(one["change"]["actions"]) for one in shown["resource_changes"]}
    state: State = {}
    ours = Terraform({"terraform_data": Data()}, lambda *_: None)
    assert not ours.apply(configured(FIRST), state, lambda *_: None).failures
    words = {"CREATE": ("create",), "UPDATE": ("update",), "DELETE": ("delete",), "UNCHANGED": ("no-op",)}
    found = {step.address: words.get(step.intent, ("delete", "create")) for step in ours.plan(configured(after), state)}
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


def test_an_unknown_function_is_no_guess() -> None:
    with pytest.raises(Malformed, match="cidrsubnet"):
        evaluated('${cidrsubnet("10.0.0.0/8", 8, 1)}', Scope({}, lambda path: ""))
