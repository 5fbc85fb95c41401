"""Compiles calls: steps (tasks, prompts, sub-flows, waits), builtins and methods, model constructors, comprehensions."""

from __future__ import annotations

import ast
import builtins
import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from skyloom.errors import Span
from skyloom.flows import constructs, policy
from skyloom.flows.definitions import Flow, Prompt, Task
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.builtins import BUILTINS, NoSignature, accepts, call_type
from skyloom.flows.expr.rules import iteration_type, widen
from skyloom.flows.frontend import fields as model_fields
from skyloom.flows.frontend import ownership
from skyloom.flows.frontend.body import Body, Stop, did_you_mean
from skyloom.flows.frontend.expressions import Expressions
from skyloom.flows.frontend.narrowing import assume
from skyloom.flows.frontend.scope import Ownership
from skyloom.flows.frontend.steps import Steps
from skyloom.flows.frontend.syntax import BUILTIN_HINTS, MISSING, MUTATORS
from skyloom.flows.frontend.unsupported import Unsupported
from skyloom.flows.ir import nodes as ir

Comprehension = ast.ListComp | ast.DictComp | ast.GeneratorExp

_MODULES = {"json": json, "math": math, "": builtins}


def _catalog() -> dict[int, str]:
    """The catalog's functions, by the identity of the Python object behind them."""
    found: dict[int, str] = {}
    for name in BUILTINS:
        module, _, function = name.rpartition(".")
        if module in _MODULES and hasattr(_MODULES[module], function):
            found[id(getattr(_MODULES[module], function))] = name
        elif module == "str":
            found[id(getattr(str, function))] = name
    for own in (constructs.sha256, policy.seconds, policy.minutes, policy.hours, policy.days):
        found[id(own)] = own.__name__
    return found


_FUNCTIONS = _catalog()
_LAZY = frozenset({"any", "all"})


