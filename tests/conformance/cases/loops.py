"""for and while, break and continue."""

from __future__ import annotations

from skyloom.conformance.case import call, case
from skyloom.flows import flow, task


@task
def visit(value: int) -> int:
    return value * 10


@task
def more(turn: int) -> bool:
    return turn < 3


@task
def shout(word: str) -> str:
    return word.upper() + "!"


@task
def numbers(count: int) -> list[int]:
    return list(range(count))


@task
def check(value: int) -> None:
    if value == 13:
        raise ValueError("13 is unlucky")


@flow
def over_list(values: list[int]) -> list[int]:
    results = []
    for value in values:
        results.append(visit(value))
    return results


@flow
def over_result(count: int) -> int:
    total = 0
    for value in numbers(count):
        total += value
    return total


@flow
def over_ranges() -> list[list[int]]:
    found: list[list[int]] = []
    for start, stop, step in [(0, 5, 2), (5, 0, -2), (3, 3, 1), (-3, 3, 3)]:
        row = []
        for i in range(start, stop, step):
            row.append(i)
        found.append(row)
    return found


@flow
def over_enumerate(words: list[str]) -> list[str]:
    lines = []
    for index, word in enumerate(words, start=1):
        lines.append(f"{index}. {word}")
    for index, (a, b) in enumerate(zip(words, words[1:])):
        lines.append(f"{index}: {a}{b}")
    return lines


@flow
def over_zip(names: list[str], ages: list[int]) -> dict[str, int]:
    table = {}
    for name, age in zip(names, ages):
        table[name] = age
    return table


@flow
def over_dict(stock: dict[str, int]) -> list[str]:
    lines = []
    for name in stock:
        lines.append(name)
    for name, count in stock.items():
        lines.append(f"{name}={count}")
    for count in stock.values():
        lines.append(str(count))
    for name in stock.keys():
        lines.append(name.upper())
    return lines


@flow
def over_text(word: str) -> list[str]:
    letters = []
    for letter in word:
        if letter != " ":
            letters.append(letter)
    return letters


@flow
def over_reversed_and_sorted(values: list[int]) -> list[int]:
    found = []
    for value in reversed(values):
        found.append(value)
    for value in sorted(values, reverse=True):
        found.append(value)
    return found


@flow
def over_display() -> str:
    joined = ""
    for word in ("a", "b", "c"):
        joined += shout(word)
    return joined


@flow
def loop_variable_stays(values: list[int]) -> int:
    value = -1
    for value in values:
        pass
    return value


@flow
def loop_variable_assigned(values: list[int]) -> list[int]:
    found = []
    for value in values:
        value += 1
        found.append(value)
    return [*found, *values]


@flow
def break_early(values: list[int], wanted: int) -> str:
    found = "nowhere"
    for index, value in enumerate(values):
        visit(value)
        if value == wanted:
            found = f"at {index}"
            break
    return found


@flow
def skip_some(values: list[int]) -> list[int]:
    kept = []
    for value in values:
        if value < 0:
            continue
        if value == 0:
            kept.append(0)
            continue
        kept.append(visit(value))
    return kept


@flow
def return_inside(values: list[int], limit: int) -> int:
    total = 0
    for value in values:
        for _ in range(2):
            total += value
            if total > limit:
                return visit(total)
    return total


@flow
def break_inner_only(rows: list[list[int]]) -> list[int]:
    firsts = []
    for row in rows:
        for value in row:
            if value % 2 == 0:
                firsts.append(value)
                break
        else_reached = len(row)
        if else_reached == 0:
            continue
        firsts.append(-else_reached)
    return firsts


@flow
def while_counting(count: int) -> list[int]:
    found = []
    while count > 0:
        found.append(count)
        count -= 2
    return found


@flow
def while_with_call() -> int:
    turn = 0
    while more(turn):
        turn += 1
    return turn


@flow
def while_with_call_and_pure(limit: int) -> int:
    turn = 0
    while turn < limit and more(turn):
        turn += 1
        if turn == 10:
            break
    return turn


@flow
def while_true_break(values: list[int]) -> int:
    index = 0
    while True:
        if index >= len(values):
            break
        if values[index] < 0:
            index += 1
            continue
        visit(values[index])
        index += 1
    return index


@flow
def while_with_continue() -> list[int]:
    index, kept = 0, [0]
    while index < 6:
        index += 1
        if index % 3 == 0:
            continue
        kept.append(index)
    return kept


@flow
def collatz(start: int) -> int:
    steps = 0
    while start != 1:
        start = start // 2 if start % 2 == 0 else 3 * start + 1
        steps += 1
    return steps


@flow
def grow_while_popping(limit: int) -> list[str]:
    queue = ["a"]
    seen: list[str] = []
    while queue:
        current = queue[0]
        queue = queue[1:]
        seen.append(current)
        if len(current) < limit:
            queue.append(current + "a")
            queue.append(current + "b")
    return seen


@flow
def list_evaluated_once(count: int) -> list[int]:
    seen = []
    values = numbers(count)
    for value in values:
        values = [99]
        seen.append(value)
    return seen + values


@flow
def error_in_third_round(values: list[int]) -> int:
    done = 0
    for value in values:
        check(value)
        done += 1
    return done


