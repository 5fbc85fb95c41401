"""Python values and their JSON: what crosses a step is checked against its annotation and made canonical.

| Python | JSON |
|---|---|
| None, bool, str, finite float, int up to 2^53 either way | itself |
| list, tuple | array |
| dict with str keys, TypedDict, pydantic model, dataclass | object; a model's keys are its aliases |
| Enum | the member's value |
| datetime, time | RFC 3339 with six digits of a second; an aware datetime in UTC, with `Z` |
| date | RFC 3339 |
| bytes | base64 (RFC 4648, section 4) |

Checking is as strict as Python's own typing: no string becomes a number, no boolean an integer; an integer stands for a
float. Nothing that comes out shares a mutable object with what went in.
"""

from __future__ import annotations

import base64
import functools
import inspect
import math
import typing
import weakref
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import TYPE_CHECKING, Any

from skyloom.flows import records

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails, SchemaValidator

Json = None | bool | int | float | str | list[Any] | dict[str, Any]

MAX_INT = 2**53
"""The largest magnitude of an integer: beyond it JSON readers that use doubles lose digits."""


class NotOfType(ValueError):
    """A value is not of its annotated type, or not JSON. `problems` holds (path, message) pairs; the path may be ""."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        super().__init__("; ".join(f"{path}: {message}" if path else message for path, message in problems))
        self.problems = problems


def to_json(value: Any, annotation: Any) -> Json:
    """The canonical JSON of `value`, which must be of the type `annotation`.

    Raises:
        NotOfType: it is not; every problem is named, with its path.
    """
    kind = type(value)
    if kind is annotation and kind in _SCALARS:
        return _guarded(value, convert=False)
    if annotation is Any or annotation is inspect.Parameter.empty:
        return check_json(value)
    converter = _converter(annotation)
    checked = converter.validate_python(value)
    result = _guarded(converter.dump(checked), convert=True)
    if converter.holds_instances:
        # An instance that was changed after it was made, and a plain dataclass, have not been checked inside yet.
        result = _guarded(converter.dump(converter.validate_json(result)), convert=True)
    return result


def from_json(value: Json, annotation: Any) -> Any:
    """The Python value of type `annotation` whose JSON is `value`.

    Raises:
        NotOfType: the JSON does not fit, such as "customer: Field required".
    """
    checked = check_json(value)
    scalar = type(value) is annotation and annotation in _SCALARS
    if scalar or annotation is Any or annotation is inspect.Parameter.empty:
        return checked
    return _converter(annotation).validate_json(checked)


def check_json(value: Any) -> Json:
    """A deep copy of `value`, which must be JSON already: finite numbers, string keys, no lone surrogates.

    Raises:
        NotOfType: with the place, such as "items[3].price: nan is not a finite number".
    """
    return _guarded(value, convert=False)


def shown(value: Any) -> Json:
    """The canonical JSON of a value by its own class: what people see, and what events carry. Raises NotOfType."""
    return _guarded(_converter(Any).dump(value), convert=True)


def json_schema(annotation: Any) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the values of type `annotation`."""
    if annotation is inspect.Parameter.empty:
        return {}
    return _converter(annotation).schema()


def object_schema(title: str, properties: Mapping[str, Any], defaults: Mapping[str, Json]) -> dict[str, Any]:
    """The JSON Schema of an object whose keys are `properties` (annotations by name), and no others. Keys without an
    entry in `defaults` are required."""
    names = {name: Any if hint is inspect.Parameter.empty else hint for name, hint in properties.items()}
    schema = json_schema(records.typed_dict(title, names, required=frozenset(names)))
    for name, default in defaults.items():
        schema["properties"][name]["default"] = default
    required = [name for name in names if name not in defaults]
    schema |= {"title": title, "required": required, "additionalProperties": False}
    if not required:
        del schema["required"]
    return schema


_hints: weakref.WeakKeyDictionary[Callable[..., Any], dict[str, Any]] = weakref.WeakKeyDictionary()


