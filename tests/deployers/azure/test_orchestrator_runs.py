"""Orchestrations at work: what runs at once, what is given up, what is tried again, what the extension is told."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engines.azure.host import DurableHost, Ended, Stuck
from engines.azure.orchestrating import compiled, error, host_of, program_of, value

from skyloom.adapters.hosts import durable_strands
from skyloom.adapters.hosts.durable_texts import error_of_run, result_of_run
from skyloom.deployers.azure.limits import STATUS

Json = Any
SEEDS = range(12)


@pytest.fixture
def source(tmp_path: Path) -> Callable[[str], str]:
    """The module of a flow `f`."""
    return lambda text: compiled(program_of(tmp_path, text)).source


def ended(host: DurableHost, given: Json, run: str = "r1") -> Ended:
    """How a run of `f` ended."""
    return host.run("f", given, run)


class Watch:
    """Sees which activities run at once."""

    def __init__(self) -> None:
        self.most = 0
        self.begun: list[Json] = []

    def __call__(self, host: DurableHost) -> None:
        commands = [one for instance in host.hub.instances.values() for one in instance.commands]
        calls = sum(one.action["actionType"] == 0 for one in commands)
        self.most = max(self.most, calls - len(host.hub.done))


# --- maps -------------------------------------------------------------------------------------------------------------

MAP = """
@flow
def f(ns: list[int]) -> list[int]:
    return [get(n) for n in each(ns, limit=3)]
"""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_map_keeps_its_slots_busy_and_no_more(source: Callable[[str], str], seed: int) -> None:
    watch = Watch()
    host = host_of(source(MAP), {"get": lambda call: value(call["arguments"]["n"] * 2)}, seed, watch=watch)
    end = ended(host, {"ns": list(range(20))})
    assert result_of_run(end.output) == [n * 2 for n in range(20)]
    assert watch.most == 3


def test_without_an_open_door_the_extension_waits_for_what_is_new(
    source: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extension awaits each action before it schedules the next one: an older task that ends first wakes nobody."""
    text = source("""
    @flow
    def f() -> list[int | None]:
        a, b = parallel(chain(), patient())
        return [a, b]

    @flow
    def chain() -> int:
        return get(get(get(1)))

    @flow
    def patient() -> None:
        get(7)
        sleep(days(1))
    """)
    answers = {"get": lambda call: value(call["arguments"]["n"] + 1)}
    done: list[float] = []

    def watch(host: DurableHost) -> None:
        calls = [one for one in host.hub.done if one.name == "get"]
        if len(calls) == 4 and not done:
            done.append(host.clock.now())

    def hours() -> set[bool]:
        found = set()
        for seed in SEEDS:
            done.clear()
            host = host_of(text, answers, seed, watch=watch)
            start = host.clock.now()
            ended(host, {})
            found.add(done[0] - start > 3600)
        return found

    assert hours() == {False}
    monkeypatch.setattr(durable_strands, "_any_of", lambda context, tasks: context.task_any(tasks))
    assert True in hours()


def test_what_goes_to_the_extension(source: Callable[[str], str]) -> None:
    host = host_of(source(MAP), {"get": lambda call: value(1)})
    end = ended(host, {"ns": [1, 2]})
    assert end.instance.commands[0].action["functionName"] == "get"
    payload = json.loads(json.loads(end.activities[0].payload))
    assert payload == {
        "task": "get",
        "arguments": {"n": payload["arguments"]["n"]},
        "context": {"run": "r1", "flow": "f", "step": payload["context"]["step"], "attempt": 1},
    }
    steps = {json.loads(json.loads(one.payload))["context"]["step"] for one in end.activities}
    assert steps == {"f/get_map[0]/get", "f/get_map[1]/get"}
    assert isinstance(end.output, str), "JSON text: the extension would read JSON itself again"
    assert end.custom_status == "done"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_error_in_order_counts(source: Callable[[str], str], seed: int) -> None:
    def get(call: Json) -> Json:
        n = call["arguments"]["n"]
        return value(n) if n < 5 else error(f"Error{n}", message=f"no {n}")

    end = ended(host_of(source(MAP), {"get": get}, seed), {"ns": list(range(12))})
    assert (end.status, end.custom_status) == ("Failed", "failed")
    assert error_of_run(end.error) == {"type": "Error5", "bases": ["Exception"], "message": "no 5"}
    assert len(end.activities) <= 9, "items behind the failed one are not begun"


