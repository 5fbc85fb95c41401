"""Whether the value of an expression is what its static type says, ints and floats told apart."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from skyloom.deployers.floats import leaves, models_in
from skyloom.flows.expr.properties import mixes_numbers
from skyloom.flows.expr.types import AnyType, Type
from skyloom.flows.ir.conform import Mismatch, conformed
from skyloom.flows.ir.program import ModelDefinition
from skyloom.flows.whole_numbers import whole

Json = Any
Models = Mapping[str, ModelDefinition]


def is_exactly(found: Json, of: Type, models: Models) -> bool:
    """Whether the JSON value is of the type. Between crossings a zero may have a sign, and a float may be whole where
    the type leaves open what it is."""
    try:
        exact = conformed(found, of, models)
    except Mismatch:
        return False
    if _text(found) == _text(exact):
        return True
    return _leaves_open(of, models) and _text(whole(found)) == _text(whole(exact))


def _text(value: Json) -> str:
    """JSON text, zeros without a sign."""
    return re.sub(r"-0\.0(?!\d)", "0.0", json.dumps(value, sort_keys=True))


def _leaves_open(of: Type, models: Models) -> bool:
    """Whether the type does not say of some number whether it is an int or a float."""
    parts = [of, *(field.type for name in models_in(of, models) for field in models[name].fields)]
    return any(mixes_numbers(part) or any(isinstance(leaf, AnyType) for leaf in leaves(part)) for part in parts)