def signature_types(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of `function` by parameter name, with "return", string references resolved. Cached.

    Raises:
        NameError: an annotation names something that its module does not have.
    """
    known = _hints.get(function)
    if known is None:
        known = _hints[function] = typing.get_type_hints(function, include_extras=True)
    return known


# --- canonical JSON ---------------------------------------------------------------------------------------------

_SCALARS = frozenset({str, int, bool, float, type(None)})


def _guarded(value: Any, *, convert: bool) -> Json:
    try:
        canonical: Json = _canonical(value, "", convert=convert)
        return canonical
    except RecursionError:
        raise NotOfType(("", "the value is nested too deeply, or contains itself")) from None


def _canonical(value: Any, path: str, *, convert: bool) -> Any:
    """A copy of `value` in canonical JSON; with `convert`, typed Python leaves become JSON instead of being refused."""
    kind = type(value)
    if kind is str:
        return _text(value, path)
    if kind is int:
        return _integer(value, path)
    if value is None or kind is bool:
        return value
    if kind is float:
        return _number(value, path)
    if kind is list or (convert and kind is tuple):
        return [_canonical(item, f"{path}[{index}]", convert=convert) for index, item in enumerate(value)]
    if kind is dict:
        return _object(value, path, convert=convert)
    return _special(value, path, convert=convert)


def _text(value: str, path: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise NotOfType((path, f"a lone surrogate at position {error.start} is no Unicode text")) from None
    return value


def _integer(value: int, path: str) -> int:
    if -MAX_INT <= value <= MAX_INT:
        return value
    raise NotOfType((path, "the integer is larger than 2**53, the largest that JSON carries safely"))


def _number(value: float, path: str) -> float:
    if math.isfinite(value):
        return value
    raise NotOfType((path, f"{value} is not a finite number"))


def _object(value: dict[Any, Any], path: str, *, convert: bool) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str) or (isinstance(key, Enum) and not convert):
            raise NotOfType((path, f"the key {key!r} is not a string"))
        text = _text(str.__str__(key), path)
        result[text] = _canonical(item, _join(path, text), convert=convert)
    return result


def _special(value: Any, path: str, *, convert: bool) -> Any:
    """A value whose class is none of JSON's own: a subclass of one, or, with `convert`, a typed Python value."""
    if isinstance(value, Enum) and convert:
        return _canonical(value.value, path, convert=False)
    if isinstance(value, (datetime, date, time)) and convert:
        return _moment(value, path)
    if isinstance(value, bytes) and convert:
        return base64.b64encode(value).decode()
    if not isinstance(value, Enum):
        if isinstance(value, str):
            return _text(str.__str__(value), path)
        if isinstance(value, int):
            return _integer(int.__int__(value), path)
        if isinstance(value, float):
            return _number(float.__float__(value), path)
        if isinstance(value, dict):
            return _object(value, path, convert=convert)
    raise NotOfType((path, f"a value of type {type(value).__name__} is not JSON"))


def _moment(value: datetime | date | time, path: str) -> str:
    if not isinstance(value, (datetime, time)):
        return value.isoformat()
    if isinstance(value, time) or value.tzinfo is None:
        return value.isoformat(timespec="microseconds")
    try:
        return value.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
    except OverflowError:
        raise NotOfType((path, "the datetime has no equivalent in UTC")) from None


def _join(path: str, key: str) -> str:
    if not key.isidentifier():
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


# --- annotations ------------------------------------------------------------------------------------------------


class _Converter:
    """Checks and converts the values of one annotation; made once for each."""

    def __init__(self, annotation: Any) -> None:
        from pydantic import PydanticUserError, TypeAdapter

        try:
            self._adapter: TypeAdapter[Any] = TypeAdapter(records.readable(annotation))
        except (PydanticUserError, NameError, TypeError) as error:
            first = str(error).splitlines()[0]
            raise NotOfType(("", f"the annotation {_spelled(annotation)} has no JSON form: {first}")) from error
        schema = self._adapter.core_schema
        self.holds_instances = _any_node(schema, lambda node: node.get("type") in ("model", "dataclass"))
        self._python = self._adapter.validator
        self._json: Any = self._adapter.validator
        if _any_node(schema, lambda node: node.get("type") == "bytes"):
            self._json = _with_base64(schema)

    def validate_python(self, value: Any) -> Any:
        from pydantic import ValidationError

        try:
            return self._python.validate_python(value, strict=True)
        except ValidationError as error:
            raise _not_of_type(error.errors(include_url=False), value) from None

    def validate_json(self, value: Json) -> Any:
        from pydantic import ValidationError
        from pydantic_core import to_json as dumps

        try:
            return self._json.validate_json(dumps(value), strict=True)
        except ValidationError as error:
            raise _not_of_type(error.errors(include_url=False), value) from None

    def dump(self, value: Any) -> Any:
        return self._adapter.serializer.to_python(value, by_alias=True, round_trip=True, warnings=False)

    def schema(self) -> dict[str, Any]:
        from pydantic.json_schema import GenerateJsonSchema

        class Base64Schema(GenerateJsonSchema):
            def bytes_schema(self, schema: Any) -> dict[str, Any]:
                return {"type": "string", "contentEncoding": "base64"}

        return self._adapter.json_schema(schema_generator=Base64Schema)


@functools.cache
def _cached_converter(annotation: Any) -> _Converter:
    return _Converter(annotation)


_unhashable: dict[int, tuple[Any, _Converter]] = {}


def _converter(annotation: Any) -> _Converter:
    try:
        return _cached_converter(annotation)
    except TypeError:
        pass
    # The annotation is kept beside its converter, so that its id stays its own.
    found = _unhashable.get(id(annotation))
    if found is None:
        found = _unhashable[id(annotation)] = (annotation, _Converter(annotation))
    return found[1]


def _any_node(schema: Any, wanted: Callable[[dict[str, Any]], bool]) -> bool:
    if isinstance(schema, dict):
        return wanted(schema) or any(_any_node(inner, wanted) for inner in _schemas_below(schema).values())
    return isinstance(schema, (list, tuple)) and any(_any_node(item, wanted) for item in schema)


def _schemas_below(node: dict[str, Any]) -> dict[str, Any]:
    """The parts of a core schema that hold core schemas. A mapping from names to schemas has no `type`, or one that is
    a schema."""
    if not isinstance(node.get("type"), str):
        return node
    return {key: item for key, item in node.items() if key not in _NOT_SCHEMA}


_NOT_SCHEMA = frozenset({"metadata", "default", "config", "serialization", "expected", "cls", "function"})


def _with_base64(schema: Any) -> SchemaValidator:
    """A validator that reads bytes as base64. The models' own validators would read UTF-8."""
    from pydantic_core import SchemaValidator

    def decoded(value: Any) -> Any:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else value

    def rewritten(node: Any) -> Any:
        if isinstance(node, list):
            return [rewritten(item) for item in node]
        if isinstance(node, tuple):
            return tuple(rewritten(item) for item in node)
        if not isinstance(node, dict):
            return node
        copy = node | {key: rewritten(item) for key, item in _schemas_below(node).items()}
        if node.get("type") == "bytes":
            ref = {"ref": copy.pop("ref")} if "ref" in copy else {}
            function = {"type": "no-info", "function": decoded}
            return {"type": "function-before", "function": function, "schema": copy} | ref
        return copy

    return SchemaValidator(rewritten(schema), _use_prebuilt=False)


def _spelled(annotation: Any) -> str:
    return annotation.__qualname__ if isinstance(annotation, type) else str(annotation)


def _not_of_type(errors: list[ErrorDetails], value: Any) -> NotOfType:
    """One problem for each place: the alternatives of a union that all failed are joined by "or"."""
    problems: dict[str, list[str]] = {}
    for error in errors:
        path = _path(error["loc"], value, missing=error["type"] in _KEY_ERRORS)
        messages = problems.setdefault(path, [])
        message = error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        if message not in messages:
            messages.append(message)
    return NotOfType(*((path, _joined(messages)) for path, messages in problems.items()))


_KEY_ERRORS = frozenset({"missing", "missing_argument", "extra_forbidden", "unexpected_keyword_argument"})


def _joined(messages: list[str]) -> str:
    prefix = "Input should be "
    if all(message.startswith(prefix) for message in messages):
        return prefix + " or ".join(message.removeprefix(prefix) for message in messages)
    return ", or ".join(messages)


def _path(location: tuple[int | str, ...], value: Any, *, missing: bool) -> str:
    """The place as a programmer writes it. Pydantic also names the alternatives of unions it went through; those parts
    lead nowhere in the value and are left out."""
    path = ""
    for index, part in enumerate(location):
        found = _child(value, part)
        if found is not _NOTHING:
            value = found
        elif not (missing and index == len(location) - 1):
            continue
        path = f"{path}[{part}]" if isinstance(part, int) else _join(path, part)
    return path


_NOTHING = object()


def _child(value: Any, part: int | str) -> Any:
    if isinstance(value, Mapping):
        return value.get(part, _NOTHING)
    if isinstance(part, int):
        inside = isinstance(value, (list, tuple)) and part < len(value)
        return value[part] if inside else _NOTHING
    return getattr(value, part, _NOTHING) if not isinstance(value, (str, int, float, list, tuple)) else _NOTHING