# --- races and time ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_given_up_runs_no_finally_and_leaves_no_timer(source: Callable[[str], str], seed: int) -> None:
    text = source("""
    @flow
    def careful() -> int:
        try:
            sleep(minutes(5))
        finally:
            get(99)
        return 1

    @flow
    def f() -> int:
        return race(careful(), get(3))
    """)
    asked: list[int] = []

    def get(call: Json) -> Json:
        asked.append(call["arguments"]["n"])
        return value(call["arguments"]["n"])

    end = ended(host_of(text, {"get": get}, seed), {})
    assert (result_of_run(end.output), asked) == (3, [3])
    assert end.seconds < 300


def test_a_sleep_longer_than_a_timer_is_several(source: Callable[[str], str]) -> None:
    text = source("""
    @flow
    def f() -> str:
        sleep(days(20))
        return "awake"
    """)
    end = ended(host_of(text, {}), {})
    fires = [one.action["fireAt"] for one in end.instance.commands]
    assert [fire[:10] for fire in fires] == ["2026-01-07", "2026-01-13", "2026-01-19", "2026-01-21"]
    assert end.seconds == 20 * 86_400


@pytest.mark.parametrize("seed", SEEDS)
def test_a_flow_stops_when_its_time_is_over(source: Callable[[str], str], seed: int) -> None:
    text = source("""
    @flow(timeout=days(8))
    def slow() -> None:
        try:
            sleep(days(9))
        except FlowError:
            get(1)
        finally:
            get(2)

    @flow
    def f() -> str:
        try:
            slow()
        except FlowTimedOut as late:
            return str(late)
        return "in time"
    """)
    end = ended(host_of(text, {"get": lambda call: value(0)}, seed), {})
    assert result_of_run(end.output) == "slow ran longer than 691200 s"
    assert end.activities == []
    assert end.seconds == 8 * 86_400


# --- attempts ---------------------------------------------------------------------------------------------------------

FETCH = """
@flow
def f(n: int) -> list[int]:
    return fetch(n)
"""


def test_attempts_wait_longer_and_longer_by_chance_that_replays_know(source: Callable[[str], str]) -> None:
    attempts: list[int] = []

    def fetch(call: Json) -> Json:
        attempts.append(call["context"]["attempt"])
        return error("ConnectionError", "OSError") if len(attempts) % 4 else value([1])

    first = ended(host_of(source(FETCH), {"fetch": fetch}), {"n": 1})
    assert result_of_run(first.output) == [1]
    assert attempts == [1, 2, 3, 4]
    assert 2 + 4 + 8 < first.seconds < (2 + 4 + 8) * 1.5
    assert ended(host_of(source(FETCH), {"fetch": fetch}, 5), {"n": 1}).seconds == first.seconds
    assert ended(host_of(source(FETCH), {"fetch": fetch}), {"n": 1}, "r2").seconds != first.seconds


def test_what_the_policy_never_repeats(source: Callable[[str], str]) -> None:
    answers = {"fetch": lambda call: error("FileNotFoundError", "OSError", message="gone")}
    end = ended(host_of(source(FETCH), answers), {"n": 1})
    assert error_of_run(end.error)["message"] == "gone"
    assert len(end.activities) == 1


def test_a_failure_of_the_platform_is_repeated_whatever_the_policy_says(source: Callable[[str], str]) -> None:
    failures = [MemoryError("gone"), ConnectionError("gone")]

    def get(call: Json) -> Json:
        if failures:
            raise failures.pop()
        return value(call["context"]["attempt"])

    end = ended(host_of(source(MAP), {"get": get}), {"ns": [1]})
    assert (result_of_run(end.output), end.seconds) == ([1], 2 + 4)


