"""The strings of the offline stand-in: sentences and phrases of the prompt, and texts of a given format."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from skyloom.adapters.llm.base import Json
from skyloom.adapters.llm.offline_text import Reading

NOTHING_TO_SAY = "The prompt holds no text."

_PHRASES = frozenset("title topic name keyword subject headline label tag category heading phrase term word".split())
_LONG = frozenset("summary text answer reply description body draft content paragraph abstract response letter".split())
_PHRASE_WORDS = 3


def string(reading: Reading, schema: dict[str, Json], name: str, stems: list[str], path: str, rank: int) -> str:
    """A string that fits the schema's format, pattern and lengths.

    Args:
        name: the field's name; it decides between a phrase and a sentence.
        stems: the stems of the field's name and title.
        rank: 0 for the likeliest answer, 1 for the next, and so on.
    """
    kind = schema.get("format") or schema.get("contentEncoding")
    make = _FORMATS.get(kind) if isinstance(kind, str) else None
    if make is not None:
        return make(reading, f"{path}#{rank}")
    shortest, longest = int(schema.get("minLength", 0)), schema.get("maxLength")
    if "pattern" in schema:
        from skyloom.adapters.llm.offline_patterns import matching

        return matching(reading, schema["pattern"], shortest, longest, f"{path}#{rank}")
    last = re.split(r"[_\W]", name.lower())[-1].removesuffix("s")
    labelled = reading.labelled(stems)
    if rank < len(labelled):
        text = fitted(labelled[rank], longest)
    elif last in _PHRASES:
        text = phrase(reading, 1 if last in ("keyword", "tag", "word", "term") else _PHRASE_WORDS, rank, longest)
    else:
        text = prose(reading, stems, sentences=2 if last in _LONG else 1, rank=rank, longest=longest)
    return _lengthened(text, shortest, longest)


def prose(
    reading: Reading, about: list[str], *, sentences: int, rank: int = 0, longest: int | None = None
) -> str:
    """The most central sentences of the text, in the order of the text; the next ones for a higher rank."""
    order = reading.central(about)
    start = rank * sentences if rank * sentences < len(order) else rank % max(1, len(order))
    chosen = sorted(order[start : start + sentences])
    return fitted(" ".join(reading.sentences[index].text for index in chosen) or NOTHING_TO_SAY, longest)


def phrase(reading: Reading, length: int, rank: int, longest: int | None) -> str:
    """The most frequent words of the text, as a phrase; the next ones for a higher rank."""
    chosen = reading.keywords[rank * length : (rank + 1) * length] or reading.keywords[:length]
    text = " ".join(chosen) or NOTHING_TO_SAY
    return fitted(text[:1].upper() + text[1:], longest)


def fitted(text: str, longest: int | None) -> str:
    """The text, cut after a word where it is longer than `longest` characters."""
    if longest is None or len(text) <= longest:
        return text
    cut = text[: max(0, longest)]
    whole = cut.rpartition(" ")[0]
    return whole if len(whole) * 2 > longest else cut


def _lengthened(text: str, shortest: int, longest: int | None) -> str:
    if len(text) >= shortest:
        return text
    repeated = f"{text} " * (shortest // (len(text) + 1) + 1)
    enough = repeated[: shortest if longest is None else min(longest, max(shortest, 0))]
    # A blank at the end is lost when the text is stripped.
    return enough[:-1] + "." if enough.endswith(" ") else enough


# --- formats ----------------------------------------------------------------------------------------------------


def _found(pattern: str, reading: Reading, check: Callable[[str], object]) -> str | None:
    for text in re.findall(pattern, reading.body):
        try:
            check(text)
        except ValueError:
            continue
        return str(text)
    return None


def _moment(reading: Reading, what: str) -> datetime:
    day = _found(r"(?<!\d)\d{4}-\d\d-\d\d(?!\d)", reading, date.fromisoformat)
    start = datetime.fromisoformat(day) if day else datetime(2024, 1, 1) + timedelta(int(reading.draw(what, "d") * 366))
    return start + timedelta(minutes=int(reading.draw(what, "m") * 1440))


def _hexadecimal(reading: Reading, what: str) -> str:
    return "".join(f"{int(reading.draw(what, part) * 16**8):08x}" for part in range(4))


def _uuid(version: int) -> Callable[[Reading, str], str]:
    def make(reading: Reading, what: str) -> str:
        digits = _hexadecimal(reading, what)
        return f"{digits[:8]}-{digits[8:12]}-{version}{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    return make


def _email(reading: Reading, what: str) -> str:
    found = re.search(r"[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,63}", reading.body)
    return found[0] if found else f"{_hexadecimal(reading, what)[:8]}@example.com"


def _url(reading: Reading, what: str) -> str:
    found = re.search(r"https?://[A-Za-z0-9.-]+(?:/[\w./-]*\w)?", reading.body)
    return found[0] if found else f"https://example.com/{_hexadecimal(reading, what)[:8]}"


_FORMATS: dict[str, Callable[[Reading, str], str]] = {
    "date": lambda reading, what: _moment(reading, what).date().isoformat(),
    "date-time": lambda reading, what: _moment(reading, what).isoformat() + "Z",
    "time": lambda reading, what: _moment(reading, what).time().isoformat(),
    "duration": lambda reading, what: f"PT{1 + int(reading.draw(what) * 59)}M",
    "uuid": _uuid(4),
    **{f"uuid{version}": _uuid(version) for version in range(1, 9)},
    "email": _email,
    "uri": _url,
    "ipv4": lambda reading, what: f"192.0.2.{int(reading.draw(what) * 256)}",
    "ipv6": lambda reading, what: f"2001:db8::{int(reading.draw(what) * 65536):x}",
    "base64": lambda reading, what: base64.b64encode(phrase(reading, 3, 0, None).encode("utf-8", "replace")).decode(),
    "json-string": lambda reading, what: "{}",
}
