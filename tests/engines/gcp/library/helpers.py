"""The expression helpers, and the modules base64, hash, list, map, math, sys, uuid.

https://cloud.google.com/workflows/docs/reference/stdlib/expression-helpers and the page of each function.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import math
import re

from engines.gcp.errors import Undocumented, Value, type_error, value_error
from engines.gcp.expressions.numbers import certain, integer, is_number, spelled
from engines.gcp.expressions.operators import type_name
from engines.gcp.library.function import Function, Surroundings
from engines.gcp.library.order import scrambled

HASHES = ("MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512")


def default(around: Surroundings, value: Value, other: Value) -> Value:
    """`value`, or `other` when it is null."""
    return other if value is None else value


def choose(around: Surroundings, condition: Value, yes: Value, no: Value) -> Value:
    """`if(condition, yes, no)`; both are evaluated."""
    if not isinstance(condition, bool):
        raise type_error(f"if() takes a boolean, not {type_name(condition)}")
    return yes if condition else no


def length(around: Surroundings, value: Value) -> int:
    """`len`: elements, entries or characters."""
    if isinstance(value, str) and any(ord(sign) > 0xFFFF for sign in value):
        raise Undocumented("len() of a text with characters beyond U+FFFF")
    if not isinstance(value, str | list | dict):
        raise type_error(f"len() of {type_name(value)}")
    return len(value)


def keys(around: Surroundings, value: Value) -> list[str]:
    """The keys of a map, in no order that is documented: here in one that nobody expects."""
    return scrambled(mapping("keys", value))


def to_int(around: Surroundings, value: Value) -> int:
    """An integer of a text or a double; which way fractions are cut is not documented."""
    if isinstance(value, str):
        if re.fullmatch(r"-?(0|[1-9][0-9]*)", value):
            return integer(int(value), f"int({value!r})")
        if re.search(r"[0-9]", value):
            raise Undocumented(f"int({value!r})")
        raise value_error(f"not an integer: {value!r}")
    if isinstance(value, float):
        if value != math.floor(value):
            raise Undocumented(f"int({value}): how a fraction is cut")
        return integer(int(value), f"int({value})")
    raise unfit("int", value)


def to_double(around: Surroundings, value: Value) -> float:
    """A double of a text or an integer."""
    if isinstance(value, str):
        if re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", value):
            return float(value)
        if re.search(r"[0-9]|inf|nan", value.lower()):
            raise Undocumented(f"double({value!r})")
        raise value_error(f"not a number: {value!r}")
    if isinstance(value, int) and not isinstance(value, bool) and float(value) == value:
        return float(value)
    raise unfit("double", value)


def to_string(around: Surroundings, value: Value) -> str:
    """A text of an integer or double; how booleans are written is not documented."""
    if is_number(value):
        return spelled(value, f"string({value})")
    raise unfit("string", value)


def unfit(name: str, value: Value) -> Exception:
    """What happens to an argument of a type that a conversion does not name."""
    if isinstance(value, dict | list):
        return type_error(f"{name}() of {type_name(value)}")
    return Undocumented(f"{name}() of {type_name(value)} {value!r}")


def get_type(around: Surroundings, value: Value) -> str:
    """The name of a value's type."""
    return type_name(certain(value, "get_type()"))


def listed(name: str, value: Value) -> list[Value]:
    """A list, or the error for something else."""
    if not isinstance(value, list):
        raise type_error(f"{name} takes a list, not {type_name(value)}")
    return value


def mapping(name: str, value: Value) -> dict[str, Value]:
    """A map, or the error for something else."""
    if not isinstance(value, dict):
        raise type_error(f"{name} takes a map, not {type_name(value)}")
    return value


def concat(around: Surroundings, objs: Value, val: Value) -> list[Value]:
    """A copy with one element more at the end."""
    return [*listed("list.concat", objs), val]


def prepend(around: Surroundings, objs: Value, val: Value) -> list[Value]:
    """A copy with one element more at the beginning."""
    return [val, *listed("list.prepend", objs)]


def map_get(around: Surroundings, value: Value, found: Value) -> Value:
    """What stands under a key, or a path of keys; null when there is none, or no map on the way."""
    path = found if isinstance(found, list) else [found]
    if not all(isinstance(key, str) for key in path):
        raise type_error("the key is not a string or a list of strings")
    if not path:
        raise Undocumented("map.get() with no keys")
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def map_delete(around: Surroundings, value: Value, key: Value) -> dict[str, Value]:
    """A copy without a key, also when there is none."""
    mapping("map.delete", value)
    if not isinstance(key, str):
        raise type_error(f"map.delete takes a text as key, not {type_name(key)}")
    return {name: item for name, item in value.items() if name != key}


def merge(around: Surroundings, first: Value, second: Value) -> dict[str, Value]:
    """A copy of the first map with the items of the second added."""
    return mapping("map.merge", first) | mapping("map.merge", second)


