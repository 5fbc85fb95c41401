"""Makes a program that engines disagree about small: leaves out and simplifies as long as they still disagree."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from fuzz.programs import FuzzProgram

Keeps = Callable[[FuzzProgram], bool]
"""Whether a program still shows the disagreement."""


def minimised(program: FuzzProgram, keeps: Keeps, tries: int = 600) -> FuzzProgram:
    """The smallest program found in so many tries."""
    left = tries
    for given in program.inputs:
        one = replace(program, inputs=(given,), chosen=0)
        left -= 1
        if keeps(one):
            program = one
            break
    begun, at = program, 0
    while left > 0:
        # What came before the last change that was kept was no use then, and seldom is now.
        for place, smaller in enumerate(islice(_smaller(program), at, None), at):
            left -= 1
            if keeps(smaller):
                program, at = smaller, place
                break
            if left <= 0:
                break
        else:
            if program == begun:
                break
            begun, at = program, 0
    return program


def _smaller(program: FuzzProgram) -> Iterator[FuzzProgram]:
    """Programs that are smaller by one change, the largest changes first."""
    tree = ast.parse(program.source)
    seen = {ast.unparse(tree)}
    for change in _changes(tree):
        changed = ast.unparse(ast.fix_missing_locations(change))
        if changed not in seen and len(changed) < len(program.source) + 3:
            seen.add(changed)
            try:
                ast.parse(changed)
            except SyntaxError:
                continue
            yield replace(program, source=changed + "\n")


def _changes(tree: ast.Module) -> Iterator[ast.Module]:
    for path in _blocks(tree):
        size = len(_at(tree, path))
        step = size
        while step:
            for start in range(0, size, step):
                yield _with_block(tree, path, start, start + step, [])
            step //= 2
        for index, statement in enumerate(_at(tree, path)):
            for name in ("body", "orelse", "finalbody"):
                inner = getattr(statement, name, None)
                if isinstance(inner, list) and not isinstance(statement, ast.FunctionDef):
                    yield _with_block(tree, path, index, index + 1, inner)
    number = sum(1 for node in ast.walk(tree))
    for index in range(number):
        yield from _simpler(tree, index)


def _blocks(
    node: ast.AST, path: tuple[tuple[str, int | None], ...] = ()
) -> Iterator[tuple[tuple[str, int | None], ...]]:
    """The paths of all lists of statements, of handlers, of parameters and of what stands in displays and tests."""
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            if value and isinstance(value[0], ast.stmt | ast.ExceptHandler | ast.expr | ast.comprehension):
                yield (*path, (name, None))
            for index, item in enumerate(value):
                if isinstance(item, ast.AST):
                    yield from _blocks(item, (*path, (name, index)))
        elif isinstance(value, ast.AST):
            yield from _blocks(value, (*path, (name, -1)))


def _at(tree: ast.AST, path: tuple[tuple[str, int | None], ...]) -> list[ast.AST]:
    found: object = tree
    for name, index in path:
        found = getattr(found, name)
        if isinstance(found, list) and index is not None:
            found = found[index]
    assert isinstance(found, list)
    return found


def _with_block(
    tree: ast.Module, path: tuple[tuple[str, int | None], ...], start: int, end: int, new: list[ast.AST]
) -> ast.Module:
    changed = copy.deepcopy(tree)
    block = _at(changed, path)
    block[start:end] = copy.deepcopy(new)
    if not block and path[-1][0] == "body":
        block.append(ast.Pass())
    return changed


def _simpler(tree: ast.Module, index: int) -> Iterator[ast.Module]:
    """One expression replaced by a part of it, or by something small."""
    node = list(ast.walk(tree))[index]
    if isinstance(node, ast.arguments) and node.args:
        for position in range(len(node.args)):
            changed = copy.deepcopy(tree)
            copied = list(ast.walk(changed))[index]
            assert isinstance(copied, ast.arguments)
            offset = position - (len(copied.args) - len(copied.defaults))
            del copied.args[position]
            if offset >= 0:
                del copied.defaults[offset]
            yield changed
    for name, value in ast.iter_fields(node):
        parts = value if isinstance(value, list) else [value]
        for position, expr in enumerate(parts):
            if not isinstance(expr, ast.expr) or isinstance(getattr(expr, "ctx", None), ast.Store):
                continue
            for new in _parts(expr):
                changed = copy.deepcopy(tree)
                holder = list(ast.walk(changed))[index]
                if not isinstance(value, list):
                    setattr(holder, name, copy.deepcopy(new))
                else:
                    getattr(holder, name)[position] = copy.deepcopy(new)
                yield changed


def _parts(expr: ast.expr) -> list[ast.expr]:
    if isinstance(expr, ast.Constant):
        match expr.value:
            case bool() | None:
                return []
            case str() if len(expr.value) > 1:
                half = len(expr.value) // 2
                return [ast.Constant(expr.value[:half]), ast.Constant(expr.value[half:]), ast.Constant("a")]
            case int() if expr.value not in (0, 1):
                return [ast.Constant(1)]
        return []
    inner = [child for child in ast.iter_child_nodes(expr) if isinstance(child, ast.expr)]
    small: list[ast.expr] = [ast.Constant(1), ast.Constant("a"), ast.List([]), ast.Constant(True)]
    return [*inner, *(small if not isinstance(expr, ast.Name | ast.List) else [])]
