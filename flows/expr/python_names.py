"""The Python emitter's tables: how builtins are written, how tightly constructs bind, and what names are taken."""

from __future__ import annotations

import builtins
import hashlib
import json
import math
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

IMPORTS = ("import hashlib", "import json", "import math", "from datetime import date, datetime, time")
"""What emitted source may need imported."""

BUILTIN_NAMES = [
    "abs",
    "all",
    "any",
    "bool",
    "dict",
    "divmod",
    "enumerate",
    "float",
    "format",
    "int",
    "isinstance",
    "len",
    "list",
    "map",
    "max",
    "min",
    "range",
    "reversed",
    "round",
    "sorted",
    "str",
    "sum",
    "tuple",
    "zip",
]
"""Python's own names that emitted source uses."""

GLOBALS: dict[str, Any] = {
    "__builtins__": {name: getattr(builtins, name) for name in BUILTIN_NAMES},
    "hashlib": hashlib,
    "json": json,
    "math": math,
    "date": date,
    "datetime": datetime,
    "time": time,
}
"""All that compiled expressions see besides variables."""

ENVIRONMENT = "_env"
"""The parameter of a compiled expression: its variables by name."""

_TAKEN = frozenset({*GLOBALS, *BUILTIN_NAMES, ENVIRONMENT}) - {"__builtins__"}


def safe_name(name: str) -> str:
    """The variable's name in emitted source: its own, unless it would hide a name that the source itself uses.
    Different variables have different names."""
    return f"{name}_" if name.rstrip("_") in _TAKEN else name


# How tightly a construct binds, loosest first: the Python reference's table of operator precedence.
LAMBDA, CONDITIONAL, OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER, PRIMARY = range(11)

LEVELS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "**": POWER}

Source = tuple[str, int]
"""Text, and how tightly its outermost construct binds."""

FUNCTIONS: dict[str, str] = {
    name: name
    for name in [
        "abs",
        "all",
        "any",
        "dict",
        "enumerate",
        "float",
        "format",
        "int",
        "json.dumps",
        "json.loads",
        "len",
        "list",
        "math.ceil",
        "math.fabs",
        "math.floor",
        "math.isclose",
        "math.sqrt",
        "math.trunc",
        "max",
        "min",
        "range",
        "reversed",
        "round",
        "sorted",
        "sum",
        "zip",
    ]
}
"""Builtins that are a call of the same name: catalog name -> callee."""

METHODS: dict[str, str] = {
    f"{kind}.{method}": method
    for kind, methods in {
        "str": "capitalize casefold center count endswith find index isalnum isalpha isdigit islower isspace isupper "
        "join ljust lower lstrip removeprefix removesuffix replace rfind rjust rsplit rstrip split splitlines "
        "startswith strip swapcase title upper zfill",
        "list": "copy count index",
        "dict": "copy get items keys values",
    }.items()
    for method in methods.split()
}
"""Builtins that are a method of their first argument: catalog name -> method."""


@dataclass(frozen=True, slots=True)
class Template:
    """Words of its own for a builtin: `text` with a `{}` for each argument, how tightly it binds, and how tightly the
    arguments have to."""

    text: str
    level: int = PRIMARY
    arguments: int = PRIMARY


TEMPLATES: dict[str, Template] = {
    "datetime.timestamp": Template("datetime.fromisoformat({}).timestamp()", arguments=CONDITIONAL),
    "days": Template("{} * 86400.0", PRODUCT, PRODUCT),
    "divmod": Template("list(divmod({}, {}))", arguments=CONDITIONAL),
    "error.type": Template('{}["type"]'),
    "hours": Template("{} * 3600.0", PRODUCT, PRODUCT),
    "minutes": Template("{} * 60.0", PRODUCT, PRODUCT),
    "seconds": Template("float({})", arguments=CONDITIONAL),
    "sha256": Template("hashlib.sha256({}.encode()).hexdigest()"),
    "str.partition": Template("list({}.partition({}))"),
    "str.rpartition": Template("list({}.rpartition({}))"),
}
"""Builtins that are neither a function nor a method of Python."""


def enclosed(source: Source, level: int) -> str:
    """The text, in parentheses where it binds more loosely than `level`."""
    text, own = source
    return text if own >= level else f"({text})"
