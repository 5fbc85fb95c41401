"""Values of a workflow's source: data whose texts `${...}` are expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engines.gcp.errors import Undocumented, Value, WorkflowRefused
from engines.gcp.expressions.evaluator import value_of
from engines.gcp.expressions.parser import is_expression, parse
from engines.gcp.expressions.syntax import Expression, Index, Member, Name
from engines.gcp.library.function import Surroundings
from engines.gcp.model import Template


def expressions(template: Template) -> Iterator[Expression]:
    """All expressions of a template, those in the keys of maps among them.

    Raises:
        ExpressionRefused: One cannot be deployed.
        Undocumented: A text has an expression in it, but is none.
    """
    match template:
        case str() if is_expression(template):
            yield parse(template)
        case str() if "${" in template:
            raise Undocumented(f"a text with an expression inside: {template!r}")
        case list():
            for one in template:
                yield from expressions(one)
        case dict():
            for key, one in template.items():
                yield from expressions(key)
                yield from expressions(one)


def resolved(template: Template, variables: Mapping[str, Value], around: Surroundings) -> Value:
    """The value of a template."""
    match template:
        case str() if is_expression(template):
            return copied(value_of(parse(template), variables, around))
        case list():
            return [resolved(one, variables, around) for one in template]
        case dict():
            return {text_key(key, variables, around): resolved(one, variables, around) for key, one in template.items()}
        case _:
            return template


def text_key(key: str, variables: Mapping[str, Value], around: Surroundings) -> str:
    """A key of a map, which can be an expression (syntax/maps)."""
    if not is_expression(key):
        return key
    found = value_of(parse(key), variables, around)
    if not isinstance(found, str):
        raise Undocumented(f"a key of a map that is {found!r}")
    return found


def copied(value: Value) -> Value:
    """An independent copy (syntax/variables, passing by value)."""
    match value:
        case list():
            return [copied(one) for one in value]
        case dict():
            return {key: copied(one) for key, one in value.items()}
        case _:
            return value


def target(text: str, place: str = "") -> tuple[str, tuple[Expression | str, ...]]:
    """What an assignment writes to: a variable, and the way into it.

    Raises:
        WorkflowRefused: It is no variable, element or key.
    """
    path: list[Expression | str] = []
    node = parse(text)
    while not isinstance(node, Name):
        match node:
            case Member(base, field):
                path.append(field)
            case Index(base, index):
                path.append(index)
            case _:
                raise WorkflowRefused(f"{text!r} cannot be assigned to", place)
        node = base
    return node.name, tuple(reversed(path))
