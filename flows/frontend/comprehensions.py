"""Compiles comprehensions: pure ones shape data, those that call tasks become parallel maps."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from skyloom.flows import constructs
from skyloom.flows.definitions import Flow, Prompt, Task
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.rules import iteration_type, widen
from skyloom.flows.frontend import ownership
from skyloom.flows.frontend.body import Body
from skyloom.flows.frontend.narrowing import assume
from skyloom.flows.frontend.scope import Ownership
from skyloom.flows.ir import nodes as ir

if TYPE_CHECKING:
    from skyloom.flows.frontend.expressions import Expressions

Comprehension = ast.ListComp | ast.DictComp | ast.GeneratorExp


class Comprehensions:
    """Compiles the comprehensions of one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions

    def value(self, node: Comprehension, *, lazy: bool = False) -> x.Expr:
        """A comprehension: data shaping where it is pure, a parallel map where it has steps."""
        if not self._has_steps(node):
            for generator in node.generators:
                if (each := self.expressions.iteration.each(generator.iter)) is not None:
                    hint = "go through the items themselves, without `each`"
                    raise self.body.problem(
                        "SKY301", "`each` bounds a parallel map, and nothing here runs in parallel", each, hint
                    )
            return replace(self._pure(node), lazy=isinstance(node, ast.GeneratorExp))
        if lazy:
            raise self.body.problem(
                "SKY120",
                "`any` and `all` stop early, and a parallel map does not",
                node,
                "write `any([...])` to run all of them, or a `for` loop",
            )
        return self._map(node)

    def _has_steps(self, node: Comprehension) -> bool:
        """Whether anything but the first iterable holds a step."""
        first, *others = node.generators
        parts: list[ast.AST] = [*first.ifs, *others]
        parts += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        return any(self._is_step(inner) for part in parts for inner in ast.walk(part))

    def _is_step(self, node: ast.AST) -> bool:
        if not isinstance(node, ast.Call):
            return False
        found = self.expressions.names.static(node.func)
        if found is constructs.each:
            return False
        return isinstance(found, Task | Prompt | Flow) or self.expressions.steps.construct(found) is not None

    def _pure(self, node: Comprehension) -> x.Comprehension:
        scope = self.body.scope.copy()
        generators: list[x.Generator] = []
        with self.body.in_scope(scope):
            for generator in node.generators:
                items = self._source(generator)
                target = self._bind(generator, items)
                conditions = []
                for test in generator.ifs:
                    conditions.append(self.expressions.condition(test))
                    self.body.scope = assume(test, True, self.body.scope, self.body.models)
                generators.append(x.Generator(target=target, items=items, conditions=tuple(conditions)))
            key, element = self._element(node)
        of: t.Type = t.ListType(element.type) if key is None else t.DictType(element.type)
        return x.Comprehension(
            span=self.body.span(node), type=of, element=element, generators=tuple(generators), key=key
        )

    def _element(self, node: Comprehension) -> tuple[x.Expr | None, x.Expr]:
        if not isinstance(node, ast.DictComp):
            return None, self.expressions.value(node.elt)
        key, value = self.expressions.operands([node.key, node.value])
        if not isinstance(widen(key.type), t.StrType):
            raise self.body.problem(
                "SKY208", f"a key is a str, not `{t.show(widen(key.type))}`", node.key, "write `str(...)`"
            )
        return key, value

    def _source(self, generator: ast.comprehension) -> x.Expr:
        """What a generator goes through, as a list."""
        if generator.is_async:
            raise self.body.problem("SKY103", "a flow is not asynchronous", generator.iter, "write `for`")
        each = self.expressions.iteration.each(generator.iter)
        node = generator.iter
        if each is not None:
            if len(each.args) != 1:
                raise self.body.problem(
                    "SKY301", "`each` takes the items and a limit", each, "write `each(items, limit=8)`"
                )
            node = each.args[0]
        return self.expressions.iteration.items(node)

    def _bind(self, generator: ast.comprehension, items: x.Expr) -> x.Target:
        owner = ownership.iterated(items, self.body.scope, self.body.temporaries)
        return self.expressions.iteration.target(generator.target, iteration_type(items.type) or t.ANY, owner)

    def _map(self, node: Comprehension) -> x.Expr:
        result = self._map_over(node, node.generators)
        if not isinstance(node, ast.DictComp):
            return result
        pair = cast(t.TupleType, cast(t.ListType, result.type).item)
        return x.Call(span=self.body.span(node), type=t.DictType(pair.items[1]), function="dict", arguments=(result,))

    def _map_over(self, node: Comprehension, generators: Sequence[ast.comprehension]) -> x.Expr:
        generator, span = generators[0], self.body.span(node)
        items = self._source(generator)
        each = self.expressions.iteration.each(generator.iter)
        limit = None if each is None else self._limit(each)
        inner = self.body.scope.copy()
        with self.body.in_scope(inner), self.body.inner_block() as body:
            over = self._bind(generator, items)
            condition, late = self._map_condition(generator)

            def value() -> x.Expr:
                return self._map_over(node, generators[1:]) if len(generators) > 1 else self._map_result(node)

            result = self._kept_where(late, value, node) if late else value()
            owner = ownership.part(ownership.store(result, self.body.scope, self.body.temporaries))
        step_id = self.body.step_id(f"{_first_step(body)}_map")
        target = self.body.temporary(step_id)
        of = t.ListType(result.type)
        self.body.emit(
            ir.Map(
                span=span,
                id=step_id,
                target=target,
                over=over,
                items=items,
                body=tuple(body),
                result=result,
                condition=condition,
                limit=limit,
            )
        )
        self.body.checkpoint()
        self.body.scope.assign(target, of, min(owner, Ownership.SHALLOW))
        collected: x.Expr = x.Name(span=span, type=of, name=target)
        for _ in range((len(generators) > 1) + bool(late)):
            collected = self._flattened(collected)
        return collected

    def _kept_where(self, tests: Sequence[ast.expr], value: Callable[[], x.Expr], node: Comprehension) -> x.Expr:
        """A list of the value, empty where a test is false. For conditions that call tasks: they belong to the body."""
        span, kept = self.body.span(node), self.body.temporary("kept")
        self.body.emit(
            ir.Assign(span=span, variable=kept, value=x.Array(span=span, type=t.ListType(t.NEVER), items=()))
        )

        def keep(rest: Sequence[ast.expr]) -> t.Type:
            if not rest:
                found = value()
                whole = x.Array(span=span, type=t.ListType(found.type), items=(found,))
                scope = self.body.scope
                scope.own(kept, ownership.store(whole, scope, self.body.temporaries))
                self.body.emit(ir.Assign(span=span, variable=kept, value=whole))
                return whole.type
            test = self.expressions.condition(rest[0])
            self.body.scope = assume(rest[0], True, self.body.scope, self.body.models).copy()
            with self.body.inner_block() as block:
                of = keep(rest[1:])
            self.body.emit(ir.If(span=test.span, test=test, body=tuple(block)))
            return of

        return x.Name(span=span, type=keep(tests), name=kept)

    def _map_result(self, node: Comprehension) -> x.Expr:
        key, element = self._element(node)
        if key is None:
            return element
        of = t.TupleType((t.STR, element.type))
        return x.Array(span=self.body.span(node), type=of, items=(key, element))

    def _map_condition(self, generator: ast.comprehension) -> tuple[x.Expr | None, list[ast.expr]]:
        """The pure tests in front, as one; and the others, from the first one on that calls a task."""
        tests: list[x.Expr] = []
        late = list(generator.ifs)
        while late and not any(map(self._is_step, ast.walk(late[0]))):
            test = late.pop(0)
            tests.append(self.expressions.condition(test))
            self.body.scope = assume(test, True, self.body.scope, self.body.models)
        if not tests:
            return None, late
        span = tests[0].span
        joined = x.Logic(span=span, type=t.BOOL, operator="and", operands=tuple(tests))
        return (tests[0] if len(tests) == 1 else joined), late

    def _limit(self, each: ast.Call) -> int | None:
        for keyword in each.keywords:
            if keyword.arg == "limit":
                value = self.expressions.value(keyword.value)
                if isinstance(value, x.Literal) and isinstance(value.value, int) and value.value >= 1:
                    return value.value
                raise self.body.problem(
                    "SKY301", "the limit is a constant of at least 1", keyword.value, "write `limit=8`"
                )
        raise self.body.problem("SKY301", "`each` wants a limit", each, "write `each(items, limit=8)`")

    def _flattened(self, value: x.Expr) -> x.Expr:
        span = value.span
        inner = cast(t.ListType, cast(t.ListType, value.type).item)
        some, one = self.body.temporary("some"), self.body.temporary("one")
        generators = (
            x.Generator(target=x.Bind(name=some), items=value),
            x.Generator(target=x.Bind(name=one), items=x.Name(span=span, type=inner, name=some)),
        )
        element = x.Name(span=span, type=inner.item, name=one)
        return x.Comprehension(span=span, type=inner, element=element, generators=generators)


def _first_step(block: list[ir.Statement]) -> str:
    """The name of the first thing that a map's body calls."""
    for statement in ir.walk(tuple(block)):
        if isinstance(statement, ir.Step):
            match statement:
                case ir.CallTask(task=name) | ir.CallPrompt(prompt=name) | ir.CallFlow(flow=name):
                    return name
                case _:
                    return statement.id
    return "item"
