"""Whether a JSON value is of a type of the IR. Works on a program alone, without the Python classes behind it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from skyloom.flows.expr import types as t
from skyloom.flows.ir.program import ModelDefinition


def mismatch(value: Any, of: t.Type, models: Mapping[str, ModelDefinition], where: str = "") -> str | None:
    """What is wrong with `value`, and where in it; None when it is of the type."""
    match of:
        case t.ListType(item=item) if isinstance(value, list):
            return _first(mismatch(v, item, models, f"{where}[{i}]") for i, v in enumerate(value))
        case t.TupleType(items=items) if isinstance(value, list) and len(value) == len(items):
            return _first(mismatch(value[i], item, models, f"{where}[{i}]") for i, item in enumerate(items))
        case t.DictType(value=inner) if isinstance(value, dict):
            return _first(mismatch(v, inner, models, f"{where}.{k}") for k, v in value.items())
        case t.ModelType(name=name) if isinstance(value, dict):
            return _model_mismatch(value, models[name], models, where)
        case t.UnionType(members=members):
            if any(mismatch(value, member, models) is None for member in members):
                return None
        case _ if _is_scalar(value, of):
            return None
    return f"{where.lstrip('.') or 'the value'}: not {t.show(of)}"


def _model_mismatch(
    value: dict[str, Any], model: ModelDefinition, models: Mapping[str, ModelDefinition], where: str
) -> str | None:
    for field in model.fields:
        place = f"{where}.{field.name}"
        if field.name not in value:
            if field.required:
                return f"{place.lstrip('.')}: missing"
            continue
        problem = mismatch(value[field.name], field.type, models, place)
        if problem is not None:
            return problem
    return None


def _is_scalar(value: Any, of: t.Type) -> bool:
    match of:
        case t.NullType():
            return value is None
        case t.BoolType():
            return isinstance(value, bool)
        case t.IntType():
            return isinstance(value, int) and not isinstance(value, bool)
        case t.FloatType():
            return isinstance(value, int | float) and not isinstance(value, bool)
        case t.StrType() | t.DateTimeType():
            return isinstance(value, str)
        case t.BytesType():
            return isinstance(value, str) and _is_base64(value)
        case t.LiteralType(values=values):
            return any(value == v and isinstance(value, bool) == isinstance(v, bool) for v in values)
        case t.EnumType(members=members):
            return any(value == v and isinstance(value, bool) == isinstance(v, bool) for _, v in members)
        case t.AnyType():
            return True
        case t.ErrorType():
            return isinstance(value, dict) and set(value) == {"type", "bases", "message"}
        case t.ListType() | t.TupleType() | t.DictType() | t.ModelType() | t.UnionType() | t.NeverType():
            return False
        case _:
            assert_never(of)


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        return False
    return True


def _first(problems: Iterable[str | None]) -> str | None:
    return next((problem for problem in problems if problem is not None), None)
