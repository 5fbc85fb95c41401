"""The Python emitter: expressions as readable Python source over JSON values. It is the reference for all others.

The source stands on its own but for the imports of `IMPORTS`. Variables keep their names; one that hides a name the
source needs (`len`, `json`) gets an underscore. `compile_expr` makes a function of it for the interpreter.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, assert_never

from skyloom.flows.expr.fstrings import escaped, quoted
from skyloom.flows.expr.nodes import (
    Array,
    Binary,
    Bind,
    Call,
    Compare,
    Comprehension,
    Conditional,
    Expr,
    Field,
    Format,
    Function,
    Generator,
    Item,
    Literal,
    Logic,
    Name,
    Object,
    Slice,
    Spread,
    Target,
    Truth,
    Unary,
    Unpack,
    free_names,
    walk,
)
from skyloom.flows.expr.properties import truth
from skyloom.flows.expr.types import DateTimeType, DictType, ErrorType, ModelType, TupleType, members

IMPORTS = ("import hashlib", "import json", "import math", "from datetime import date, datetime, time")
"""What emitted source may need imported."""

_BUILTIN_NAMES = (
    "abs all any bool dict divmod enumerate float format int isinstance len list map max min range reversed round sorted "
    "str sum tuple zip"
).split()

GLOBALS: dict[str, Any] = {
    "__builtins__": {name: __builtins__[name] if isinstance(__builtins__, dict) else getattr(__builtins__, name) for name in _BUILTIN_NAMES},
    "hashlib": hashlib,
    "json": json,
    "math": math,
    "date": date,
    "datetime": datetime,
    "time": time,
}
"""All that compiled expressions see besides variables."""

RESERVED = frozenset({*GLOBALS, *_BUILTIN_NAMES, "_env"})

# How tightly a construct binds, loosest first (the Python reference's table of operator precedence).
LAMBDA, CONDITIONAL, OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER, PRIMARY = range(11)
_LEVELS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "**": POWER}

Source = tuple[str, int]
"""Text, and how tightly its outermost construct binds."""

FUNCTIONS: dict[str, str] = {
    name: name
    for name in "abs int float len max min round sorted sum all any list json.dumps json.loads math.ceil math.fabs "
    "math.floor math.isclose math.sqrt math.trunc range enumerate zip reversed dict".split()
}
"""Builtins that are a call of the same name: catalog name -> callee."""

METHODS: dict[str, str] = {
    f"{kind}.{method}": method
    for kind, methods in {
        "str": "capitalize casefold center count endswith find index isalnum isalpha isdigit islower isspace isupper join "
        "ljust lower lstrip removeprefix removesuffix replace rfind rjust rsplit rstrip split splitlines startswith strip "
        "swapcase title upper zfill",
        "list": "copy count index",
        "dict": "copy get items keys values",
    }.items()
    for method in methods.split()
}
"""Builtins that are a call of a method on their first argument: catalog name -> method."""

TEMPLATES: dict[str, Source] = {
    "sha256": ("hashlib.sha256({0}.encode()).hexdigest()", PRIMARY),
    "seconds": ("float({0})", PRIMARY),
    "minutes": ("{0} * 60.0", PRODUCT),
    "hours": ("{0} * 3600.0", PRODUCT),
    "days": ("{0} * 86400.0", PRODUCT),
    "divmod": ("list(divmod({0}, {1}))", PRIMARY),
    "error.type": ('{0}["type"]', PRIMARY),
    "datetime.timestamp": ("datetime.fromisoformat({0}).timestamp()", PRIMARY),
    "str.partition": ("list({0}.partition({1}))", PRIMARY),
    "str.rpartition": ("list({0}.rpartition({1}))", PRIMARY),
}
"""Builtins with words of their own; arguments go in with parentheses where they bind more loosely than a product."""

_PAIRS = frozenset({"zip", "enumerate", "dict.items"})
_LAZY = _PAIRS | {"range", "reversed", "dict.keys", "dict.values"}
_PASSES_ELEMENTS_ON = frozenset({"list", "sorted", "min", "max", "tuple"})
_USES_ELEMENTS_UP = frozenset({"sum", "any", "all", "str.join", "dict", "len"})
