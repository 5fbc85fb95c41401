"""The language page: what it shows compiles, runs, or is refused as it says."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from docs.pages import ROOT, block, blocks, code_spans, section, table

from skyloom import errors
from skyloom.errors import FlowCancelled, FlowError
from skyloom.flows import Flow, Prompt, Retry, Task
from skyloom.flows.frontend import check_file
from skyloom.flows.policy import DEFAULT_TASK_TIMEOUT, NO_RETRY

PAGE = ROOT / "docs" / "language.md"

PRELUDE = """\
import httpx
from pydantic import BaseModel

from skyloom.flows import (
    Retry, approval, each, emit, flow, hours, minutes, now, parallel, prompt, race, sleep, task, uuid, wait_for
)


class Order(BaseModel):
    id: str


class Payment(BaseModel):
    amount: float


class Correction(BaseModel):
    text: str


@task
def f(number: int) -> int:
    return number


@task
def g(number: int) -> str:
    return str(number)


@task
def draft(article: str) -> str:
    return article.upper()


"""
"""What the page's snippets take as given."""

SNIPPETS = {
    "Tasks": "{}",
    "Prompts": "{}",
    "Waiting for people, events and time": "@flow\ndef snippet(draft: str, order: Order) -> None:\n{indented}",
}
"""Where the snippet below a heading stands; the blocks of the other headings have tests of their own."""


def diagnostics(path: Path, source: str) -> str:
    """What is wrong with the source, as a user sees it; empty where nothing is."""
    path.write_text(source, encoding="utf-8")
    return "\n".join(diagnostic.render() for diagnostic in check_file(path).diagnostics)


def test_every_block_has_a_test() -> None:
    python = [found.heading for found in blocks(PAGE) if found.language == "python"]
    assert sorted(python) == sorted(["A flow", *SNIPPETS, "Running and testing"])


def test_the_first_flow_and_its_test(tmp_path: Path) -> None:
    path = tmp_path / "claim.py"
    path.write_text(block(PAGE, "A flow", "python"), encoding="utf-8")
    checked = check_file(path)
    assert "\n".join(diagnostic.render() for diagnostic in checked.diagnostics) == ""
    assert checked.module is not None
    names: dict[str, Any] = dict(vars(checked.module))
    exec(block(PAGE, "Running and testing", "python"), names)
    tests = [found for name, found in names.items() if name.startswith("test_")]
    assert len(tests) == 1
    tests[0]()


@pytest.mark.parametrize("heading", SNIPPETS)
def test_a_snippet_compiles(heading: str, tmp_path: Path) -> None:
    text = block(PAGE, heading, "python")
    indented = "".join(f"    {line}" for line in text.splitlines(keepends=True))
    body = SNIPPETS[heading].format(text, indented=indented)
    assert diagnostics(tmp_path / "snippet.py", PRELUDE + body) == ""


SIDE_BY_SIDE = [
    span
    for row in table(section(PAGE, "Side by side"))
    for cell in row
    for span in code_spans(cell)
    if "(" in span and not span.startswith("each")
]


@pytest.mark.parametrize("statement", SIDE_BY_SIDE)
def test_work_side_by_side_compiles(statement: str, tmp_path: Path) -> None:
    body = f"@flow\ndef snippet(articles: list[str], x: int, y: int) -> None:\n    {statement}\n"
    assert diagnostics(tmp_path / "snippet.py", PRELUDE + body) == ""


def test_the_snippets_of_the_table_are_found() -> None:
    assert [ast.dump(ast.parse(text).body[0])[:6] for text in SIDE_BY_SIDE].count("Assign") == 1
    assert len(SIDE_BY_SIDE) == 4


EVERYTHING = """\
from enum import Enum
from typing import Literal

LIMIT = 3


class Kind(Enum):
    NEW = "new"
    OLD = "old"


class Note(BaseModel):
    text: str
    kind: Kind = Kind.NEW
    author: str | None = None


class Paid(BaseModel):
    kind: Literal["paid"]
    amount: int


class Failed(BaseModel):
    kind: Literal["failed"]
    reason: str


@flow(timeout=hours(1))
def inner(note: Note, count: int = 1) -> str:
    if note.author is None:
        return "nobody"
    return note.author.upper() * count


@flow
def snippet(event: Paid | Failed, notes: list[Note], table: dict[str, int]) -> str:
    a, b = 1, 2
    a, b = b, a
    a += 1
    table["k"] = a
    texts: list[str] = []
    for note in notes:
        texts.append(note.text)
    for number in range(LIMIT):
        if number == 2:
            break
        elif number == 1:
            continue
        else:
            texts.extend([str(number)])
    for place, text in enumerate(texts):
        a += place + len(text)
    for left, right in zip(texts, ["x"]):
        b += len(left + right)
    for letter in "abc":
        texts.append(letter)
    for key in table:
        texts.append(key)
    for key, value in table.items():
        texts.append(f"{key}={value:,} {value:.2f}")
    while f(a) > 3 and g(b) == "never":
        a -= 1
    try:
        assert a > 0, "too small"
        g(a)
    except (ValueError, KeyError) as error:
        texts.append(f"{type(error).__name__}: {error} {str(error)}")
        raise
    except Exception as error:
        raise error
    else:
        pass
    finally:
        f(a)
    if not texts:
        raise ValueError("nothing")
    first = texts[0] if texts else ""
    joined = [*texts, "z"][1:-1]
    merged = {**table, "more": 2 ** 3 // 5 % 4}
    pair = (1, "two")
    lengths = {text: len(text) for text in joined if text}
    answers = {text: draft(text) for text in each(joined, limit=4) if text}
    lines = [draft(text) for text in joined if 1 < len(text) < 9 or text in table]
    note = Note(text=first, kind=Kind.OLD)
    if note.author:
        first = note.author + first
    if event.kind == "paid":
        a += event.amount
    elif event.reason:
        first = event.reason.strip()
    longest = max(joined, key=lambda text: len(text), default="")
    parts = [inner(note), longest, first, pair[1], str(merged["more"]), str(-b / 2), *lines]
    parts += [str(now().timestamp()), uuid()]
    return " ".join(parts) + str(len(lengths) + len(answers))
"""
"""Every statement and kind of expression that the page names."""


