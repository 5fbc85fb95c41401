"""Templates of prompts: from text with `{ticket.body}` in it to a string expression over the parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from skyloom.errors import Span
from skyloom.flows.expr.nodes import Call, Compare, Conditional, Expr, Field, Format, Item, Literal, Name, Named
from skyloom.flows.expr.rules import item_type
from skyloom.flows.expr.types import (
    BOOL,
    INT,
    NULL,
    STR,
    AnyType,
    BytesType,
    DateTimeType,
    DictType,
    EnumType,
    ListType,
    LiteralType,
    ModelType,
    StrType,
    TupleType,
    Type,
    members,
    show,
    without_null,
)
from skyloom.flows.frontend.literals import LiteralText
from skyloom.flows.frontend.source import Report, SourceFile
from skyloom.flows.ir.program import ModelDefinition

_ACCESS = re.compile(r"\.([^\W\d]\w*)|\[([^\[\]]+)\]")
_BRACES = "write {{ and }} for braces that are text"


@dataclass(eq=False)
class _Problem(Exception):
    """What is wrong with the characters `start` to `end` of a template."""

    code: str
    message: str
    start: int
    end: int
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a template: plain text, or, with `code`, what stands between braces."""

    text: str
    start: int
    end: int
    code: bool = False


class TemplateReader:
    """Reads templates over a fixed set of parameters."""

    def __init__(
        self, parameters: Mapping[str, Type], models: Mapping[str, ModelDefinition], source: SourceFile, report: Report
    ) -> None:
        self._parameters = parameters
        self._models = models
        self._source = source
        self._report = report

    def read(self, text: str, place: LiteralText) -> Expr:
        """The string expression that the template `text` stands for. Every problem goes to the report.

        Strings (also enum members, dates and bytes, which are strings in JSON) go in as they are, everything else as
        JSON. `None` where a string is optional goes in as `null`.
        """
        parts: list[Expr] = []
        for piece in self._pieces(text, place):
            span = place.span(piece.start, piece.end)
            if not piece.code:
                parts.append(Literal(span=span, type=STR, value=piece.text))
                continue
            try:
                parts.append(_as_text(self._placeholder(piece, span)))
            except _Problem as problem:
                self._add(problem, place)
        span = place.span(0, len(text))
        if all(isinstance(part, Literal) for part in parts):
            return Literal(span=span, type=STR, value="".join(str(p.value) for p in parts if isinstance(p, Literal)))
        return Format(span=span, type=STR, parts=tuple(parts))

    def _add(self, problem: _Problem, place: LiteralText) -> None:
        span = place.span(problem.start, problem.end)
        self._report.add(problem.code, problem.message, self._source, span, problem.hint)

    def _pieces(self, text: str, place: LiteralText) -> Iterator[_Piece]:
        start, plain, index = 0, "", 0
        while index < len(text):
            character = text[index]
            if character not in "{}" or text[index : index + 2] in ("{{", "}}"):
                plain += character
                index += 2 if character in "{}" else 1
                continue
            if plain:
                yield _Piece(plain, start, index)
            plain = ""
            close = _closing(text, index)
            if character == "}" or close < 0:
                problem = _Problem("SKY512", f"this `{character}` has no partner", index, index + 1, _BRACES)
                self._add(problem, place)
                index += 1
            else:
                yield _Piece(text[index + 1 : close], index, close + 1, code=True)
                index = close + 1
            start = index
        if plain:
            yield _Piece(plain, start, index)

    def _placeholder(self, piece: _Piece, span: Span) -> Expr:
        """The expression between the braces. Raises _Problem."""
        head = re.match(r"[^\W\d]\w*", piece.text)
        if head is None:
            what = f"`{{{piece.text}}}` holds no parameter" if piece.text.strip() else "these braces are empty"
            raise _Problem("SKY512", what, piece.start, piece.end, _BRACES)
        name, start = head[0], piece.start + 1
        if name not in self._parameters:
            hint = _suggest(name, self._parameters) or _listed("parameters", self._parameters)
            raise _Problem("SKY513", f"the prompt has no parameter `{name}`", start, start + len(name), hint)
        found: Expr = Name(span=span, type=self._parameters[name], name=name)
        index = len(name)
        while index < len(piece.text):
            access = _ACCESS.match(piece.text, index)
            if access is None:
                raise _rest(piece, index)
            where = (start + access.start(), start + access.end())
            found = self._access(found, access, where, span)
            index = access.end()
        return found

    def _access(self, found: Expr, access: re.Match[str], where: tuple[int, int], span: Span) -> Expr:
        if NULL in members(found.type):
            message = f"`{access.string[: access.start()]}` may be None here"
            raise _Problem("SKY514", message, *where, "pass the part that the prompt needs as a parameter of its own")
        if access[1] is not None:
            return self._field(found, access[1], where, span)
        return self._item(found, access[2], where, span)

    def _field(self, found: Expr, name: str, where: tuple[int, int], span: Span) -> Expr:
        model = self._model(found.type)
        if model is None or model.flavour == "typeddict":
            keyed = isinstance(found.type, (DictType, AnyType)) or model is not None
            hint = f"write [{name}]" if keyed else None
            raise _Problem("SKY513", f"`{show(found.type)}` has no fields", *where, hint)
        for field in model.fields:
            if field.attribute == name:
                return Field(span=span, type=field.type, object=found, name=field.name)
        names = [field.attribute for field in model.fields]
        alias = next((f"did you mean `{field.attribute}`?" for field in model.fields if field.name == name), None)
        hint = alias or _suggest(name, names) or _listed("fields", names)
        raise _Problem("SKY513", f"`{model.name}` has no field `{name}`", *where, hint)

    def _item(self, found: Expr, key: str, where: tuple[int, int], span: Span) -> Expr:
        model = self._model(found.type)
        if model is not None:
            return self._key(found, model, key, where, span)
        number = re.fullmatch(r"-?\d+", key) is not None and not isinstance(found.type, DictType)
        if not number and isinstance(found.type, (ListType, TupleType, StrType)):
            raise _Problem("SKY514", f"`{show(found.type)}` needs a number in brackets, not `{key}`", *where)
        index = Literal(span=span, type=INT if number else STR, value=int(key) if number else key)
        of_type = item_type(found.type, index.type, int(key) if number else key)
        if of_type is None:
            raise _Problem("SKY513", f"`{show(found.type)}` has no item [{key}]", *where)
        return Item(span=span, type=of_type, object=found, index=index)

    def _key(self, found: Expr, model: ModelDefinition, key: str, where: tuple[int, int], span: Span) -> Expr:
        """`[key]` on a record: what a TypedDict is read with."""
        if model.flavour != "typeddict":
            raise _Problem("SKY513", f"`{model.name}` has no items", *where, f"write .{key}")
        for field in model.fields:
            if field.name == key and field.required:
                return Field(span=span, type=field.type, object=found, name=key)
            if field.name == key:
                return Item(span=span, type=field.type, object=found, index=Literal(span=span, type=STR, value=key))
        names = [field.name for field in model.fields]
        hint = _suggest(key, names) or _listed("keys", names)
        raise _Problem("SKY513", f"`{model.name}` has no key `{key}`", *where, hint)

    def _model(self, of: Type) -> ModelDefinition | None:
        return self._models[of.name] if isinstance(of, ModelType) else None