class Calls:
    """Compiles the calls of one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions
        self.steps = Steps(body, expressions, self)

    def call(self, node: ast.Call) -> x.Expr:
        """Any call."""
        if isinstance(node.func, ast.Attribute) and self.expressions.static(node.func) is MISSING:
            return self._method(node, node.func)
        found = self.expressions.static(node.func)
        if found is MISSING:
            return self._unknown(node)
        if isinstance(found, Task | Prompt | Flow):
            return self.steps.invoke(found, node)
        own = self.steps.construct(found)
        if own is not None:
            return own(node)
        name = _FUNCTIONS.get(id(found))
        if name is not None and name in BUILTINS:
            return self._builtin(name, node, node.args)
        shown = ast.unparse(node.func)
        if found is not isinstance and vars(builtins).get(shown) is found and not _is_error(found):
            hint = BUILTIN_HINTS.get(shown) or did_you_mean(shown, BUILTINS) or "do it inside a task"
            self.body.fail("SKY220", f"the builtin `{shown}` is not in the language", node.func, hint)
        if isinstance(found, type):
            return self._constructor(found, node)
        if found is isinstance:
            self.body.fail(
                "SKY221", "`isinstance` has no meaning on JSON", node, "test a Literal field, or `is not None`"
            )
        if callable(found):
            mine = isinstance(node.func, ast.Name) and not _is_library(found)
            message = f"`{shown}` is a plain function; a flow calls tasks, prompts and flows"
            hint = f"mark it: `@task` above `def {shown}`" if mine else "call it inside a task"
            self.body.fail("SKY203", message, node.func, hint)
        self.body.fail("SKY203", f"`{shown}` cannot be called", node.func, "call a task, prompt or flow")

    def _unknown(self, node: ast.Call) -> x.Expr:
        if isinstance(node.func, ast.Name):
            name = node.func.id
            if name in self.body.scope.types:
                self.body.fail("SKY203", f"`{name}` is a value and cannot be called", node.func, "call a task")
            known = [k for k, v in self.body.names.items() if callable(v) and not k.startswith("_")]
            self.body.fail(
                "SKY201", f"`{name}` is not known", node.func, did_you_mean(name, known) or "define it as a task"
            )
        self.body.fail("SKY203", "only names can be called", node.func, "give the task a name")

    # --- builtins and methods -----------------------------------------------------------------------------------

    def _method(self, node: ast.Call, func: ast.Attribute) -> x.Expr:
        outer = self.expressions.static(func.value)
        if outer is not MISSING and isinstance(outer, type(json) | type):
            hint = did_you_mean(func.attr, [n for n in vars(outer) if not n.startswith("_")])
            self.body.fail(
                "SKY204", f"`{ast.unparse(func.value)}` has no `{func.attr}`", func, hint or "check the name"
            )
        written = self.expressions.value(func.value)
        of = self.expressions.as_dict(written)
        family = _family(of.type)
        name = f"{family}.{func.attr}"
        if name in BUILTINS:
            result = self._builtin(name, node, node.args, of)
            return result if written is of else self._from_typed_dict(result, cast(t.ModelType, written.type))
        if func.attr in ("append", "extend") and family == "list":
            self.body.fail("SKY222", f"`.{func.attr}` gives no value", node, "let it stand on a line of its own")
        if func.attr in MUTATORS:
            self.body.fail("SKY223", f"`.{func.attr}` is not in the language", func, MUTATORS[func.attr])
        if t.NULL in t.members(of.type) and len(t.members(of.type)) > 1:
            shown = ast.unparse(func.value)
            self.body.fail("SKY206", f"`{shown}` may be None", func, f"test `if {shown} is not None:` first")
        if family == "model":
            self.body.fail(
                "SKY207",
                f"`{func.attr}` of `{t.show(of.type)}` is a method",
                func,
                "a flow reads fields; do it in a task",
            )
        known = [n.partition(".")[2] for n in BUILTINS if n.startswith(f"{family}.")]
        hint = did_you_mean(func.attr, known) or (f"it has {', '.join(known)}" if known else "do it inside a task")
        self.body.fail("SKY204", f"a `{t.show(of.type)}` has no method `{func.attr}`", func, hint)

    def _from_typed_dict(self, result: x.Expr, of: t.ModelType) -> x.Expr:
        """`row.get("key")` on a TypedDict gives that key's type."""
        if not isinstance(result, x.Call) or result.function != "dict.get":
            return result
        key = result.arguments[1]
        for field in self.body.models[of.name].fields:
            if isinstance(key, x.Literal) and field.name == key.value:
                default = result.arguments[2].type if len(result.arguments) > 2 else t.NULL
                return replace(result, type=field.type if field.required else t.union(field.type, default))
        return result

    def _builtin(self, name: str, node: ast.Call, arguments: list[ast.expr], of: x.Expr | None = None) -> x.Expr:
        before = [] if of is None else [of]
        start = len(self.body.block)
        keys = [k for k in node.keywords if isinstance(k.value, ast.Lambda) or self._named_function(k.value)]
        plain = [keyword for keyword in node.keywords if keyword not in keys]
        for keyword in node.keywords:
            if keyword.arg is None:
                self.body.fail("SKY106", "`**` cannot stand in a call", keyword.value, "name the arguments")
        written = [*arguments, *(keyword.value for keyword in plain)]
        offset = len(before)
        positions: list[int] = [start] * offset
        compiled = list(before)
        for index, argument in enumerate(written):
            position = index + offset if index < len(arguments) else None
            compiled.append(self._argument(name, argument, position))
            positions.append(len(self.body.block))
        compiled = self.expressions.in_order(compiled, positions)
        positional, named = compiled[: offset + len(arguments)], compiled[offset + len(arguments) :]
        keywords = [x.Named(name=str(k.arg), value=v) for k, v in zip(plain, named, strict=True)]
        for keyword in keys:
            keywords.append(x.Named(name=str(keyword.arg), value=self._key_function(keyword, positional)))
        for value in positional:
            if name not in ("bool", "list", "len", "str", "json.dumps"):
                self.expressions.refuse_unknown(value, value.span, f"`{name}`")
        try:
            result = call_type(name, [v.type for v in positional], {k.name: k.value.type for k in keywords})
        except NoSignature as problem:
            message, _, better = problem.message.partition("; ")
            self.body.fail("SKY216", message, node, better or problem.hint or BUILTINS[name].meaning)
        return x.Call(
            span=self.body.span(node), type=result, function=name, arguments=tuple(positional), keywords=tuple(keywords)
        )

    def _argument(self, name: str, node: ast.expr, position: int | None) -> x.Expr:
        if isinstance(node, ast.Starred):
            self.body.fail("SKY106", "`*` cannot stand in a call", node, "name the arguments, or pass the list itself")
        if isinstance(node, ast.GeneratorExp):
            if position is None or not accepts(name, position, "iterator"):
                self.body.fail("SKY118", "a generator expression cannot stand here", node, "write a list: `[...]`")
            return self.comprehension(node, lazy=name in _LAZY)
        value = self.expressions.iterable(node)
        if isinstance(value, x.Call):
            gives = BUILTINS[value.function].gives
            if gives != "value" and (position is None or not accepts(name, position, gives)):
                return self.expressions.value(node)
        return value

    def _named_function(self, node: ast.expr) -> str | None:
        """The catalog's name of a function that is passed as it is: `key=len`, `key=str.lower`."""
        found = self.expressions.static(node)
        return None if found is MISSING else _FUNCTIONS.get(id(found))

    def _key_function(self, keyword: ast.keyword, positional: list[x.Expr]) -> x.Function:
        named = self._named_function(keyword.value)
        if named is not None:
            return self._named_key(named, keyword, positional)
        function = cast(ast.Lambda, keyword.value)
        arguments = function.args
        if keyword.arg != "key":
            self.body.fail("SKY101", "`lambda` stands only as `key=`", function, "write a comprehension, or a task")
        if (
            len(arguments.args) != 1
            or arguments.vararg
            or arguments.kwarg
            or arguments.kwonlyargs
            or arguments.defaults
        ):
            self.body.fail("SKY101", "a key function takes one argument", function, "write `key=lambda item: ...`")
        parameter = arguments.args[0].arg
        inner = self.body.scope.copy()
        inner.assign(parameter, _compared(positional), Ownership.SHARED)
        with self.body.in_scope(inner), self.body.inner_block() as block:
            result = self.expressions.value(function.body)
        if block:
            self.body.fail("SKY119", "a key function calls no task", block[0].span, "compute the keys in a list first")
        return x.Function(span=self.body.span(function), type=result.type, parameter=parameter, body=result)

    def _named_key(self, named: str, keyword: ast.keyword, positional: list[x.Expr]) -> x.Function:
        span = self.body.span(keyword.value)
        item = x.Name(span=span, type=_compared(positional), name="_item")
        try:
            of = call_type(named, [item.type])
        except NoSignature as problem:
            self.body.fail("SKY216", problem.message, keyword.value, problem.hint)
        body = x.Call(span=span, type=of, function=named, arguments=(item,))
        return x.Function(span=span, type=of, parameter="_item", body=body)

    # --- models -------------------------------------------------------------------------------------------------

    def _constructor(self, cls: type, node: ast.Call) -> x.Expr:
        types = self.body.builder.types
        if issubclass(cls, BaseException):
            self.body.fail("SKY224", f"an exception is raised, not kept: `{cls.__name__}`", node, "write `raise ...`")
        if model_fields.flavour(cls) is None:
            self.body.fail(
                "SKY224",
                f"`{cls.__name__}` is no model that a flow can build",
                node,
                "use a model, or build it in a task",
            )
        try:
            of = types.model(cls)
        except Unsupported as problem:
            self.body.fail("SKY502", problem.message, node, problem.hint)
        obstacle = types.constructible(of.name)
        if obstacle is not None:
            self.body.fail("SKY225", f"a flow cannot build a `{of.name}`: {obstacle}", node, "build it in a task")
        return self._built(of, node)

    def _built(self, of: t.ModelType, node: ast.Call) -> x.Expr:
        model = self.body.models[of.name]
        attributes = [field.attribute for field in model.fields]
        named: list[tuple[str, ast.expr]] = []
        if node.args and model.flavour != "dataclass":
            self.body.fail(
                "SKY226",
                f"`{of.name}` takes named arguments",
                node.args[0],
                f"write `{attributes[0]}=...`" if attributes else "it takes none",
            )
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                self.body.fail("SKY106", "`*` cannot stand in a call", argument, "name the fields")
        if len(node.args) > len(attributes):
            extra, hint = node.args[len(attributes)], f"its fields: {', '.join(attributes) or 'none'}"
            self.body.fail("SKY226", f"`{of.name}` takes {len(attributes)} arguments", extra, hint)
        named += list(zip(attributes, node.args, strict=False))
        by_key = {field.name if model.flavour == "pydantic" else field.attribute: field for field in model.fields}
        wrong = False
        for keyword in node.keywords:
            if keyword.arg is None:
                self.body.fail("SKY106", "`**` cannot stand in a call", keyword.value, "name the fields")
            if keyword.arg not in by_key:
                hint = did_you_mean(keyword.arg, by_key) or f"it has {', '.join(by_key) or 'none'}"
                self.body.report("SKY226", f"`{of.name}` has no field `{keyword.arg}`", keyword, hint)
                wrong = True
            elif keyword.arg in dict(named):
                self.body.report("SKY226", f"`{keyword.arg}` is given twice", keyword, "leave one out")
                wrong = True
            named.append((keyword.arg, keyword.value))
        missing = [k for k, f in by_key.items() if f.required and k not in dict(named)]
        if (missing and model.flavour != "typeddict") or any(by_key[m].required for m in missing):
            self.body.report("SKY226", f"`{of.name}` wants `{'`, `'.join(missing)}`", node, f"add `{missing[0]}=...`")
        if missing or wrong:
            raise Stop
        compiled = dict(zip((name for name, _ in named), self.expressions.operands([v for _, v in named]), strict=True))
        written = dict(named)
        given: dict[str, x.Expr] = {}
        for name, value in compiled.items():
            field = by_key[name]
            what = f"`{of.name}.{field.attribute}`"
            fitted = self.expressions.fitted(value, field.type, written[name], what)
            given[field.name] = self.expressions.converted(fitted, field.type) if model.flavour == "pydantic" else fitted
        return self._object(of, given, self.body.span(node))

    def _object(self, of: t.ModelType, given: dict[str, x.Expr], span: Span) -> x.Expr:
        entries = []
        model = self.body.models[of.name]
        for field in model.fields:
            key = x.Literal(span=span, type=t.LiteralType((field.name,)), value=field.name)
            if field.name in given:
                entries.append(x.Entry(key=key, value=given[field.name]))
            elif model.flavour != "typeddict":
                entries.append(x.Entry(key=key, value=_constant(field.default, span)))
        return x.Object(span=span, type=of, entries=tuple(entries))

    def typed_dict(self, value: x.Object, of: t.ModelType, node: ast.AST) -> x.Expr:
        """A dict display where a TypedDict is wanted."""
        model = self.body.models[of.name]
        keys = [entry.key.value if isinstance(entry.key, x.Literal) else None for entry in value.entries]
        known = {field.name: field for field in model.fields}
        wrong = [key for key in keys if key not in known]
        missing = [name for name, field in known.items() if field.required and name not in keys]
        if model.flavour != "typeddict" or wrong or missing:
            names = ", ".join(known)
            self.body.fail(
                "SKY209",
                f"a dict stands where a `{of.name}` is wanted",
                node,
                f"give it the keys {names}" if model.flavour == "typeddict" else f"write `{of.name}(...)`",
            )
        given = {
            str(key): self.expressions.fitted(entry.value, known[str(key)].type, node, f"`{of.name}[{key!r}]`")
            for key, entry in zip(keys, value.entries, strict=True)
        }
        return self._object(of, given, value.span)

    # --- comprehensions -----------------------------------------------------------------------------------------

    def comprehension(self, node: Comprehension, *, lazy: bool = False) -> x.Expr:
        """A comprehension: data shaping where it is pure, a parallel map where it has steps."""
        if not self._has_steps(node):
            for generator in node.generators:
                if (each := self._each(generator.iter)) is not None:
                    hint = "go through the items themselves, without `each`"
                    self.body.fail("SKY301", "`each` bounds a parallel map, and nothing here runs in parallel", each, hint)
            return replace(self._pure(node), lazy=isinstance(node, ast.GeneratorExp))
        if lazy:
            self.body.fail(
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
        found = self.expressions.static(node.func)
        if found is constructs.each:
            return False
        return isinstance(found, Task | Prompt | Flow) or self.steps.construct(found) is not None

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
                    narrowed = assume(test, True, self.body.scope, self.body.models)
                    self.body.scope.facts = narrowed.facts
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
            self.body.fail("SKY208", f"a key is a str, not `{t.show(widen(key.type))}`", node.key, "write `str(...)`")
        return key, value

    def _each(self, node: ast.expr) -> ast.Call | None:
        if isinstance(node, ast.Call) and self.expressions.static(node.func) is constructs.each:
            return node
        return None

    def _source(self, generator: ast.comprehension) -> x.Expr:
        """What a generator goes through, as a list."""
        if generator.is_async:
            self.body.fail("SKY103", "a flow is not asynchronous", generator.iter, "write `for`")
        each = self._each(generator.iter)
        node = generator.iter
        if each is not None:
            if len(each.args) != 1:
                self.body.fail("SKY301", "`each` takes the items and a limit", each, "write `each(items, limit=8)`")
            node = each.args[0]
        return self.items(node)

    def items(self, node: ast.expr) -> x.Expr:
        """A compiled iterable: a list, a dict's keys, a string's characters, range, zip, enumerate."""
        value = self.expressions.iterable(node)
        self.expressions.refuse_unknown(value, node, "`for`")
        if iteration_type(value.type) is None:
            hint = f"write `range({ast.unparse(node)})`" if widen(value.type) == t.INT else "go through a list"
            if t.NULL in t.members(value.type):
                hint = "it may be None: test `is not None` first, or write `... or []`"
            self.body.fail("SKY214", f"a `{t.show(value.type)}` cannot be gone through", node, hint)
        if isinstance(value.type, t.DictType):
            return x.Call(span=value.span, type=t.ListType(t.STR), function="dict.keys", arguments=(value,))
        if isinstance(widen(value.type), t.StrType):
            return x.Call(span=value.span, type=t.ListType(t.STR), function="list", arguments=(value,))
        return value

    def _bind(self, generator: ast.comprehension, items: x.Expr) -> x.Target:
        owner = ownership.iterated(items, self.body.scope, self.body.temporaries)
        return self.target(generator.target, iteration_type(items.type) or t.ANY, owner)

    def target(self, node: ast.expr, of: t.Type, owner: Ownership) -> x.Target:
        """A loop target; gives its names their types."""
        match node:
            case ast.Name(id=name):
                self.body.scope.assign(name, of, owner)
                return x.Bind(name=name)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                types = self.parts(of, len(targets), node)
                pairs = zip(targets, types, strict=True)
                return x.Unpack(targets=tuple(self.target(inner, part, owner) for inner, part in pairs))
            case _:
                self.body.fail(
                    "SKY121", "a loop's target is a name, or names", node, "use a name, and assign in the body"
                )

    def parts(self, of: t.Type, count: int, node: ast.AST) -> list[t.Type]:
        """The types that taking a value apart gives."""
        match of:
            case t.TupleType(items=items):
                if len(items) != count:
                    self.body.fail("SKY227", f"{len(items)} values, {count} names", node, f"write {len(items)} names")
                return list(items)
            case t.ListType(item=item):
                return [item] * count
            case t.UnionType(members=alternatives):
                ways = [self.parts(alternative, count, node) for alternative in alternatives]
                return [t.union(*types) for types in zip(*ways, strict=True)]
            case t.AnyType():
                self.body.fail(
                    "SKY211",
                    "the type of this value is not known, so it cannot be taken apart",
                    node,
                    "annotate where it comes from",
                )
            case _ if isinstance(widen(of), t.StrType):
                return [t.STR] * count
            case _:
                self.body.fail("SKY227", f"a `{t.show(of)}` cannot be taken apart", node, "use a tuple or a list")

    def _map(self, node: Comprehension) -> x.Expr:
        result = self._map_over(node, node.generators)
        if not isinstance(node, ast.DictComp):
            return result
        pair = cast(t.TupleType, cast(t.ListType, result.type).item)
        return x.Call(span=self.body.span(node), type=t.DictType(pair.items[1]), function="dict", arguments=(result,))

    def _map_over(self, node: Comprehension, generators: Sequence[ast.comprehension]) -> x.Expr:
        generator, span = generators[0], self.body.span(node)
        items = self._source(generator)
        each = self._each(generator.iter)
        limit = None if each is None else self._limit(each)
        inner = self.body.scope.copy()
        with self.body.in_scope(inner), self.body.inner_block() as body:
            over = self._bind(generator, items)
            condition, late = self._map_condition(generator)

            def value() -> x.Expr:
                return self._map_over(node, generators[1:]) if len(generators) > 1 else self._map_result(node)

            result = self._kept_where(late, value, node) if late else value()
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
        self.body.scope.assign(target, of, Ownership.FRESH)
        collected: x.Expr = x.Name(span=span, type=of, name=target)
        for _ in range((len(generators) > 1) + bool(late)):
            collected = self._flattened(collected)
        return collected

    def _kept_where(self, tests: Sequence[ast.expr], value: Callable[[], x.Expr], node: Comprehension) -> x.Expr:
        """A list of the value, empty where a test is false. For conditions that call tasks: they belong to the body."""
        span, kept = self.body.span(node), self.body.temporary("kept")
        self.body.emit(ir.Assign(span=span, variable=kept, value=x.Array(span=span, type=t.ListType(t.NEVER), items=())))

        def keep(rest: Sequence[ast.expr]) -> t.Type:
            if not rest:
                found = value()
                whole = x.Array(span=span, type=t.ListType(found.type), items=(found,))
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
            self.body.scope.facts = assume(test, True, self.body.scope, self.body.models).facts
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
                self.body.fail("SKY301", "the limit is a constant of at least 1", keyword.value, "write `limit=8`")
        self.body.fail("SKY301", "`each` wants a limit", each, "write `each(items, limit=8)`")

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


def _is_library(found: Any) -> bool:
    """Whether the user did not write it: the standard library or an installed package."""
    file = getattr(getattr(found, "__code__", None), "co_filename", None)
    return file is None or "site-packages" in file or file.startswith(str(Path(os.__file__).parent))


def _is_error(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, BaseException)


def _family(of: t.Type) -> str:
    """The catalog's word for the type of a method's object."""
    match widen(of):
        case t.StrType():
            return "str"
        case t.ListType() | t.TupleType():
            return "list"
        case t.DictType():
            return "dict"
        case t.DateTimeType():
            return "datetime"
        case t.ModelType():
            return "model"
        case _:
            return "value"


def _constant(value: Any, span: Span) -> x.Expr:
    """The default of a field, as an expression."""
    match value:
        case list():
            items = tuple(_constant(item, span) for item in value)
            return x.Array(span=span, type=t.ListType(t.union(*(i.type for i in items))), items=items)
        case dict():
            entries = tuple(x.Entry(key=_constant(k, span), value=_constant(v, span)) for k, v in value.items())
            inner = t.union(*(entry.value.type for entry in entries))
            return x.Object(span=span, type=t.DictType(inner), entries=entries)
        case None:
            return x.Literal(span=span, type=t.NULL, value=None)
        case float():
            return x.Literal(span=span, type=t.FLOAT, value=value)
        case _:
            return x.Literal(span=span, type=t.LiteralType((value,)), value=value)


def _compared(positional: list[x.Expr]) -> t.Type:
    """The type of what a key function gets."""
    if len(positional) == 1:
        return iteration_type(positional[0].type) or t.ANY
    return t.union(*(value.type for value in positional))


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
