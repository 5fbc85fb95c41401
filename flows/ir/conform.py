"""Brings JSON values to the canonical form of a type of the IR, or says why they are not of it.

Works on a program alone, without the Python classes behind its models: engines use it wherever a value crosses from one
flow to another, or comes in from outside.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, assert_never

from skyloom.flows.expr import types as t
from skyloom.flows.ir.program import ModelDefinition
from skyloom.flows.whole_numbers import whole

Models = Mapping[str, ModelDefinition]


class Mismatch(ValueError):
    """A value is not of its type; the text says where."""


def conformed(value: Any, of: t.Type, models: Models, where: str = "") -> Any:
    """A copy of `value` in the canonical form of the type: a float where an integer stands for one, an integer where
    the type does not say which, a zero without its sign, the defaults of fields that are missing, no fields that the
    model does not have.

    Raises:
        Mismatch: the value is not of the type.
    """
    match of:
        case t.FloatType() if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value) or 0.0
        case t.ListType(item=item) if isinstance(value, list):
            return [conformed(v, item, models, f"{where}[{i}]") for i, v in enumerate(value)]
        case t.TupleType(items=items) if isinstance(value, list) and len(value) == len(items):
            return [conformed(v, items[i], models, f"{where}[{i}]") for i, v in enumerate(value)]
        case t.DictType(value=inner) if isinstance(value, dict):
            return {key: conformed(v, inner, models, f"{where}.{key}") for key, v in value.items()}
        case t.ModelType(name=name) if isinstance(value, dict):
            return _model(value, models[name], models, where)
        case t.UnionType(members=members):
            return _union(whole(value), of, members, models, where)
        case t.AnyType():
            return whole(value)
        case _ if _is_scalar(value, of):
            return value
    raise Mismatch(f"{where.lstrip('.') or 'the value'}: not {t.show(of)}")


def _model(value: dict[str, Any], model: ModelDefinition, models: Models, where: str) -> dict[str, Any]:
    result = {}
    for field in model.fields:
        place = f"{where}.{field.name}"
        if field.name in value:
            result[field.name] = conformed(value[field.name], field.type, models, place)
        elif field.required:
            raise Mismatch(f"{place.lstrip('.')}: missing")
        elif model.flavour != "typeddict":
            result[field.name] = conformed(field.default, field.type, models, place)
    return result


def _union(value: Any, of: t.UnionType, members: tuple[t.Type, ...], models: Models, where: str) -> Any:
    """The alternative that takes the value as it is; else the first that takes it at all."""
    fitting = []
    for member in members:
        try:
            result = conformed(value, member, models)
        except Mismatch:
            continue
        if _same(result, value):
            return result
        fitting.append(result)
    if not fitting:
        raise Mismatch(f"{where.lstrip('.') or 'the value'}: not {t.show(of)}")
    return fitting[0]


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal, 1 and 1.0 and true told apart."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(item, other[key]) for key, item in one.items())
    return bool(one == other)


def _is_scalar(value: Any, of: t.Type) -> bool:
    match of:
        case t.NullType():
            return value is None
        case t.BoolType():
            return isinstance(value, bool)
        case t.IntType():
            return isinstance(value, int) and not isinstance(value, bool)
        case t.StrType() | t.DateTimeType():
            return isinstance(value, str)
        case t.BytesType():
            return isinstance(value, str) and _is_base64(value)
        case t.LiteralType(values=values):
            return any(value == v and type(value) is type(v) for v in values)
        case t.EnumType(members=members):
            return any(value == v and type(value) is type(v) for _, v in members)
        case t.ErrorType():
            return isinstance(value, dict) and set(value) == {"type", "bases", "message"}
        case (
            t.FloatType()
            | t.ListType()
            | t.TupleType()
            | t.DictType()
            | t.ModelType()
            | t.UnionType()
            | t.NeverType()
            | t.AnyType()
        ):
            return False
        case _:
            assert_never(of)


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        return False
    return True