def test_what_is_in_the_language_compiles(tmp_path: Path) -> None:
    assert diagnostics(tmp_path / "snippet.py", PRELUDE + EVERYTHING) == ""


REPORT = """\
from skyloom.flows import flow


# The page shows line 12.



@flow
def report(rows: list[int]) -> list[int]:
    total = rows
    count = len(rows)
    total.append(1)
    return total if count else rows
"""


def test_a_diagnostic_looks_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"{diagnostics(Path('report.py'), REPORT)}\n" == block(PAGE, "Values", "")


# --- tables -----------------------------------------------------------------------------------------------------------


def test_the_options_of_a_task_are_listed_with_their_defaults() -> None:
    rows = {code_spans(option)[0]: default for option, _, default in table(section(PAGE, "Tasks"))}
    assert set(rows) == {name for name in inspect.signature(Task).parameters if name != "function"}
    assert float(rows["timeout"]) == DEFAULT_TASK_TIMEOUT
    assert rows["retry"] == "one attempt"
    assert NO_RETRY.attempts == 1


def test_the_defaults_of_a_retry_are_those_shown() -> None:
    (shown,) = {span for span in code_spans(section(PAGE, "Tasks")) if span.startswith("Retry(attempts=3")}
    call = ast.parse(shown, mode="eval").body
    assert isinstance(call, ast.Call)
    parameters = inspect.signature(Retry).parameters
    assert [keyword.arg for keyword in call.keywords] == list(parameters)
    assert eval(shown) == Retry()


@pytest.mark.parametrize(("kind", "heading"), [(Prompt, "Prompts"), (Flow, "A flow")])
def test_the_options_of_prompts_and_flows_are_named(kind: type, heading: str) -> None:
    options = set(inspect.signature(kind).parameters) - {"function", "template"}
    text = section(PAGE, heading) + block(PAGE, heading, "python")
    assert options
    assert {name for name in options if f"{name}=" not in text and f"`{name}`" not in text} == set()


def test_the_neutral_errors_are_all_listed() -> None:
    cells = [row[0] for row in table(section(PAGE, "Errors"))]
    listed = {name for cell in cells for name in code_spans(cell)}
    found = {name: item for name, item in vars(errors).items() if inspect.isclass(item)}
    neutral = {
        name for name, cls in found.items() if issubclass(cls, FlowError | FlowCancelled) and cls is not FlowError
    }
    assert listed == neutral
    timed_out = {name for name in listed if name.endswith("TimedOut")}
    assert len(timed_out) == 4
    assert timed_out == {name for name in listed if issubclass(found[name], TimeoutError)}
    assert {name for name in listed if not issubclass(found[name], FlowError)} == {"FlowCancelled"}
    assert not issubclass(FlowCancelled, Exception)


REFUSED = {
    "`with`": "with open('x') as file:\n        pass",
    "`match`": "match x:\n        case 1:\n            pass",
    "`lambda` (except as `key=`)": "h = lambda n: n",
    "`async`": "async def inner() -> None:\n        pass",
    "`global`": "global y",
    "`del`": "del x",
    "`:=`": "f((y := x))",
    "`yield`": "yield x",
    "nested functions and classes": "def inner() -> int:\n        return 1",
    "sets": "y = {x}",
    "starred call arguments": "f(*[x])",
    "`for`/`while ... else`": "for y in [1]:\n        pass\n    else:\n        pass",
    "calls of functions that are not tasks": "y = helper(x)",
}
"""What the page says is not in the language, in a flow with a parameter `x: int`."""


def test_what_is_not_in_the_language_is_listed() -> None:
    text = section(PAGE, "Statements").replace("\n", " ")
    listed = re.search(r"Not in the language, each refused with a hint: (.*?)\. Put", text)
    assert listed
    assert listed.group(1).split(", ") == list(REFUSED)


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_in_the_language_is_refused(what: str, tmp_path: Path) -> None:
    helper = "def helper(x: int) -> int:\n    return x\n\n\n"
    source = f"{PRELUDE}{helper}@flow\ndef snippet(x: int) -> None:\n    {REFUSED[what]}\n"
    found = diagnostics(tmp_path / "snippet.py", source)
    assert re.match(r".*: SKY[1-5]\d\d ", found)
    assert "\nhint: " in found