def _closing(text: str, opening: int) -> int:
    """Where the placeholder that opens at `opening` closes; -1 where another one opens, or the text ends, before."""
    close = text.find("}", opening + 1)
    inner = text.find("{", opening + 1)
    return -1 if close < 0 or -1 < inner < close else close


def _rest(piece: _Piece, index: int) -> _Problem:
    """What is wrong with a placeholder whose name and accesses end at `index`."""
    where = (piece.start + 1 + index, piece.end - 1)
    if piece.text[index] in "!:":
        hint = "format the value in the flow, and pass the text"
        return _Problem("SKY514", "a template has no conversions and formats", *where, hint)
    if piece.text[index] in "[.":
        message = f"`{piece.text[index:]}` is neither a field nor an item"
        return _Problem("SKY512", message, *where, "write `name.field` or `name[0]`")
    hint = "a template takes `name`, `name.field` and `name[0]`; compute other values in the flow"
    return _Problem("SKY512", f"`{piece.text}` is no parameter, field or item", *where, hint)


def _as_text(value: Expr) -> Expr:
    """`value` as text: itself when it is a string in JSON, otherwise its JSON."""
    if _is_text(value.type):
        return value
    if NULL in members(value.type) and _is_text(without_null(value.type)):
        null = Literal(span=value.span, type=NULL, value=None)
        test = Compare(span=value.span, type=BOOL, operator="==", left=value, right=null)
        absent = Literal(span=value.span, type=STR, value="null")
        return Conditional(span=value.span, type=STR, test=test, body=absent, orelse=value)
    readable = Named(name="ensure_ascii", value=Literal(span=value.span, type=BOOL, value=False))
    return Call(span=value.span, type=STR, function="json.dumps", arguments=(value,), keywords=(readable,))


def _is_text(of: Type) -> bool:
    """Whether every value of the type is a string in JSON."""
    alternatives = members(of)
    return bool(alternatives) and all(_is_text_member(member) for member in alternatives)


def _is_text_member(of: Type) -> bool:
    match of:
        case StrType() | DateTimeType() | BytesType():
            return True
        case LiteralType(values=values):
            return all(isinstance(value, str) for value in values)
        case EnumType(members=named):
            return all(isinstance(value, str) for _, value in named)
        case _:
            return False


def _suggest(name: str, known: Mapping[str, object] | list[str]) -> str | None:
    close = get_close_matches(name, list(known), n=1)
    return f"did you mean `{close[0]}`?" if close else None


def _listed(what: str, known: Mapping[str, object] | list[str]) -> str:
    return f"its {what}: {', '.join(known)}" if known else f"it has no {what}"