def test_a_platform_that_stays_broken_is_a_failed_task(source: Callable[[str], str]) -> None:
    def get(call: Json) -> Json:
        raise MemoryError("no room")

    end = ended(host_of(source(MAP), {"get": get}), {"ns": [1]})
    found = error_of_run(end.error)
    assert (found["type"], found["bases"]) == ("TaskFailed", ["FlowError", "SkyloomError", "Exception"])
    assert found["message"].startswith("get: Activity function 'get' failed")
    assert end.seconds == 2 + 4 + 8 + 16 + 32


def test_a_function_that_the_host_ended_has_timed_out(source: Callable[[str], str]) -> None:
    def get(call: Json) -> Json:
        raise TimeoutError("Timeout value of 00:05:00 was exceeded by function: Functions.get")

    found = error_of_run(ended(host_of(source(MAP), {"get": get}), {"ns": [1]}).error)
    assert (found["type"], found["message"]) == ("TaskTimedOut", "get ran longer than 300 s")


# --- waits ------------------------------------------------------------------------------------------------------------

APPROVAL = """
@flow
def f(text: str) -> str:
    decision = approval(text, show={"total": 2.0}, timeout=hours(1))
    return f"{decision.approved} {decision.by}"
"""
YES = {"approved": True, "comment": "", "by": "ann", "answer": None}


@pytest.mark.parametrize("seed", SEEDS)
def test_an_answer_that_comes_at_once(source: Callable[[str], str], seed: int) -> None:
    """It may be there before the activity that opened the wait has answered."""
    asked: list[Json] = []

    def waits(call: Json) -> Json:
        asked.append(call)
        host.send(call["execution"], call["token"], {"value": YES})
        return {"id": "w1"}

    host = host_of(source(APPROVAL), {"skyloom_waits": waits}, seed)
    end = ended(host, {"text": "Send?"})
    assert result_of_run(end.output) == "True ann"
    (opened,) = asked
    assert len(opened.pop("token")) == 37
    assert opened == {
        "kind": "approval",
        "execution": "r1",
        "run": "r1",
        "flow": "f",
        "step": "f/approval",
        "message": "Send?",
        "show": {"total": 2},
        "timeout": 3600.0,
    }


@pytest.mark.parametrize(
    ("closed", "wanted"),
    [(None, None), ({"value": YES}, "True ann")],
    ids=["nobody", "in-the-last-moment"],
)
def test_the_time_is_over(source: Callable[[str], str], closed: Json, wanted: str | None) -> None:
    calls: list[Json] = []

    def waits(call: Json) -> Json:
        calls.append(call)
        return {"answer": closed} if call["kind"] == "close" else {"id": "w1"}

    end = ended(host_of(source(APPROVAL), {"skyloom_waits": waits}), {"text": "Send?"})
    assert [call["kind"] for call in calls] == ["approval", "close"]
    assert calls[0]["token"] == calls[1]["token"]
    assert end.seconds == 3600
    if wanted is None:
        assert error_of_run(end.error)["message"] == "nobody decided within 3600 s: Send?"
    else:
        assert result_of_run(end.output) == wanted


def test_a_wait_that_cannot_be_opened_fails(source: Callable[[str], str]) -> None:
    answers = {"skyloom_waits": lambda call: error("TaskFailed", "FlowError", message="nobody to ask")}
    end = ended(host_of(source(APPROVAL), answers), {"text": "Send?"})
    assert error_of_run(end.error)["message"] == "nobody to ask"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("broken", [False, True], ids=["closed", "not-closed"])
