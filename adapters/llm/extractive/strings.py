"""Strings for a JSON Schema: extracts of the text by the field's name, values of known formats, patterns."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from datetime import date, datetime, time

from skyloom.adapters.llm.base import Json
from skyloom.adapters.llm.extractive.lexicon import LONG_FIELDS, SHORT_FIELDS, SUMMARY_FIELDS
from skyloom.adapters.llm.extractive.passage import Passage, name_words
from skyloom.adapters.llm.extractive.patterns import text_for_pattern
from skyloom.adapters.llm.extractive.place import Place
from skyloom.adapters.llm.extractive.seed import Seed

NOTHING_TO_SAY = "nothing was given"
"""The answer to an empty text."""

_TOKEN_LIMIT, _LONGEST_TOKEN = 500, 64
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def string(schema: dict[str, Json], place: Place, passage: Passage, seed: Seed) -> str:
    """A string that fits the schema's format, pattern and length."""
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength")

    def fits(text: str) -> bool:
        return len(text) >= shortest and (longest is None or len(text) <= longest)

    encoded = schema.get("contentEncoding") == "base64"
    make = FORMATS.get("binary" if encoded else schema.get("format", ""))
    if make is not None:
        return make(place, passage, seed)
    named = FORMATS.get(NAMED_FORMATS.get(place.name.lower(), "")) if "pattern" not in schema else None
    if isinstance(named, Found):
        value = named.search(place, passage)
        if value is not None and fits(value):
            return value
    if "pattern" in schema:
        tokens = [t.strip(".,;:!?()\"'") for t in passage.text.split(maxsplit=_TOKEN_LIMIT)[:_TOKEN_LIMIT]]
        words = [token for token in dict.fromkeys(tokens) if len(token) <= _LONGEST_TOKEN]
        found = text_for_pattern(schema["pattern"], words[place.rank :], fits, seed, f"{place.path}#{place.rank}")
        if found is not None:
            return found
    return fitted(extract(place, passage, seed), shortest, longest)


def extract(place: Place, passage: Passage, seed: Seed) -> str:
    """What the text says for a field of this name: a labelled value, a key phrase, or its most central sentences."""
    names = name_words(place.name)
    label = passage.labels.get(" ".join(names))
    if label and place.rank == 0:
        return label
    last = names[-1] if names else ""
    if _among(last, SHORT_FIELDS):
        phrase = _ranked(passage.phrases or passage.sentences, place, seed)
        return phrase[:1].upper() + phrase[1:] if last in ("title", "heading", "headline", "subject") else phrase
    if place.rank == 0 and last in SUMMARY_FIELDS:
        return " ".join(passage.central(2)) or NOTHING_TO_SAY
    if place.rank == 0 and last in LONG_FIELDS:
        return " ".join(passage.central(3)) or NOTHING_TO_SAY
    return _ranked([passage.sentences[index] for index in passage.ranked], place, seed)


def available(place: Place, passage: Passage) -> int:
    """How many different extracts the text has for elements of a field of this name, at least 1."""
    names = name_words(place.name)
    short = bool(names) and _among(names[-1], SHORT_FIELDS)
    return max(1, len((passage.phrases if short else None) or passage.sentences))


def _among(word: str, names: frozenset[str]) -> bool:
    return word in names or word.removesuffix("s") in names


def _ranked(choices: list[str], place: Place, seed: Seed) -> str:
    if place.rank < len(choices):
        return choices[place.rank]
    if place.rank == 0:
        return NOTHING_TO_SAY
    return _letters(seed, f"{place.path}#{place.rank}", 8)


def _letters(seed: Seed, place: str, count: int) -> str:
    number = seed.number(place, len(_ALPHABET) ** count)
    letters = []
    for _ in range(count):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return "".join(letters)


def fitted(text: str, shortest: int, longest: int | None) -> str:
    """`text` cut at a word, or repeated, so that its length lies between the bounds (characters)."""
    if longest is not None and len(text) > longest:
        head = text[:longest]
        cut = head.rpartition(" ")[0] if text[longest] != " " else head
        text = cut.rstrip(" ,;:") or head
        if len(text) < shortest:
            text = head
    while len(text) < shortest:
        text = f"{text} {text or NOTHING_TO_SAY}".strip()[: longest or None]
        text = text if len(text) >= shortest or text[-1:] != " " else text + "."
    return text[:longest] if longest is not None else text


