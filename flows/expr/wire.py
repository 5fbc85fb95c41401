"""How the IR's dataclasses look in JSON, where that is not obvious: hooks that pydantic finds on the annotations.

Nodes are told apart by `kind`; a span is an array of four numbers. Pydantic is loaded when it asks, not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, get_args

from skyloom.errors import Span

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


class ByKind:
    """On a union of node classes: the member is chosen by `kind`, without trying the others."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        choices: dict[Any, CoreSchema] = {
            cls.__dataclass_fields__["kind"].default: handler.generate_schema(cls) for cls in get_args(source)
        }
        return core_schema.tagged_union_schema(choices, discriminator="kind")


class AsArray:
    """On `Span`: `[line, column, end_line, end_column]`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        numbers = core_schema.tuple_schema([core_schema.int_schema(ge=1)] * 4)
        return core_schema.no_info_after_validator_function(
            lambda values: Span(*values),
            numbers,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda span: (span.line, span.column, span.end_line, span.end_column), return_schema=numbers
            ),
        )


BY_KIND = ByKind()

Place = Annotated[Span, AsArray()]
"""A span of source, as a field of a node."""