def test_a_wait_that_is_given_up_is_closed(source: Callable[[str], str], seed: int, broken: bool) -> None:
    """Whoever answers it later hears that nobody waits. Whether that could be done changes nothing of the run."""
    text = source("""
    @flow
    def ask(text: str) -> bool:
        try:
            return approval(text).approved
        finally:
            get(99)

    @flow
    def f() -> str:
        first = race(ask("Race?"), get(1))
        try:
            a, b = parallel(get(-1), ask("Send?"))
        except Broken as problem:
            return f"{first} {problem}"
        return "sent"
    """)
    calls: list[Json] = []

    def waits(call: Json) -> Json:
        calls.append(call)
        return error("TaskFailed", message="gone") if broken and call["kind"] == "close" else {"id": "w1"}

    def get(call: Json) -> Json:
        n = call["arguments"]["n"]
        return value(n) if n > 0 else error("Broken", message="no")

    end = ended(host_of(text, {"skyloom_waits": waits, "get": get}, seed), {})
    assert result_of_run(end.output) == "1 no"
    by_token: dict[str, list[str]] = {}
    for call in calls:
        by_token.setdefault(call["token"], []).append(call["kind"])
    assert list(by_token.values()) == [["approval", "close"]] * 2
    assert {call["step"] for call in calls} == {"f/race.0/ask/approval", "f/parallel.1/ask_2/approval"}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("opens", "closes", "broken", "wanted"),
    [
        (10, 0, False, ["approval", "close"]),
        (0, 10, False, ["approval", "close"]),
        (0, 10, True, ["approval", "close", "close"]),
    ],
    ids=["being-opened", "being-closed", "not-closed"],
)
def test_a_wait_that_is_given_up_when_its_time_is_over(
    source: Callable[[str], str], seed: int, opens: int, closes: int, broken: bool, wanted: list[str]
) -> None:
    """It is closed too: once, and again where the platform failed."""
    text = source("""
    @flow
    def ask() -> int:
        approval("Send?", timeout=1)
        return 0

    @flow
    def f() -> int:
        return race(ask(), get(3))
    """)
    kinds: list[str] = []

    def waits(call: Json) -> Json:
        kinds.append(call["kind"])
        time.sleep(closes if call["kind"] == "close" else opens)
        if broken and kinds.count("close") == 1 and call["kind"] == "close":
            raise MemoryError("gone")
        return {"answer": None} if call["kind"] == "close" else {"id": "w1"}

    def get(call: Json) -> Json:
        time.sleep(5)
        return value(call["arguments"]["n"])

    end = ended(host_of(text, {"skyloom_waits": waits, "get": get}, seed), {})
    assert result_of_run(end.output) == 3
    assert kinds == wanted


@pytest.mark.parametrize("seed", SEEDS)
def test_several_items_that_are_over_at_once_end_in_order(seed: int) -> None:
    """The history may bring several tasks before a part is resumed; what each waits for next begins in their order."""
    begun: list[tuple[int, Json]] = []

    def item(number: int) -> durable_strands.Strand:
        for turn in range(3):
            task = FakeTask()
            done = yield [durable_strands.Open(task, "s", "t")]
            assert task in done
            begun.append((number, turn))
        if number in (4, 6):
            raise ValueError(number)
        return number

    chance = random.Random(seed)
    strand = durable_strands.in_order(8, 5, item)
    opens = next(strand)
    with pytest.raises(ValueError, match="4"):
        while True:
            before = list(begun)
            for one in (over := chance.sample(opens, chance.randint(1, len(opens)))):
                one.task.is_completed = True
            opens = strand.send(frozenset(one.task for one in over))
            resumed = [number for number, _ in begun[len(before) :]]
            assert resumed == sorted(resumed)
            assert len(resumed) == len(over)
    assert {number for number, turn in begun if turn == 2} >= {0, 1, 2, 3, 4}


class FakeTask:
    """A task of Durable as strands see it."""

    is_completed = False


def test_where_a_run_stands(source: Callable[[str], str]) -> None:
    host = host_of(source(APPROVAL.replace("timeout=hours(1)", "")), {"skyloom_waits": lambda call: {"id": "w"}})
    with pytest.raises(Stuck):
        ended(host, {"text": "Send?"})
    (instance,) = host.hub.instances.values()
    assert json.loads(instance.custom_status or "") == {"at": [{"step": "f/approval", "waits": "approval"}]}


