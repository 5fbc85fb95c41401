"""The signature of a flow, task or prompt: its parameters and its result, with everything that is wrong with them."""

from __future__ import annotations

import ast
import inspect
import re
import typing
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from skyloom.errors import Span
from skyloom.flows import values
from skyloom.flows.expr.types import ANY, Type
from skyloom.flows.frontend.annotations import TypeTable, Unsupported
from skyloom.flows.frontend.source import Report, SourceFile
from skyloom.flows.ir.program import Parameter

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

EMPTY = inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class Subject:
    """A definition being read: the function, where it stands, and how it is called in messages ("task `search`")."""

    function: Callable[..., Any]
    source: SourceFile
    node: FunctionNode
    title: str

    @property
    def name_span(self) -> Span:
        """Where the function's name stands in its definition."""
        line = self.node.lineno
        match = re.search(rf"\bdef\s+({re.escape(self.node.name)})\b", self.source.line(line))
        if match is None:
            return Span(line, 1, line, len(self.source.line(line)) + 1)
        return Span(line, match.start(1) + 1, line, match.end(1) + 1)


@dataclass(frozen=True, slots=True)
class Signature:
    """Parameters and result of a definition. `annotations` and `result` are the Python types; what cannot be carried is
    `Any` there, and of type Any here."""

    parameters: tuple[Parameter, ...]
    returns: Type
    annotations: dict[str, Any]
    result: Any
    readable: bool = True
    """Whether the type of the result is known; otherwise the report says why not."""

    def input_schema(self, title: str) -> dict[str, Any]:
        """The JSON Schema of the arguments, as one object."""
        defaults = {p.name: p.default for p in self.parameters if not p.required}
        return values.object_schema(title, self.annotations, defaults)

    def output_schema(self) -> dict[str, Any]:
        """The JSON Schema of the result."""
        return values.json_schema(self.result)


class SignatureReader:
    """Reads the signature of one definition."""

    def __init__(self, subject: Subject, types: TypeTable, report: Report) -> None:
        self._subject = subject
        self._types = types
        self._report = report
        self._unread: set[str] = set()
        self._raw = dict(getattr(inspect.unwrap(subject.function), "__annotations__", {}))

    def read(self) -> Signature:
        """The signature. Every problem goes to the report."""
        nodes = self._argument_nodes()
        defaults = _default_nodes(self._subject.node.args)
        parameters: list[Parameter] = []
        annotations: dict[str, Any] = {}
        for name, found in inspect.signature(self._subject.function).parameters.items():
            node = nodes.get(name, self._subject.name_span)
            if not self._kind_fits(found, node):
                continue
            annotation, of_type = self._resolved(name, f"parameter `{name}` of {self._subject.title}", node)
            annotations[name] = annotation
            required = found.default is EMPTY
            default = None if required else self._default(found, annotation, defaults.get(name, node))
            parameters.append(Parameter(name=name, type=of_type, required=required, default=default))
        where = self._subject.node.returns or self._subject.name_span
        result, returns = self._resolved("return", f"the result of {self._subject.title}", where)
        return Signature(tuple(parameters), returns, annotations, result, "return" not in self._unread)

    def _argument_nodes(self) -> dict[str, ast.arg]:
        arguments = self._subject.node.args
        extra = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
        return {a.arg: a for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra)}

    def _kind_fits(self, parameter: inspect.Parameter, node: ast.AST | Span) -> bool:
        hints = {
            inspect.Parameter.VAR_POSITIONAL: ("*", f"take a list: {parameter.name}: list[...]"),
            inspect.Parameter.VAR_KEYWORD: ("**", f"take a dict: {parameter.name}: dict[str, ...]"),
            inspect.Parameter.POSITIONAL_ONLY: ("", "remove the `/`: engines pass arguments by name"),
        }
        if parameter.kind not in hints:
            return True
        stars, hint = hints[parameter.kind]
        how = "is positional-only" if not stars else "takes any number of arguments"
        self._add("SKY506", f"parameter `{stars}{parameter.name}` of {self._subject.title} {how}", node, hint)
        return False

    def _resolved(self, name: str, title: str, node: ast.AST | Span) -> tuple[Any, Type]:
        """Annotation and type of a parameter or the result; `Any` after a problem."""
        if name not in self._raw:
            hint = (
                "write `-> None` where it returns nothing" if name == "return" else f"write `{name}: str`, or its type"
            )
            return self._unknown(name, "SKY501", f"{title} has no annotation", node, hint)
        place = node.annotation if isinstance(node, ast.arg) and node.annotation is not None else node
        try:
            annotation = self._evaluated(name)
            of_type = self._types.resolve(annotation)
            values.json_schema(annotation)
        except Unsupported as problem:
            return self._unknown(name, "SKY502", f"{title}: {problem.message}", place, problem.hint)
        except values.NotOfType as problem:
            return self._unknown(name, "SKY502", f"{title}: {problem}", place, None)
        return annotation, of_type

    def _unknown(self, name: str, code: str, message: str, where: ast.AST | Span, hint: str | None) -> tuple[Any, Type]:
        """What stands for an annotation that cannot be read, with the problem reported."""
        self._unread.add(name)
        self._add(code, message, where, hint)
        return Any, ANY

    def _evaluated(self, name: str) -> Any:
        """The annotation of `name`, strings in it resolved. Raises Unsupported."""
        try:
            return values.signature_types(self._subject.function)[name]
        except Exception:
            # Some annotation of the function is wrong; find out whether it is this one.
            alone = SimpleNamespace(__annotations__={name: self._raw[name]})
        try:
            names = getattr(inspect.unwrap(self._subject.function), "__globals__", {})
            return typing.get_type_hints(alone, globalns=names, include_extras=True)[name]
        except NameError as error:
            hint = "import it outside of `if TYPE_CHECKING`" if error.name else None
            raise Unsupported(f"`{error.name}` is not defined", hint) from None
        except Exception as error:
            raise Unsupported(f"the annotation cannot be read: {error}", "name a type that the module knows") from None

    def _default(self, parameter: inspect.Parameter, annotation: Any, node: ast.AST | Span) -> values.Json:
        try:
            return values.to_json(parameter.default, annotation)
        except values.NotOfType as problem:
            title = f"the default of parameter `{parameter.name}` of {self._subject.title}"
            hint = "add `| None` to the annotation" if parameter.default is None else None
            self._add("SKY507", f"{title}: {problem}", node, hint)
            return None

    def _add(self, code: str, message: str, where: ast.AST | Span, hint: str | None) -> None:
        self._report.add(code, message, self._subject.source, where, hint)


def _default_nodes(arguments: ast.arguments) -> dict[str, ast.expr]:
    positional = [*arguments.posonlyargs, *arguments.args]
    found = dict(
        zip([a.arg for a in positional[len(positional) - len(arguments.defaults) :]], arguments.defaults, strict=True)
    )
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            found[argument.arg] = default
    return found