# --- formats ----------------------------------------------------------------------------------------------------

Format = Callable[[Place, Passage, Seed], str]


class Found:
    """A format whose values are looked for in the text, and made up where there is none."""

    def __init__(self, pattern: str, valid: Callable[[str], object], made: Callable[[Place, Seed], str]) -> None:
        self._expression = re.compile(pattern)
        self._valid = valid
        self._made = made

    def __call__(self, place: Place, passage: Passage, seed: Seed) -> str:
        found = self.search(place, passage)
        return self._made(place, seed) if found is None else found

    def search(self, place: Place, passage: Passage) -> str | None:
        """The distinct value number `place.rank` of the text, if it has so many."""
        choices: dict[str, None] = {}
        for match in self._expression.finditer(passage.text):
            try:
                self._valid(match[0])
            except ValueError:
                continue
            choices[match[0]] = None
            if len(choices) > place.rank:
                return match[0]
        return None


def _date(place: Place, seed: Seed) -> str:
    return date.fromordinal(date(2024, 1, 1).toordinal() + _day(place, seed)).isoformat()


def _day(place: Place, seed: Seed) -> int:
    return (seed.number(f"{place.path}:day", 366) + place.rank) % 366


def _time(place: Place, seed: Seed) -> str:
    minute = seed.number(f"{place.path}:minute", 1440)
    return f"{minute // 60:02}:{minute % 60:02}:{place.rank % 60:02}Z"


def _uuid(place: Place, seed: Seed) -> str:
    digits = seed.hexadecimal(f"{place.path}#{place.rank}", 32)
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def _word(place: Place, seed: Seed) -> str:
    return _letters(seed, f"{place.path}#{place.rank}", 8)


def _any(text: str) -> str:
    return text


def _binary(place: Place, passage: Passage, seed: Seed) -> str:
    return b64encode(extract(place, passage, seed)[:300].encode()).decode()


def _byte(place: Place, seed: Seed) -> int:
    return (seed.number(place.path, 250) + place.rank) % 250 + 1


_DATE = r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)"
_CLOCK = r"(?<!\d)\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})"
_URL = r"https?://[A-Za-z0-9.-]+\.[a-z]{2,}(?::\d+)?(?:/[A-Za-z0-9._~/?#=&%+-]*[A-Za-z0-9/])?"

FORMATS: dict[str, Format] = {
    "date": Found(_DATE, date.fromisoformat, _date),
    "date-time": Found(
        rf"{_DATE}T\d{{2}}:\d{{2}}:\d{{2}}(?:\.\d{{1,6}})?(?:Z|[+-]\d{{2}}:\d{{2}})",
        datetime.fromisoformat,
        lambda place, seed: f"{_date(place, seed)}T{_time(place, seed)}",
    ),
    "time": Found(rf"{_CLOCK}", time.fromisoformat, _time),
    "duration": lambda place, passage, seed: f"PT{seed.number(place.path, 59) + 1 + place.rank}M",
    "uuid": Found(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", _any, _uuid),
    "email": Found(
        r"\b[A-Za-z0-9_+-]{1,64}(?:\.[A-Za-z0-9_+-]{1,64}){0,4}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,}\b",
        _any,
        lambda place, seed: f"{_word(place, seed)}@example.com",
    ),
    "uri": Found(_URL, _any, lambda place, seed: f"https://example.com/{_word(place, seed)}"),
    "hostname": lambda place, passage, seed: f"{_word(place, seed)}.example.com",
    "ipv4": lambda place, passage, seed: f"192.0.2.{_byte(place, seed)}",
    "ipv6": lambda place, passage, seed: f"2001:db8::{_byte(place, seed):x}",
    "binary": _binary,
    "json-string": lambda place, passage, seed: "{}",
}
"""How a value of each known `format` is found or made up; other formats are text."""

NAMED_FORMATS = {
    "email": "email",
    "mail": "email",
    "url": "uri",
    "link": "uri",
    "website": "uri",
    "date": "date",
    "uuid": "uuid",
}
"""Names of plain string fields that are looked for in the text like a format."""
