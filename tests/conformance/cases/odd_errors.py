"""Exceptions that are easily lost on the way: those that Python itself uses, and those without a text."""

from __future__ import annotations

from skyloom.conformance.case import call, case
from skyloom.flows import Retry, TaskFailed, flow, parallel, task


class Last(StopIteration):
    pass


class NoText(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


class WrongText(Exception):
    def __str__(self) -> str:
        return 5  # type: ignore[return-value]  # what this is about


class Grouped(Exception):
    def __init__(self, code: int) -> None:
        self.code = code


@task
def stop(text: str) -> int:
    raise StopIteration(text)


@task
def first(values: list[int]) -> int:
    return next(iter(values))


@task
async def stop_later(text: str) -> int:
    raise StopIteration(text)


@task(retry=Retry(attempts=2, delay=0.01, jitter=0, on=StopIteration))
def stop_twice(text: str) -> int:
    raise Last(text)


@task
def generator_exit() -> int:
    raise StopAsyncIteration("over")


@task
def without_text() -> int:
    raise NoText("x")


@task
def with_wrong_text() -> int:
    raise WrongText("x")


@task
async def without_text_later() -> int:
    raise NoText("x")


@task
def own_init(code: int) -> int:
    raise Grouped(code)


@flow
def stops() -> int:
    return stop("done")


@flow
def nothing_is_first(values: list[int]) -> str:
    try:
        return str(first(values))
    except StopIteration as error:
        return f"{type(error).__name__}<{error}>"


@flow
def stops_in_a_loop() -> list[str]:
    seen: list[str] = []
    for text in ["a", "b"]:
        try:
            stop(text)
        except Exception as error:
            seen.append(f"{error}")
        else:
            seen.append("none")
    for text in ["c", "d"]:
        stop(text)
        seen.append("not here")
    return seen


@flow
def stops_in_a_map(values: list[list[int]]) -> list[int]:
    return [first(some) for some in values]


@flow
def stops_in_a_branch() -> str:
    try:
        a, b = parallel(first([1]), stop("branch"))
    except StopIteration as error:
        return f"{error}"
    return f"{a} {b}"


@flow
def stops_later() -> str:
    try:
        stop_later("done")
    except RuntimeError as error:
        # What Python makes of it.
        return f"{error}"
    return "none"


@flow
def stops_again() -> str:
    try:
        stop_twice("done")
    except StopIteration as error:
        return f"{type(error).__name__} {error}"
    return "none"


@flow
def stops_asynchronously() -> str:
    try:
        generator_exit()
    except StopAsyncIteration as error:
        return f"{error}"
    return "none"


@flow
def no_text() -> int:
    return without_text()


@flow
def no_text_caught(kind: str) -> str:
    try:
        if kind == "wrong":
            with_wrong_text()
        elif kind == "later":
            without_text_later()
        else:
            without_text()
    except NoText:
        return "no text"
    except TaskFailed as error:
        return f"{error}"
    return "none"


@flow
def empty_text() -> str:
    try:
        own_init(3)
    except Grouped as error:
        return f"{type(error).__name__}<{error}>"
    return "none"


CASES = [
    case(stops, error=("StopIteration", "done"), calls=[call("stop", text="done")]),
    case(nothing_is_first, {"values": []}, result="StopIteration<>"),
    case(nothing_is_first, {"values": [4]}, result="4", name="some"),
    case(stops_in_a_loop, error=("StopIteration", "c"), calls=[call("stop", text=text) for text in "abc"]),
    case(stops_in_a_map, {"values": [[1], [], [3]]}, error=("StopIteration", "")),
    case(stops_in_a_map, {"values": [[1], [3]]}, result=[1, 3], name="none"),
    case(stops_in_a_branch, result="branch", concurrent=True),
    case(stops_later, result="coroutine raised StopIteration"),
    case(stops_again, result="Last done", calls=[call("stop_twice", text="done")] * 2),
    case(stops_asynchronously, result="over"),
    case(no_text, error=("TaskFailed", "without_text raised NoText, and its text raises ValueError")),
    case(
        no_text_caught,
        {"kind": "sync"},
        result="without_text raised NoText, and its text raises ValueError",
        name="sync",
    ),
    case(
        no_text_caught,
        {"kind": "later"},
        result="without_text_later raised NoText, and its text raises ValueError",
        name="later",
    ),
    case(
        no_text_caught,
        {"kind": "wrong"},
        result="with_wrong_text raised WrongText, and its text raises TypeError",
        name="wrong",
    ),
    case(empty_text, result="Grouped<3>"),
]
