"""Broken sources: whatever is deleted, doubled or exchanged in a flow, the outcome is diagnostics, never an exception.

Flows of the tables are broken in two ways: by tokens, which mostly gives no Python at all, and by expressions and
statements of the syntax tree, which always gives Python that the front end has to look at.
"""

from __future__ import annotations

import ast
import copy
import io
import re
import tokenize
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skyloom.flows.frontend import check_file
from skyloom.flows.frontend.codes import CODES

FOLDER = Path(__file__).parent


def sources() -> list[str]:
    """Every flow of the tables, without marks and expectations."""
    found = []
    for path in [*FOLDER.glob("malformed/*.txt"), *FOLDER.glob("well_formed/*.txt")]:
        for part in path.read_text(encoding="utf-8").split("\n=== ")[1:]:
            text = re.sub("[«»]", "", part.partition("---\n")[0])
            start = re.search(r"^def ", text, re.MULTILINE)
            if start is not None:
                found.append(f"@flow\n{text[start.start() :].rstrip()}\n")
    return sorted(found)


SOURCES = sources()


def fragments(name: str, separator: str) -> list[str]:
    """The pieces that get into the flows."""
    return [text for text in (FOLDER / "fragments" / name).read_text(encoding="utf-8").split(separator) if text.strip()]


TOKENS = fragments("tokens.txt", "\n")
EXPRESSIONS = [ast.parse(text, mode="eval").body for text in fragments("expressions.txt", "\n")]
STATEMENTS = [ast.parse(text).body[0] for text in fragments("statements.txt", "\n\n")]

numbers = st.integers(0, 10_000)
kinds = st.sampled_from(["delete", "double", "replace", "copy"])
changes = st.lists(st.tuples(kinds, numbers, numbers), min_size=1, max_size=3)


def check(text: str, folder: Path) -> None:
    """Checks the source; every problem must be a diagnostic of the table, with a place."""
    path = folder / "review.py"
    path.write_text(f"from prelude import *\n\n{text}", encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        checked = check_file(path)
    for diagnostic in checked.diagnostics:
        assert diagnostic.code in CODES
        assert diagnostic.span is not None
        assert diagnostic.render().startswith(f"{diagnostic.file}:{diagnostic.span.line}:")
    if not checked.diagnostics:
        for flow in checked.flows.values():
            assert flow.program.flow.name == flow.name


def broken_tokens(text: str, how: list[tuple[str, int, int]]) -> str:
    """The flow with tokens of its body deleted, doubled, or replaced by others."""
    lines = text.splitlines(keepends=True)
    for change, which, other in how:
        try:
            tokens = [
                token
                for token in tokenize.generate_tokens(io.StringIO("".join(lines)).readline)
                if token.string.strip() and token.start[0] > 2 and token.start[0] == token.end[0]
            ]
        except (tokenize.TokenError, SyntaxError):
            break
        if not tokens:
            break
        token = tokens[which % len(tokens)]
        new = {
            "delete": "",
            "double": f"{token.string} {token.string}",
            "replace": TOKENS[other % len(TOKENS)],
            "copy": tokens[other % len(tokens)].string,
        }[change]
        line = lines[token.start[0] - 1]
        lines[token.start[0] - 1] = f"{line[: token.start[1]]}{new}{line[token.end[1] :]}"
    return "".join(lines)


def broken_tree(text: str, how: list[tuple[str, int, int]]) -> str:
    """The flow with expressions of its body replaced, and statements deleted, doubled or inserted."""
    tree = ast.parse(text)
    for change, which, other in how:
        nodes = [node for statement in tree.body[0].body for node in ast.walk(statement)]  # type: ignore[attr-defined]
        if change in ("replace", "copy"):
            places = [place for node in nodes for place in _places(node)]
            if places:
                parent, name, index = places[which % len(places)]
                new = copy.deepcopy(EXPRESSIONS[other % len(EXPRESSIONS)])
                if index is None:
                    setattr(parent, name, new)
                else:
                    getattr(parent, name)[index] = new
            continue
        blocks = [block for node in [tree.body[0], *nodes] for block in _blocks(node)]
        block = blocks[which % len(blocks)]
        index = other % len(block)
        if change == "double":
            block.insert(index, copy.deepcopy(STATEMENTS[(which + other) % len(STATEMENTS)]))
        elif len(block) > 1:
            del block[index]
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _places(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Where an expression hangs that may be another one."""
    if isinstance(node, ast.JoinedStr):
        return
    for name, value in ast.iter_fields(node):
        if name == "format_spec":
            continue
        for index, inner in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(inner, ast.expr) and not isinstance(getattr(inner, "ctx", None), ast.Store | ast.Del):
                yield node, name, index


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list) and block:
            yield block


def compiles(text: str) -> bool:
    """Whether Python itself takes the source."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "review.py", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def in_a_flow(text: str) -> bool:
    """Whether the broken source is still definitions, with nothing that would run at import."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return True
    return all(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in tree.body)


relaxed = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.timeout(120)
@relaxed
@given(st.sampled_from(SOURCES), changes)
def test_broken_tokens_give_diagnostics(folder: Path, text: str, how: list[tuple[str, int, int]]) -> None:
    broken = broken_tokens(text, how)
    if in_a_flow(broken):
        check(broken, folder)


@pytest.mark.timeout(120)
@relaxed
@given(st.sampled_from(SOURCES), changes)
def test_broken_trees_give_diagnostics(folder: Path, text: str, how: list[tuple[str, int, int]]) -> None:
    broken = broken_tree(text, how)
    if compiles(broken) and in_a_flow(broken):
        check(broken, folder)


def test_most_broken_trees_are_python() -> None:
    """Else the test above would look at nothing."""
    broken = [broken_tree(text, [("replace", index, index * 7)]) for index, text in enumerate(SOURCES)]
    assert sum(map(compiles, broken)) > len(broken) * 0.8