@flow
def error_caught_per_round(values: list[int]) -> list[str]:
    lines = []
    for value in values:
        try:
            check(value)
        except ValueError as error:
            lines.append(str(error))
        else:
            lines.append("fine")
    return lines


@flow
def accumulate_tables(rows: list[dict[str, int]]) -> dict[str, list[int]]:
    table: dict[str, list[int]] = {}
    for row in rows:
        for name, value in row.items():
            if name in table:
                table[name].append(value)
            else:
                table[name] = [value]
    return table


@flow
def rows_of_rows(height: int, width: int) -> list[list[int]]:
    rows = []
    for y in range(height):
        row = []
        for x in range(width):
            row.append(x * y)
        rows.append(row)
    return rows


@flow
def primes(limit: int) -> list[int]:
    found: list[int] = []
    for candidate in range(2, limit):
        for prime in found:
            if candidate % prime == 0:
                break
        else_is_prime = all(candidate % p != 0 for p in found)
        if else_is_prime:
            found.append(candidate)
    return found


CASES = [
    case(over_list, {"values": [1, 2]}, result=[10, 20], calls=[call("visit", value=1), call("visit", value=2)]),
    case(over_list, {"values": []}, result=[], calls=[], name="empty"),
    case(over_result, {"count": 5}, result=10, calls=[call("numbers", count=5)]),
    case(over_ranges, result=[[0, 2, 4], [5, 3, 1], [], [-3, 0]]),
    case(over_enumerate, {"words": ["x", "y", "z"]}, result=["1. x", "2. y", "3. z", "0: xy", "1: yz"]),
    case(over_zip, {"names": ["a", "b", "c"], "ages": [1, 2]}, result={"a": 1, "b": 2}),
    case(
        over_dict,
        {"stock": {"nut": 2, "bolt": 0}},
        result=["nut", "bolt", "nut=2", "bolt=0", "2", "0", "NUT", "BOLT"],
    ),
    case(over_text, {"word": "a é😀"}, result=["a", "é", "😀"]),
    case(over_text, {"word": ""}, result=[], name="empty"),
    case(over_reversed_and_sorted, {"values": [2, 3, 1]}, result=[1, 3, 2, 3, 2, 1]),
    case(
        over_display,
        result="A!B!C!",
        calls=[call("shout", word="a"), call("shout", word="b"), call("shout", word="c")],
    ),
    case(loop_variable_stays, {"values": [4, 5]}, result=5),
    case(loop_variable_stays, {"values": []}, result=-1, name="empty"),
    case(loop_variable_assigned, {"values": [1, 2]}, result=[2, 3, 1, 2]),
    case(
        break_early,
        {"values": [5, 6, 7], "wanted": 6},
        result="at 1",
        calls=[call("visit", value=5), call("visit", value=6)],
    ),
    case(break_early, {"values": [5], "wanted": 6}, result="nowhere", calls=[call("visit", value=5)], name="missing"),
    case(
        skip_some,
        {"values": [1, -1, 0, 2]},
        result=[10, 0, 20],
        calls=[call("visit", value=1), call("visit", value=2)],
    ),
    case(return_inside, {"values": [1, 2, 3], "limit": 4}, result=60, calls=[call("visit", value=6)]),
    case(return_inside, {"values": [1, 2, 3], "limit": 12}, result=12, calls=[], name="to-the-end"),
    case(break_inner_only, {"rows": [[1, 2, 4], [], [3], [8]]}, result=[2, -3, -1, 8, -1]),
    case(while_counting, {"count": 5}, result=[5, 3, 1]),
    case(while_counting, {"count": 0}, result=[], name="never"),
    case(while_with_call, result=3, calls=[call("more", turn=n) for n in (0, 1, 2, 3)]),
    case(
        while_with_call_and_pure,
        {"limit": 2},
        result=2,
        calls=[call("more", turn=0), call("more", turn=1)],
        name="pure-ends-it",
    ),
    case(
        while_with_call_and_pure,
        {"limit": 9},
        result=3,
        calls=[call("more", turn=n) for n in (0, 1, 2, 3)],
        name="call-ends-it",
    ),
    case(
        while_true_break,
        {"values": [1, -1, 2]},
        result=3,
        calls=[call("visit", value=1), call("visit", value=2)],
    ),
    case(while_with_continue, result=[0, 1, 2, 4, 5]),
    case(collatz, {"start": 6}, result=8),
    case(grow_while_popping, {"limit": 3}, result=["a", "aa", "ab", "aaa", "aab", "aba", "abb"]),
    case(list_evaluated_once, {"count": 3}, result=[0, 1, 2, 99], calls=[call("numbers", count=3)]),
    case(
        error_in_third_round,
        {"values": [1, 2, 13, 4]},
        error=("ValueError", "13 is unlucky"),
        calls=[call("check", value=1), call("check", value=2), call("check", value=13)],
    ),
    case(error_caught_per_round, {"values": [13, 1, 13]}, result=["13 is unlucky", "fine", "13 is unlucky"]),
    case(
        accumulate_tables,
        {"rows": [{"a": 1, "b": 2}, {"a": 3}, {}]},
        result={"a": [1, 3], "b": [2]},
    ),
    case(rows_of_rows, {"height": 3, "width": 2}, result=[[0, 0], [0, 1], [0, 2]]),
    case(primes, {"limit": 20}, result=[2, 3, 5, 7, 11, 13, 17, 19]),
]
