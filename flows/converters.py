"""Converters between the Python values of one annotation and JSON, on top of pydantic, which loads when one is made."""

from __future__ import annotations

import base64
import contextlib
import copy
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from skyloom.flows import moments, records
from skyloom.flows.mismatch import NotOfType, from_pydantic

if TYPE_CHECKING:
    from pydantic_core import SchemaValidator


class Converter:
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
        self.mixes_numbers = _any_node(schema, _mixes_numbers)
        self._python = self._adapter.validator
        self._json: Any = self._adapter.validator
        if _any_node(schema, lambda node: isinstance(node.get("type"), str) and node["type"] in _READERS):
            self._json = _json_validator(schema)

    def validate_python(self, value: Any) -> Any:
        """`value`, checked: ints where floats are expected become floats. Instances are not looked into."""
        return self._run(lambda: self._python.validate_python(value, strict=True), value)

    def validate_json(self, value: Any) -> Any:
        """The Python value whose JSON is `value`."""
        from pydantic_core import to_json

        return self._run(lambda: self._json.validate_json(to_json(value), strict=True), value)

    def dump(self, value: Any) -> Any:
        """`value` as dicts, lists and typed leaves (datetime, bytes, enum members). Instances of subclasses come with
        the fields of the subclass."""
        dump = self._adapter.serializer.to_python
        return self._run(
            lambda: dump(value, by_alias=True, round_trip=True, warnings=False, serialize_as_any=True), value
        )

    def _run(self, step: Callable[[], Any], value: Any) -> Any:
        from pydantic import ValidationError

        try:
            return step()
        except ValidationError as error:
            raise from_pydantic(error.errors(include_url=False), value) from None
        except Exception as error:
            # A validator of the user's, or of another library's type, that raises what pydantic does not expect.
            raise NotOfType(("", f"checking the value raised {type(error).__name__}: {error}")) from error

    @property
    def core_schema(self) -> Any:
        """The annotation as pydantic's validators know it."""
        return self._adapter.core_schema

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the annotation, as a copy: who asks for it may change it."""
        return copy.deepcopy(self._schema)

    @functools.cached_property
    def _schema(self) -> dict[str, Any]:
        from skyloom.flows.json_schemas import CanonicalSchema

        return self._adapter.json_schema(schema_generator=CanonicalSchema)


@functools.cache
def _cached_converter(annotation: Any) -> Converter:
    return Converter(annotation)


_unhashable: dict[int, tuple[Any, Converter]] = {}


def converter_for(annotation: Any) -> Converter:
    """The converter of `annotation`, made once. Raises NotOfType where it has no JSON form."""
    try:
        return _cached_converter(annotation)
    except TypeError:
        pass
    # The annotation is kept beside its converter, so that its id stays its own.
    found = _unhashable.get(id(annotation))
    if found is None:
        found = _unhashable[id(annotation)] = (annotation, Converter(annotation))
    return found[1]


def _any_node(schema: Any, wanted: Callable[[dict[str, Any]], bool]) -> bool:
    if isinstance(schema, dict):
        return wanted(schema) or any(_any_node(inner, wanted) for inner in _schemas_below(schema).values())
    return isinstance(schema, (list, tuple)) and any(_any_node(item, wanted) for item in schema)


def _mixes_numbers(node: dict[str, Any]) -> bool:
    """Whether a value of the schema may be a number of either kind. Of alternatives that are models only their choice
    could depend on it: they count."""
    kind = node.get("type")
    if kind not in ("union", "tagged-union"):
        return kind == "any"
    models = _any_node(node["choices"], lambda inner: inner.get("type") in ("model", "dataclass", "definition-ref"))
    floats = _any_node(node["choices"], lambda inner: inner.get("type") == "float")
    return models or (floats and _any_node(node["choices"], lambda inner: inner.get("type") in ("int", "literal")))


def _schemas_below(node: dict[str, Any]) -> dict[str, Any]:
    """The parts of a core schema that hold core schemas. A mapping from names to schemas has no `type`, or one that is
    a schema."""
    if not isinstance(node.get("type"), str):
        return node
    return {key: item for key, item in node.items() if key not in _NOT_SCHEMA}


_NOT_SCHEMA = frozenset({"metadata", "default", "config", "serialization", "expected", "cls", "function"})


def _json_validator(schema: Any) -> SchemaValidator:
    """A validator that reads bytes as base64 and moments as RFC 3339 only. The validators that pydantic keeps for each
    model would read UTF-8, and a numeral as seconds since 1970."""
    from pydantic_core import SchemaValidator

    def rewritten(node: Any) -> Any:
        if isinstance(node, (list, tuple)):
            return type(node)(rewritten(item) for item in node)
        if not isinstance(node, dict):
            return node
        copy = node | {key: rewritten(item) for key, item in _schemas_below(node).items()}
        reader = _READERS.get(node["type"]) if isinstance(node.get("type"), str) else None
        if reader is None:
            return copy
        ref = {"ref": copy.pop("ref")} if "ref" in copy else {}
        function = {"type": "no-info", "function": reader}
        return {"type": "function-before", "function": function, "schema": copy} | ref

    return SchemaValidator(rewritten(schema), _use_prebuilt=False)


def _read_bytes(value: Any) -> Any:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


def _moment_reader(what: moments.What, example: str) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        # A well-formed text may still name a day that does not exist.
        with contextlib.suppress(ValueError):
            return moments.read(what, value)
        raise ValueError(f"Input should be a text like {example}")

    return read


_READERS: dict[str, Callable[[Any], Any]] = {
    "bytes": _read_bytes,
    "datetime": _moment_reader("datetime", "2024-12-31T23:59:59Z"),
    "date": _moment_reader("date", "2024-12-31"),
    "time": _moment_reader("time", "23:59:59"),
}
"""By core schema: how its JSON is read, before pydantic checks the outcome."""


def _spelled(annotation: Any) -> str:
    return annotation.__qualname__ if isinstance(annotation, type) else str(annotation)
