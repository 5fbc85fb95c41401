"""Users' files imported as Python would, and the flow that a target means."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from skyloom.errors import CheckFailed, Span, UserError
from skyloom.flows.definitions import Flow, Task, flow, prompt, task
from skyloom.flows.frontend import check_file
from skyloom.flows.frontend.load import definitions_in, load_file, pick_flow, split_target

Write = Callable[..., Path]

FLOWS = """
    from skyloom.flows import flow, task

    LIMIT = 3

    @task
    def search(topic: str) -> str:
        return topic

    @flow
    def second(topic: str) -> str:
        return search(topic)

    @flow
    def answer(topic: str) -> str:
        return search(topic)

    alias = answer
"""


def test_a_file_is_imported_under_its_own_name(write: Write) -> None:
    path = write("import sibling\nVALUE = sibling.VALUE\n", "weekly_review.py")
    write("VALUE = 7\n", "sibling.py")
    module = load_file(path)
    assert (module.__name__, module.VALUE, module.__file__) == ("weekly_review", 7, str(path))
    assert sys.modules["weekly_review"] is module
    assert sys.path[0] == str(path.parent)
    assert load_file(Path("weekly_review.py")) is module
    assert not (path.parent / "__pycache__" / "weekly_review.cpython-311.pyc").exists()


def test_a_file_inside_a_package(write: Write) -> None:
    write("NAME = __name__\n", "shop/__init__.py")
    write("", "shop/flows/__init__.py")
    path = write("from shop import NAME\nOWN = __name__\n", "shop/flows/order.py")
    module = load_file(path)
    assert (module.NAME, module.OWN) == ("shop", "shop.flows.order")
    assert load_file(write("X = __name__\n", "shop/__init__.py")).X == "shop"


@pytest.mark.parametrize("name", ["json.py", "my-flow.py", "1st.py"])
def test_a_name_that_is_taken_or_no_identifier(name: str, write: Write) -> None:
    path = write("X = __name__\n", name)
    module = load_file(path)
    stem = name.removesuffix(".py")
    assert module.X.startswith(f"{stem}_")
    assert len(module.X) == len(stem) + 9
    assert sys.modules[module.X] is module
    assert sys.modules["json"].__file__ != str(path)


def test_two_files_of_one_name(write: Write) -> None:
    first = load_file(write("X = 1\n", "a/same_name.py"))
    second = load_file(write("X = 2\n", "b/same_name.py"))
    assert (first.X, second.X) == (1, 2)
    assert first.__name__ == "same_name"
    assert second.__name__.startswith("same_name_")


def test_a_changed_file_is_imported_again(write: Write) -> None:
    path = write("X = 1\n", "changing.py")
    assert load_file(path).X == 1
    write("X = 2\n", "changing.py")
    os.utime(path, ns=(5, 5))
    assert load_file(path).X == 2


FAILURES = [
    (
        "import math\n\ndef half(n):\n    return n / 0\n\nhalf(3)\n",
        "review.py:4:5: SKY003 importing the file raises ZeroDivisionError: division by zero\n"
        "    4 |     return n / 0\n"
        "      |     ^^^^^^^^^^^^",
    ),
    (
        "import broken_part\n",
        "review.py:1:1: SKY003 importing the file raises KeyError: 'a'\n"
        "    1 | import broken_part\n"
        "      | ^^^^^^^^^^^^^^^^^^",
    ),
    (
        "import wrong_part\n",
        "review.py:1:1: SKY003 importing the file raises SyntaxError: invalid syntax (wrong_part.py:2)\n"
        "    1 | import wrong_part\n"
        "      | ^^^^^^^^^^^^^^^^^",
    ),
    (
        "from nowhere_at_all import thing\n",
        "review.py:1:1: SKY003 importing the file raises ModuleNotFoundError: No module named 'nowhere_at_all'\n"
        "    1 | from nowhere_at_all import thing\n"
        "      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "hint: install the distribution that has `nowhere_at_all`, or import it inside the task that needs it",
    ),
    (
        "raise SystemExit(3)\n",
        "review.py:1:1: SKY003 importing the file raises SystemExit: 3\n"
        "    1 | raise SystemExit(3)\n"
        "      | ^^^^^^^^^^^^^^^^^^^\n"
        'hint: put what should run as a program below `if __name__ == "__main__":`',
    ),
    (
        "assert False\n",
        "review.py:1:1: SKY003 importing the file raises AssertionError\n    1 | assert False\n      | ^^^^^^^^^^^^",
    ),
]


@pytest.mark.parametrize(("text", "rendered"), FAILURES)
def test_an_exception_at_import(text: str, rendered: str, write: Write) -> None:
    write("{}['a']\n", "broken_part.py")
    write("\nx = = 1\n", "wrong_part.py")
    with pytest.raises(CheckFailed) as failure:
        load_file(write(text))
    assert str(failure.value) == rendered
    assert "review" not in sys.modules


def test_a_user_error_at_import_stays_what_it_is(write: Write) -> None:
    write("x = (\n", "inner_flow.py")
    path = write(
        "from pathlib import Path\nfrom skyloom.flows.frontend import load_file\nload_file(Path('inner_flow.py'))\n"
    )
    with pytest.raises(CheckFailed) as failure:
        load_file(path)
    assert (failure.value.diagnostics[0].code, failure.value.diagnostics[0].file) == ("SKY001", "inner_flow.py")


def test_a_file_that_fails_leaves_the_earlier_module(write: Write) -> None:
    path = write("X = 1\n", "growing.py")
    module = load_file(path)
    write("1 / 0\n", "growing.py")
    with pytest.raises(CheckFailed):
        load_file(path)
    assert sys.modules["growing"] is module


def test_missing_and_broken_files(write: Write) -> None:
    write("", "review.py")
    with pytest.raises(CheckFailed, match="SKY002 there is no such file"):
        load_file(Path("missing.py"))
    with pytest.raises(CheckFailed) as failure:
        load_file(write("x = = 1\n", "half.py"))
    assert (failure.value.diagnostics[0].code, failure.value.diagnostics[0].span) == ("SKY001", Span(1, 5, 1, 6))


TARGETS = [
    ("review.py", ("review.py", None)),
    ("review.py:answer", ("review.py", "answer")),
    ("a/b.py:f", ("a/b.py", "f")),
    ("review.py:", ("review.py", None)),
    (r"C:\flows\review.py", (r"C:\flows\review.py", None)),
    (r"C:\flows\review.py:answer", (r"C:\flows\review.py", "answer")),
    ("review.py:not-a-name", ("review.py:not-a-name", None)),
]


@pytest.mark.parametrize(("target", "parts"), TARGETS)
def test_targets(target: str, parts: tuple[str, str | None]) -> None:
    assert split_target(target) == (Path(parts[0]), parts[1])


def test_a_flow_is_picked(write: Write) -> None:
    module = load_file(write(FLOWS))
    assert pick_flow(module, "answer") is module.answer
    assert pick_flow(module, "alias") is module.answer
    write("from review import answer\n", "other.py")
    assert pick_flow(load_file(Path("other.py")), "answer") is module.answer
    single = load_file(write("from skyloom.flows import flow\n\n@flow\ndef only() -> None: ...\n", "single.py"))
    assert pick_flow(single, None).name == "only"


PICKS = [
    (FLOWS, None, "SKY006 the file has several flows: second, answer\nhint: name one: review.py:second"),
    (FLOWS, "anser", "SKY005 the file has no flow `anser`\nhint: did you mean `answer`?"),
    (FLOWS, "zzz", "SKY005 the file has no flow `zzz`\nhint: its flows: second, answer"),
    (FLOWS, "search", "SKY005 the file has no flow `search`\nhint: `search` is a task"),
    (FLOWS, "LIMIT", "SKY005 the file has no flow `LIMIT`\nhint: `LIMIT` is not marked @flow"),
    ("X = 1\n", None, "SKY005 the file has no flow\nhint: mark a function with @flow"),
    ("X = 1\n", "answer", "SKY005 the file has no flow `answer`\nhint: mark a function with @flow"),
    ("from other import answer\n", None, "SKY005 the file has no flow\nhint: mark a function with @flow"),
]


@pytest.mark.parametrize(("text", "name", "message"), PICKS)
def test_a_flow_that_is_not_there(text: str, name: str | None, message: str, write: Write) -> None:
    write("from skyloom.flows import flow\n\n@flow\ndef answer() -> None: ...\n", "other.py")
    with pytest.raises(UserError) as failure:
        pick_flow(load_file(write(text)), name)
    assert str(failure.value) == f"review.py: {message}"


def test_definitions_come_in_the_order_of_the_source(write: Write) -> None:
    module = load_file(write(FLOWS))
    found = definitions_in(module)
    assert [(type(item), item.name) for item in found] == [(Task, "search"), (Flow, "second"), (Flow, "answer")]


DECORATORS = [
    (
        "@prompt\ndef judge(text: str) -> str: ...\n",
        "review.py:3:1: SKY517 `@prompt` needs its template\n"
        "    3 | @prompt\n"
        "      | ^^^^^^^\n"
        'hint: write `@prompt("...")` above the function',
    ),
    (
        "@prompt(123)\ndef judge(text: str) -> str: ...\n",
        "review.py:3:1: SKY517 `@prompt` needs a text as its template, not 123\n"
        "    3 | @prompt(123)\n"
        "      | ^^^^^^^^^^^^\n"
        'hint: write `@prompt("...")` above the function',
    ),
    (
        "@task(60)\ndef fetch(url: str) -> str:\n    return url\n",
        "review.py:3:1: SKY517 `@task` marks a function, not 60\n"
        "    3 | @task(60)\n"
        "      | ^^^^^^^^^\n"
        "hint: write `@task`, or `@task(timeout=60)` above `def`",
    ),
    (
        '@flow("review")\ndef review(url: str) -> str:\n    return url\n',
        "review.py:3:1: SKY517 `@flow` marks a function, not 'review'\n"
        '    3 | @flow("review")\n'
        "      | ^^^^^^^^^^^^^^^\n"
        "hint: write `@flow`, or `@flow(timeout=60)` above `def`",
    ),
    (
        "answer = prompt('Hello')(5)\n",
        "review.py:3:1: SKY517 `@prompt` marks a function, not 5\n"
        "    3 | answer = prompt('Hello')(5)\n"
        "      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        'hint: write `@prompt("...")` above `def`',
    ),
    (
        "@task(retries=3)\ndef fetch(url: str) -> str:\n    return url\n",
        "review.py:3:1: SKY003 importing the file raises TypeError: task() got an unexpected keyword argument "
        "'retries'\n"
        "    3 | @task(retries=3)\n"
        "      | ^^^^^^^^^^^^^^^^",
    ),
    (
        "@prompt()\ndef judge(text: str) -> str: ...\n",
        "review.py:3:1: SKY003 importing the file raises TypeError: prompt() missing 1 required positional argument: "
        "'template'\n"
        "    3 | @prompt()\n"
        "      | ^^^^^^^^^",
    ),
]


@pytest.mark.parametrize(("text", "expected"), DECORATORS)
def test_decorators_that_mean_nothing(write: Write, text: str, expected: str) -> None:
    path = write("from skyloom.flows import flow, prompt, task\n\n" + text)
    with pytest.raises(CheckFailed) as failed:
        load_file(path)
    assert str(failed.value) == expected
    assert [d.render() for d in check_file(path).diagnostics] == [expected]


def test_a_decorator_without_its_template_fails_at_once() -> None:
    def judge(text: str) -> str: ...

    with pytest.raises(TypeError, match=r'`@prompt` needs its template; write `@prompt\("..."\)` above the function'):
        prompt(judge)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="`@flow` marks a function"):
        flow(60)  # type: ignore[call-overload]


def test_options_count_without_a_decorator_too() -> None:
    def fetch(url: str) -> str:
        return url

    assert task(fetch, timeout=5).timeout == 5  # type: ignore[call-overload]
    assert flow(fetch, timeout=6).timeout == 6  # type: ignore[call-overload]
    assert (task()(fetch).timeout, flow()(fetch).timeout) == (300, None)