def merge_nested(around: Surroundings, first: Value, second: Value) -> dict[str, Value]:
    """A copy of the first map with the items of the second added, also inside."""
    merged = dict(mapping("map.merge_nested", first))
    for key, item in mapping("map.merge_nested", second).items():
        both = isinstance(item, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge_nested(around, merged[key], item) if both else item
    return merged


def number(name: str, value: Value) -> Value:
    """A number, or the error for something else."""
    if not is_number(value):
        raise type_error(f"{name} takes a number, not {type_name(value)}")
    return value


def absolute(around: Surroundings, x: Value) -> Value:
    """`math.abs`."""
    found = abs(number("math.abs", x))
    return integer(found, "math.abs") if isinstance(x, int) else type(x)(found)


def floor(around: Surroundings, x: Value) -> int:
    """`math.floor`."""
    return integer(math.floor(number("math.floor", x)), "math.floor")


def largest(around: Surroundings, x: Value, y: Value) -> Value:
    """`math.max`."""
    return max(alike("math.max", x, y))


def smallest(around: Surroundings, x: Value, y: Value) -> Value:
    """`math.min`."""
    return min(alike("math.min", x, y))


def alike(name: str, x: Value, y: Value) -> tuple[Value, Value]:
    """Two numbers of one type: which type the result of others has is not documented."""
    number(name, x), number(name, y)
    if isinstance(x, int) != isinstance(y, int) and x == y:
        raise Undocumented(f"{name} of an integer and an equal double")
    return x, y


def encode(around: Surroundings, data: Value) -> str:
    """`base64.encode`."""
    if not isinstance(data, bytes):
        raise type_error(f"base64.encode takes bytes, not {type_name(data)}")
    return base64.b64encode(data).decode()


def decode(around: Surroundings, data: Value) -> bytes:
    """`base64.decode`."""
    if not isinstance(data, str):
        raise type_error(f"base64.decode takes a text, not {type_name(data)}")
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as problem:
        raise value_error(f"no Base64: {problem}") from None


def octets(name: str, value: Value) -> bytes:
    """Bytes to compute a hash of."""
    if not isinstance(value, bytes):
        raise type_error(f"{name} takes bytes, not {type_name(value)}")
    return value


def algorithm(value: Value) -> str:
    """A hashing algorithm, as `hashlib` calls it."""
    if value not in HASHES:
        raise value_error(f"no algorithm: {value}")
    return str(value).lower()


def checksum(around: Surroundings, data: Value, name: Value) -> bytes:
    """`hash.compute_checksum`."""
    return hashlib.new(algorithm(name), octets("hash.compute_checksum", data)).digest()


def keyed(around: Surroundings, key: Value, data: Value, name: Value) -> bytes:
    """`hash.compute_hmac`."""
    found = hmac.new(octets("hash.compute_hmac", key), octets("hash.compute_hmac", data), algorithm(name))
    return found.digest()


def get_env(around: Surroundings, name: Value, default: Value) -> Value:
    """`sys.get_env`."""
    if not isinstance(name, str) or not isinstance(default, str | None):
        raise type_error("sys.get_env takes texts")
    found = around.environment(name)
    if found is None and default is None:
        raise Undocumented(f"the environment variable {name}, which is not set, without a default")
    return default if found is None else found


def now(around: Surroundings) -> float:
    """`sys.now`."""
    return around.now()


def new_id(around: Surroundings) -> str:
    """`uuid.generate`."""
    return around.new_id()


FUNCTIONS: dict[str, Function] = {
    "default": Function(("val", "defaultVal"), 2, default, "expression-helpers"),
    "if": Function(("condition", "ifTrue", "ifFalse"), 3, choose, "expression-helpers"),
    "len": Function(("value",), 1, length, "expression-helpers"),
    "keys": Function(("map",), 1, keys, "expression-helpers"),
    "int": Function(("value",), 1, to_int, "expression-helpers"),
    "double": Function(("value",), 1, to_double, "expression-helpers"),
    "string": Function(("value",), 1, to_string, "expression-helpers"),
    "get_type": Function(("arg",), 1, get_type, "expression-helpers"),
    "list.concat": Function(("objs", "val"), 2, concat, "list/concat"),
    "list.prepend": Function(("objs", "val"), 2, prepend, "list/prepend"),
    "map.get": Function(("map", "keys"), 2, map_get, "map/get"),
    "map.delete": Function(("map", "key"), 2, map_delete, "map/delete"),
    "map.merge": Function(("first", "second"), 2, merge, "map/merge"),
    "map.merge_nested": Function(("first", "second"), 2, merge_nested, "map/merge_nested"),
    "math.abs": Function(("x",), 1, absolute, "math/abs"),
    "math.floor": Function(("x",), 1, floor, "math/floor"),
    "math.max": Function(("x", "y"), 2, largest, "math/max"),
    "math.min": Function(("x", "y"), 2, smallest, "math/min"),
    "base64.encode": Function(("data",), 1, encode, "base64/encode"),
    "base64.decode": Function(("data",), 1, decode, "base64/decode"),
    "hash.compute_checksum": Function(("data", "algorithm"), 2, checksum, "hash/compute_checksum"),
    "hash.compute_hmac": Function(("key", "data", "algorithm"), 3, keyed, "hash/compute_hmac"),
    "sys.get_env": Function(("name", "default"), 1, get_env, "sys/get_env"),
    "sys.now": Function((), 0, now, "sys/now"),
    "uuid.generate": Function((), 0, new_id, "uuid/generate"),
}