def test_the_custom_status_stays_small(source: Callable[[str], str]) -> None:
    longest = 0

    def watch(host: DurableHost) -> None:
        nonlocal longest
        (instance,) = host.hub.instances.values()
        longest = max(longest, len((instance.custom_status or "").encode("utf-16-le")))

    host = host_of(source(MAP.replace("limit=3", "limit=200")), {"get": lambda call: value(1)}, watch=watch)
    ended(host, {"ns": list(range(200))})
    assert 0 < longest < 4_000


@pytest.mark.parametrize("letter", ["a", "é", "名", "\U00020000"])
def test_a_status_of_deep_steps_stays_small(letter: str) -> None:
    """Whatever JSON makes of their letters."""
    deep = "/".join([letter * 40] * 100)
    opens = [durable_strands.Open(None, f"{deep}[{n}]", letter * 200) for n in range(12)]
    status = durable_strands._standing(opens)
    assert len(json.dumps(status).encode("utf-16-le")) < STATUS.value
    assert [one["step"][-3:] for one in status["at"]] == [f"[{n}]" for n in range(10)]
    assert all(one["step"].startswith("…") for one in status["at"])
    assert status["more"] == 2


# --- texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00.500Z", "1.0", '{"type"', "null", "\u2028 é"])
def test_texts_come_out_as_they_were(source: Callable[[str], str], text: str) -> None:
    echo = source("""
    @flow
    def f(text: str) -> dict[str, str]:
        return {"a": text}
    """)
    end = ended(host_of(echo, {}), {"text": text})
    assert result_of_run(end.output) == {"a": text}


def test_a_failure_that_is_not_the_flows_own() -> None:
    found = error_of_run("Orchestrator function 'f' failed: out of memory")
    assert (found["type"], found["message"]) == ("TaskFailed", "Orchestrator function 'f' failed: out of memory")


# --- sizes ------------------------------------------------------------------------------------------------------------

ECHO = """
@task
def keep(words: list[str], more: str = "") -> str:
    return more

@flow
def f(word: str, many: int) -> str:
    words = [word for n in range(many)]
    try:
        return keep(words)
    except TaskFailed as problem:
        return str(problem)
"""


@pytest.mark.parametrize("word", ["a", "é", '"', "\\", "\n", "\x01", "😀", "\ud800"])
def test_no_call_is_larger_than_the_scheduler_takes(source: Callable[[str], str], word: str) -> None:
    """Every quote counts several times: the text is written as JSON again and again."""
    host = host_of(source(ECHO), {"keep": lambda call: value(f"{len(call['arguments']['words'])}")})
    text = source(ECHO)
    carried = refused = 0
    for many in (1_000, 20_000, 60_000, 90_000, 120_000, 200_000):
        host = host_of(text, {"keep": lambda call: value(f"{len(call['arguments']['words'])}")})
        told = result_of_run(ended(host, {"word": word, "many": many}).output)
        carried += told == str(many)
        refused += told.startswith("keep is given ") and "at most 1,000,000 travel at once" in told
    assert carried + refused == 6
    assert carried
    assert refused


def test_a_run_gives_no_more_than_the_scheduler_takes(source: Callable[[str], str]) -> None:
    text = source("""
    @flow
    def f(word: str, many: int) -> list[str]:
        if many > 900_000:
            raise Broken(word * many)
        return [word for n in range(many)]
    """)
    given = ended(host_of(text, {}), {"word": "a", "many": 100_000})
    assert len(result_of_run(given.output)) == 100_000
    found = error_of_run(ended(host_of(text, {}), {"word": "a", "many": 200_000}).error)
    assert found["message"].startswith("f returned 1,400,002 bytes of JSON; a run gives 1,000,000 at most")
    cut = error_of_run(ended(host_of(text, {}), {"word": "a", "many": 1_000_000}).error)
    assert cut["type"] == "Broken"
    assert cut["message"].endswith(" … (cut)")
