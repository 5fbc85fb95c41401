"""Values that are larger than what engines let a run carry: where the flow only hands them on, size does not matter."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from conformance.case import case
from pydantic import BaseModel

from skyloom.flows import flow, parallel, race, sleep, task

MANY = 600_000
"""Characters: more than a million bytes."""


class Page(BaseModel):
    number: int
    text: str


def text_of(letter: str, count: int) -> str:
    """A text that is longer in UTF-8 than it has characters."""
    return (letter + "äß€ ") * (count // 5)


def digest_of(text: str) -> str:
    return f"{len(text)} {sha256(text.encode()).hexdigest()[:12]}"


@task
def make(letter: str, count: int) -> str:
    return text_of(letter, count)


@task
def page(number: int, count: int) -> Page:
    return Page(number=number, text=text_of(str(number), count))


@task
def digest(text: str) -> str:
    return digest_of(text)


@task
def digest_of_what_came(text: str | None) -> str:
    return "nothing" if text is None else digest_of(text)


@task
def digests(texts: list[str]) -> list[str]:
    return [digest_of(text) for text in texts]


@task
def in_pages(pages: list[Page]) -> list[str]:
    return [f"{page.number} {digest_of(page.text)}" for page in pages]


@task
def inside(value: dict[str, Any]) -> list[str]:
    return [f"{key} {digest_of(text)}" for key, text in sorted(value.items())]


@task
def doubled(text: str) -> str:
    return text + text


@task
def words(count: int) -> list[str]:
    return ["word"] * count


@flow
def handed_on(count: int) -> list[str]:
    text = make("a", count)
    twice = doubled(text)
    return [digest(text), digest(twice)]


@flow
def chosen(count: int, first: bool) -> str:
    one, other = make("a", count), make("b", count)
    return digest(one if first else other)


@flow
def gathered(letters: list[str], count: int) -> list[str]:
    texts = [make(letter, count) for letter in letters]
    return digests(texts)


@flow
def collected(count: int) -> list[str]:
    pages: list[Page] = []
    for number in range(4):
        pages.append(page(number, count))
    return in_pages(pages)


@flow
def side_by_side(count: int) -> list[str]:
    one, other = parallel(make("a", count), make("b", count))
    return [digest(other), *inside({"one": one, "other": other})]


@flow
def quickest(count: int) -> str:
    return digest_of_what_came(race(make("a", count), sleep(20)))


@flow
def longer(text: str) -> str:
    return doubled(text)


@flow
def through_a_sub_flow(count: int) -> str:
    return digest(longer(make("a", count)))


@flow
def looked_into(count: int) -> int:
    found = words(count)
    return len(found) + len(digest(found[0]))


def _digests(letters: str, count: int) -> list[str]:
    return [digest_of(text_of(letter, count)) for letter in letters]


_DOUBLED = digest_of(text_of("a", MANY) * 2)

CASES = [
    case(handed_on, {"count": MANY}, result=[*_digests("a", MANY), _DOUBLED]),
    case(chosen, {"count": MANY, "first": False}, result=_digests("b", MANY)[0]),
    case(gathered, {"letters": [*"abcdefgh"], "count": 90_000}, result=_digests("abcdefgh", 90_000), concurrent=True),
    case(gathered, {"letters": [*"ab"], "count": 10}, result=_digests("ab", 10), concurrent=True, name="small"),
    case(collected, {"count": MANY}, result=[f"{n} {d}" for n, d in enumerate(_digests("0123", MANY))]),
    case(
        side_by_side,
        {"count": MANY},
        result=[
            _digests("b", MANY)[0],
            f"one {_digests('a', MANY)[0]}",
            f"other {_digests('b', MANY)[0]}",
        ],
        concurrent=True,
    ),
    case(quickest, {"count": MANY}, result=_digests("a", MANY)[0]),
    case(through_a_sub_flow, {"count": MANY}, result=_DOUBLED),
    case(looked_into, {"count": 1000}, result=1000 + 14),
]
