"""What passes rewrite: neighbours that one evaluation does for, what is the same in every round, what nobody reads."""

from __future__ import annotations

from skyloom.conformance.case import Case, call, case
from skyloom.flows import flow, task


@task
def put(text: str) -> str:
    return text


@task
def size(text: str) -> int:
    return len(text)


@flow
def neighbours(words: list[str]) -> list[str]:
    upper = [word.upper() for word in words]
    short = [word for word in upper if len(word) < 4]
    text = ", ".join(f"{word}!" for word in short)
    return [put(text), *upper]


@flow
def neighbours_in_a_loop(words: list[str], rounds: int) -> list[str]:
    said: list[str] = []
    for number in range(rounds):
        longer = sorted(word * (number + 1) for word in words)
        text = "/".join(word for word in longer if word)
        said.append(put(text))
    return said


@flow
def second_raises(words: list[str], at: int) -> str:
    upper = [word.upper() for word in words]
    text = "".join(word[at] for word in upper)
    return put(text)


@flow
def handler_reads_the_first(words: list[str], at: int) -> list[str]:
    upper = list(words)
    try:
        upper = [word.upper() for word in words]
        text = "".join(word[at] for word in upper)
        put(text)
    except IndexError:
        return [*upper, "too short"]
    return upper


@flow
def same_in_every_round(price: float, words: list[str]) -> list[str]:
    said: list[str] = []
    for word in words:
        said.append(put(f"{price:.2f} EUR"))
        said.append(word)
    return said


@flow
def same_for_every_item(price: float, words: list[str]) -> list[int]:
    return [size(f"{price:.2f} EUR") for _ in words]


@flow
def narrowed_in_the_round(price: float | None, words: list[str]) -> list[str]:
    said: list[str] = []
    for word in words:
        if price is not None:
            said.append(put(f"{price:.2f} {word}"))
            said.append(put(f"{price:.1f}"))
    return said


@flow
def nobody_reads(words: list[str], flag: bool) -> str:
    kept = ""
    try:
        other = [word.upper() for word in words]
        kept = put("a")
        kept = f"{kept}{len(words)}"
    finally:
        other = []
        if flag:
            other.append("b")
    for word in words:
        last = word  # noqa: F841 - that is what it is about
    return kept


@flow
def doubled_in_no_round(number: int, words: list[str]) -> list[str]:
    said: list[str] = []
    for word in words:
        twice = [number + number for _ in range(2)]
        said.append(put(f"{len(twice)}{word}"))
    return said


CASES: list[Case] = [
    case(doubled_in_no_round, {"number": 2**53, "words": []}, result=[], calls=[]),
    case(
        neighbours,
        {"words": ["a", "long", "bc"]},
        result=["A!, BC!", "A", "LONG", "BC"],
        calls=[call("put", text="A!, BC!")],
    ),
    case(neighbours, {"words": []}, name="none", result=[""], calls=[call("put", text="")]),
    case(neighbours_in_a_loop, {"words": ["b", "", "a"], "rounds": 2}, result=["a/b", "aa/bb"]),
    case(neighbours_in_a_loop, {"words": ["b"], "rounds": 0}, name="no-round", result=[], calls=[]),
    case(second_raises, {"words": ["ab", "cd"], "at": 1}, result="BD"),
    case(
        second_raises,
        {"words": ["ab", "c"], "at": 1},
        name="raises",
        error=("IndexError", "string index out of range"),
        calls=[],
    ),
    case(handler_reads_the_first, {"words": ["ab", "c"], "at": 1}, result=["AB", "C", "too short"], calls=[]),
    case(
        handler_reads_the_first, {"words": ["ab"], "at": 1}, name="fine", result=["AB"], calls=[call("put", text="B")]
    ),
    case(
        same_in_every_round,
        {"price": 2.5, "words": ["x", "y"]},
        result=["2.50 EUR", "x", "2.50 EUR", "y"],
        calls=[call("put", text="2.50 EUR"), call("put", text="2.50 EUR")],
    ),
    case(same_in_every_round, {"price": 2.5, "words": []}, name="no-round", result=[], calls=[]),
    case(same_for_every_item, {"price": 12.25, "words": ["x", "y", "z"]}, result=[9, 9, 9], concurrent=True),
    case(same_for_every_item, {"price": 12.25, "words": []}, name="no-item", result=[], calls=[]),
    case(narrowed_in_the_round, {"price": None, "words": ["x"]}, result=[], calls=[]),
    case(narrowed_in_the_round, {"price": 1.25, "words": ["x"]}, name="there", result=["1.25 x", "1.2"]),
    case(nobody_reads, {"words": ["x", "y"], "flag": True}, result="a2", calls=[call("put", text="a")]),
]
