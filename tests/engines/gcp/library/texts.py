"""The module text: https://cloud.google.com/workflows/docs/reference/stdlib/text/...; regular expressions are RE2's."""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus, unquote_plus

from engines.gcp.errors import Undocumented, Value, type_error, value_error
from engines.gcp.expressions.operators import type_name
from engines.gcp.library.function import Function, Surroundings


def text(name: str, *values: Value) -> None:
    """Refuses what is no text."""
    for value in values:
        if not isinstance(value, str):
            raise type_error(f"{name} takes a text, not {type_name(value)}")


def plain(name: str, value: str) -> None:
    """Whether positions count characters, UTF-16 or bytes is not documented: only where it is the same."""
    if not value.isascii():
        raise Undocumented(f"{name}: positions in a text that is not ASCII")


def find_all(around: Surroundings, source: Value, substr: Value) -> list[Value]:
    """Where a text occurs."""
    text("text.find_all", source, substr)
    plain("text.find_all", source)
    if not substr:
        raise Undocumented("text.find_all of an empty text")
    return [{"index": match.start(), "match": substr} for match in re.finditer(re.escape(substr), source)]


def find_all_regex(around: Surroundings, source: Value, regexp: Value) -> list[Value]:
    """Where a regular expression matches; of matches that start at the same place, the longest."""
    text("text.find_all_regex", source, regexp)
    plain("text.find_all_regex", source)
    found = list(pattern(regexp).finditer(source))
    if any(match.start() == match.end() for match in found):
        raise Undocumented("text.find_all_regex with empty matches")
    return [{"index": match.start(), "match": match.group()} for match in found]


def match_regex(around: Surroundings, source: Value, regexp: Value) -> bool:
    """Whether a regular expression matches somewhere."""
    text("text.match_regex", source, regexp)
    return pattern(regexp).search(source) is not None


def pattern(regexp: str) -> re.Pattern[str]:
    """An RE2 expression of the part that Python reads in the same way. RE2's `$` is the end of the text only, Python's
    also stands in front of the end of its last line."""
    if re.search(r"\(\?|\\[0-9pPQEzAZCXB]|[*+?}][?+]|\[\[:", regexp):
        raise Undocumented(f"the regular expression {regexp}: outside of what the tests' interpreter reads as RE2 does")
    alternatives = regexp.split("|")
    if any(one != other and other.startswith(one) for one in alternatives for other in alternatives):
        raise Undocumented(f"the regular expression {regexp}: an alternative that begins another")
    try:
        return re.compile(re.sub(r"(\\.|\[(?:\\.|[^\]\\])*\])|\$", lambda part: part[1] or r"\Z", regexp), re.ASCII)
    except re.error as problem:
        raise value_error(f"no regular expression: {problem}") from None


def replace_all(around: Surroundings, source: Value, substr: Value, repl: Value) -> str:
    """Replaces a text everywhere."""
    text("text.replace_all", source, substr, repl)
    if not substr:
        raise Undocumented("text.replace_all of an empty text")
    return str(source.replace(substr, repl))


def replace_all_regex(around: Surroundings, source: Value, regexp: Value, repl: Value) -> str:
    """Replaces what a regular expression matches."""
    text("text.replace_all_regex", source, regexp, repl)
    if re.search(r"[\\$]", repl):
        raise Undocumented(f"text.replace_all_regex with {repl!r}: references to groups")
    return pattern(regexp).sub(lambda match: repl, source)


def split(around: Surroundings, source: Value, separator: Value) -> list[str]:
    """The parts of a text between separators."""
    text("text.split", source, separator)
    if not separator or not source:
        raise Undocumented("text.split of or with an empty text")
    return list(source.split(separator))


def substring(around: Surroundings, source: Value, start: Value, end: Value) -> str:
    """A part of a text, without the character at `end`."""
    text("text.substring", source)
    for place in (start, end):
        if not isinstance(place, int) or isinstance(place, bool):
            raise type_error(f"text.substring takes integers, not {type_name(place)}")
    plain("text.substring", source)
    if not 0 <= start <= end <= len(source):
        raise Undocumented(f"text.substring from {start} to {end} of {len(source)} characters")
    return str(source[start:end])


def to_lower(around: Surroundings, source: Value) -> str:
    """All letters in lower case, one by one."""
    text("text.to_lower", source)
    return "".join(one_letter(letter, letter.lower()) for letter in source)


def to_upper(around: Surroundings, source: Value) -> str:
    """All letters in upper case, one by one."""
    text("text.to_upper", source)
    return "".join(one_letter(letter, letter.upper()) for letter in source)


def one_letter(letter: str, other: str) -> str:
    """Refuses letters that become more than one: Unicode has more than one mapping for them."""
    if len(other) != 1:
        raise Undocumented(f"the case of {letter!r}")
    return other


def url_encode(around: Surroundings, source: Value) -> str:
    """Reserved characters, spaces too, percent-encoded."""
    text("text.url_encode", source)
    return quote(source, safe="")


def url_encode_plus(around: Surroundings, source: Value) -> str:
    """Reserved characters percent-encoded, spaces as pluses."""
    text("text.url_encode_plus", source)
    return quote_plus(source, safe="")


def url_decode(around: Surroundings, source: Value) -> str:
    """Pluses and percent-escapes resolved."""
    text("text.url_decode", source)
    if re.search(r"%(?![0-9A-Fa-f]{2})", source):
        raise value_error(f"no percent-encoding: {source}")
    return unquote_plus(source, errors="strict")


def decode(around: Surroundings, data: Value, charset: Value) -> str:
    """Bytes as text."""
    if not isinstance(data, bytes):
        raise type_error(f"text.decode takes bytes, not {type_name(data)}")
    utf8(charset)
    try:
        return data.decode()
    except UnicodeDecodeError as problem:
        raise value_error(str(problem)) from None


def encode(around: Surroundings, data: Value, charset: Value) -> bytes:
    """A text as bytes."""
    text("text.encode", data)
    utf8(charset)
    return str(data).encode()


def utf8(charset: Value) -> None:
    """Other character sets are left out."""
    if charset not in (None, "UTF-8"):
        raise Undocumented(f"the character set {charset}")


FUNCTIONS: dict[str, Function] = {
    "text.decode": Function(("data", "charset"), 1, decode, "text/decode"),
    "text.encode": Function(("data", "charset"), 1, encode, "text/encode"),
    "text.find_all": Function(("source", "substr"), 2, find_all, "text/find_all"),
    "text.find_all_regex": Function(("source", "regexp"), 2, find_all_regex, "text/find_all_regex"),
    "text.match_regex": Function(("source", "regexp"), 2, match_regex, "text/match_regex"),
    "text.replace_all": Function(("source", "substr", "repl"), 3, replace_all, "text/replace_all"),
    "text.replace_all_regex": Function(("source", "regexp", "repl"), 3, replace_all_regex, "text/replace_all_regex"),
    "text.split": Function(("source", "separator"), 2, split, "text/split"),
    "text.substring": Function(("source", "start", "end"), 3, substring, "text/substring"),
    "text.to_lower": Function(("source",), 1, to_lower, "text/to_lower"),
    "text.to_upper": Function(("source",), 1, to_upper, "text/to_upper"),
    "text.url_decode": Function(("source",), 1, url_decode, "text/url_decode"),
    "text.url_encode": Function(("source",), 1, url_encode, "text/url_encode"),
    "text.url_encode_plus": Function(("source",), 1, url_encode_plus, "text/url_encode_plus"),
}
