"""Values that are larger than what engines let a run carry: where the flow only hands them on, size does not matter."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from pydantic import BaseModel

from skyloom.conformance.case import case
from skyloom.flows import each, flow, parallel, race, sleep, task

MANY = 600_000
"""Characters: more than a million bytes."""

LONG = 120_000
"""Characters of the text of a part: in UTF-8, with all the part, more than 250,000 bytes."""
KEPT = 12_000
"""Characters of one that travels with a run."""


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


# --- in part ------------------------------------------------------------------------------------------------------


class Part(BaseModel):
    number: int
    words: int
    text: str
    lines: list[str]
    notes: dict[str, str]


class Book(BaseModel):
    title: str
    parts: list[Part]


class Summary(BaseModel):
    parts: int
    words: int
    digests: list[str]


class Extract(BaseModel):
    title: str
    text: str


def part_of(number: int, count: int) -> Part:
    letter = str(number)
    return Part(
        number=number,
        words=10 * number,
        text=text_of(letter, count),
        lines=[text_of(letter, count // 4), "end"],
        notes={"first": text_of("f", count // 4), "second": letter},
    )


def digest_of_part(part: Part) -> str:
    rest = [digest_of(line) for line in [*part.lines, *part.notes.values()]]
    return f"{part.number} {part.words} {digest_of(part.text)} {rest}"


@task
def one_part(number: int, count: int) -> Part:
    return part_of(number, count)


@task
def all_parts(numbers: list[int], count: int) -> list[Part]:
    return [part_of(number, count) for number in numbers]


@task
def whole_book(numbers: list[int], count: int) -> Book:
    return Book(title="book", parts=[part_of(number, count) for number in numbers])


@task
def of_part(part: Part) -> str:
    return digest_of_part(part)


@task
def of_parts(parts: list[Part]) -> list[str]:
    return [digest_of_part(part) for part in parts]


@task
def of_extract(extract: Extract) -> str:
    return f"{extract.title} {digest_of(extract.text)}"


@task
def many_lines(letter: str, count: int) -> list[str]:
    return [text_of(letter, 4_000) for _ in range(count)]


@task
def of_lists(lists: list[list[str]]) -> list[str]:
    return [f"{len(lines)} {digest_of(''.join(lines))}" for lines in lists]


@flow
def one_field_decides(number: int, count: int) -> str:
    part = one_part(number, count)
    if part.words > 15:
        return of_part(part)
    return f"{part.number} is short"


@flow
def mapped_parts(numbers: list[int], count: int) -> Summary:
    parts = all_parts(numbers, count)
    digests = [of_part(part) for part in each(parts, limit=2)]
    return Summary(parts=len(parts), words=sum(part.words for part in parts), digests=digests)


@flow
def mapped_long_parts(numbers: list[int], count: int) -> list[str]:
    parts = all_parts(numbers, count)
    return [of_part(part) for part in each(parts, limit=3) if part.words > 15]


@flow
def single_fields(count: int) -> list[str]:
    part = one_part(3, count)
    return [digest(part.text), *digests(part.lines), *inside(part.notes), digest(part.lines[0])]


@flow
def gone_through(numbers: list[int], count: int) -> list[str]:
    found: list[str] = []
    for position, part in enumerate(all_parts(numbers, count)):
        if part.number != 2:
            found.append(f"{position} {digest(part.text)}")
    return found


@flow
def selected(numbers: list[int], count: int) -> list[str]:
    parts = all_parts(numbers, count)
    long = [part for part in parts if part.words > 15]
    texts = [part.text for part in long]
    return [*of_parts(long), *digests(texts), *of_parts(parts[1:] + parts[:1])]


@flow
def inside_others(count: int) -> list[str]:
    book = whole_book([1, 2], count)
    named = {"first": book.parts[0], "last": book.parts[-1]}
    last = named["last"]
    return [book.title, of_part(last), *inside(named["first"].notes), str(last.words), *of_parts(book.parts)]


@flow
def put_into_containers(count: int) -> list[str]:
    kept: dict[str, Part] = {}
    for number in range(1, 4):
        part = one_part(number, count)
        if part.words != 20:
            kept[str(part.number)] = part
    lists: list[list[Part]] = []
    lists.append([kept["3"], kept["1"]])
    return [of_part(kept["3"]), *of_parts(lists[0]), str(len(kept))]


@flow
def made_of_parts(count: int, first: bool) -> list[str]:
    one, other = one_part(1, count), one_part(2, count)
    extract = Extract(title=f"part {one.number}", text=one.text if first else other.text)
    return [of_extract(extract), extract.title]


@flow
def part_of_number(number: int, count: int) -> Part:
    return one_part(number, count)


@flow
def read_behind_a_sub_flow(count: int) -> list[str]:
    part = part_of_number(4, count)
    won = race(one_part(5, count), sleep(20))
    words = 0 if won is None else won.words
    return [f"{part.number} {words}", of_part(part)]


class Measured(BaseModel):
    weight: float
    text: str


@task
def measured(weight: int, count: int) -> Measured:
    return Measured(weight=weight, text=text_of("m", count))


@flow
def number_beside_a_text(count: int) -> list[str]:
    found = measured(3, count)
    return [f"{found.weight}", digest(found.text)]


@flow
def given_back_whole(count: int) -> Part:
    part = one_part(6, count)
    of_part(part)
    return part


@flow
def field_given_back(count: int) -> str:
    part = one_part(7, count)
    of_part(part)
    return part.notes["first"]


@flow
def equal_parts(count: int) -> list[bool]:
    one, other, third = one_part(1, count), one_part(1, count), one_part(2, count)
    return [one == other, one == third, one.lines == other.lines, "end" in third.lines]


@flow
def lists_side_by_side(count: int) -> list[str]:
    one, other = parallel(many_lines("a", count), many_lines("b", count))
    return [*of_lists([one, other]), *of_lists([other]), *digests(one[:1])]


@flow
def gathered_lists(letters: list[str], count: int) -> list[str]:
    lists = [many_lines(letter, count) for letter in letters]
    return of_lists(lists)


def _digests(letters: str, count: int) -> list[str]:
    return [digest_of(text_of(letter, count)) for letter in letters]


def _parts(numbers: list[int], count: int) -> list[str]:
    return [digest_of_part(part_of(number, count)) for number in numbers]


def _lines(letters: str, count: int) -> list[str]:
    return [f"{count} {digest_of(text_of(letter, 4_000) * count)}" for letter in letters]


def _long_text(letter: str) -> str:
    return digest_of(text_of(letter, LONG))


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
    case(one_field_decides, {"number": 2, "count": LONG}, result=_parts([2], LONG)[0], name="handed_on"),
    case(one_field_decides, {"number": 1, "count": LONG}, result="1 is short", name="dropped"),
    case(
        mapped_parts,
        {"numbers": [1, 2, 3], "count": LONG},
        result={"parts": 3, "words": 60, "digests": _parts([1, 2, 3], LONG)},
        concurrent=True,
    ),
    case(mapped_long_parts, {"numbers": [1, 2, 3], "count": LONG}, result=_parts([2, 3], LONG), concurrent=True),
    case(
        single_fields,
        {"count": LONG},
        result=[
            _long_text("3"),
            digest_of(text_of("3", LONG // 4)),
            digest_of("end"),
            f"first {digest_of(text_of('f', LONG // 4))}",
            f"second {digest_of('3')}",
            digest_of(text_of("3", LONG // 4)),
        ],
    ),
    case(
        gone_through,
        {"numbers": [1, 2, 3], "count": LONG},
        result=[f"0 {_long_text('1')}", f"2 {_long_text('3')}"],
    ),
    case(
        selected,
        {"numbers": [1, 2, 3], "count": LONG},
        result=[*_parts([2, 3], LONG), _long_text("2"), _long_text("3"), *_parts([2, 3, 1], LONG)],
    ),
    case(
        inside_others,
        {"count": LONG},
        result=[
            "book",
            _parts([2], LONG)[0],
            f"first {digest_of(text_of('f', LONG // 4))}",
            f"second {digest_of('1')}",
            "20",
            *_parts([1, 2], LONG),
        ],
    ),
    case(put_into_containers, {"count": LONG}, result=[*_parts([3, 3, 1], LONG), "2"]),
    case(made_of_parts, {"count": LONG, "first": True}, result=[f"part 1 {_long_text('1')}", "part 1"], name="one"),
    case(made_of_parts, {"count": LONG, "first": False}, result=[f"part 1 {_long_text('2')}", "part 1"], name="other"),
    case(read_behind_a_sub_flow, {"count": LONG}, result=["4 50", _parts([4], LONG)[0]]),
    case(number_beside_a_text, {"count": LONG}, result=["3.0", _long_text("m")]),
    case(given_back_whole, {"count": KEPT}, result=part_of(6, KEPT).model_dump()),
    case(field_given_back, {"count": LONG}, result=text_of("f", LONG // 4)),
    case(equal_parts, {"count": KEPT}, result=[True, False, True, True]),
    case(
        lists_side_by_side,
        {"count": 8},
        result=[*_lines("ab", 8), *_lines("b", 8), digest_of(text_of("a", 4_000))],
        concurrent=True,
    ),
    case(gathered_lists, {"letters": [*"abc"], "count": 8}, result=_lines("abc", 8), concurrent=True),
    case(gathered_lists, {"letters": ["a"], "count": 8}, result=_lines("a", 8), concurrent=True, name="one"),
]
