"""What the real Terraform makes of expressions and of changes, to measure the tests' own by.

`python tests/engines/gcp_account/terraform/recording.py` writes `recorded.json` anew, with the `terraform` that is
installed. It needs no provider and no network: `terraform_data` is built in.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

Json = Any

RECORDED = Path(__file__).with_name("recorded.json")

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


def recorded() -> Json:
    """What `recorded.json` says: `terraform`, its version; `expressions`, their values; `changes`, what plans do."""
    return json.loads(RECORDED.read_text(encoding="utf-8"))


def changed(change: str) -> dict[str, Any]:
    """The resources after a change."""
    return {name: block for name, block in {**FIRST, **CHANGES[change]}.items() if block is not None}


# --- asking ---------------------------------------------------------------------------------------------------------


def terraform(folder: Path, *arguments: str) -> str:
    """Runs the real one."""
    done = subprocess.run(["terraform", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def values(folder: Path) -> dict[str, Json]:
    """The value of each expression."""
    outputs = {f"o{number}": text for number, text in enumerate(EXPRESSIONS)}
    for name, text in {**FILES, "main.tf.json": json.dumps(document(outputs))}.items():
        (folder / name).write_text(text, encoding="utf-8")
    terraform(folder, "init", "-input=false")
    terraform(folder, "apply", "-auto-approve", "-input=false")
    found = json.loads(terraform(folder, "output", "-json"))
    return {text: found[name]["value"] for name, text in outputs.items()}


def actions(folder: Path, change: str) -> dict[str, list[str]]:
    """What the plan of a change does with each resource."""
    main = folder / "main.tf.json"
    main.write_text(json.dumps(document({}, FIRST)), encoding="utf-8")
    terraform(folder, "init", "-input=false")
    terraform(folder, "apply", "-auto-approve", "-input=false")
    main.write_text(json.dumps(document({}, changed(change))), encoding="utf-8")
    terraform(folder, "plan", "-input=false", "-out=plan")
    shown = json.loads(terraform(folder, "show", "-json", "plan"))
    return {one["address"]: one["change"]["actions"] for one in shown["resource_changes"]}


def main() -> None:
    """Writes `recorded.json`."""
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / str(number) for number in range(len(CHANGES) + 1)]
        for folder in folders:
            folder.mkdir()
        document_ = {
            "terraform": json.loads(terraform(folders[0], "version", "-json"))["terraform_version"],
            "expressions": values(folders[0]),
            "changes": {change: actions(folder, change) for change, folder in zip(CHANGES, folders[1:], strict=True)},
        }
    RECORDED.write_text(json.dumps(document_, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
