"""What is drawn of a flow, and what it is called."""

from __future__ import annotations

from types import ModuleType

import pytest

from skyloom.flows.expr.types import ANY
from skyloom.flows.graph.labels import duration, shorten
from skyloom.flows.graph.outline import charts, describe
from skyloom.flows.ir.nodes import Assign, Break, Extend, If, Key, Return, Sample, SetItem, While
from skyloom.flows.ir.program import Program


def sentences(program: Program) -> list[str]:
    main = charts(program)[0]
    return [main.start.sentence, *describe(main.block)]


def test_every_word_of_the_triage(written: ModuleType) -> None:
    assert sentences(written.triage()) == [
        "flow answer (ticket: Ticket) → Reply, line 30",
        "prompt triage (ticket) → kind (model fast), line 31",
        "parallel side by side → articles, history, line 32",
        "  task search (kind.topic) (up to 4 attempts), line 32",
        "  task load_history (ticket.customer) (up to 4 attempts), line 32",
        "map for each a in articles → drafts (at most 8 at once), line 33",
        "  prompt draft (ticket, a) (model fast), line 33",
        "task pick (drafts, history) → best (up to 4 attempts), line 34",
        'if kind.urgency == "high"?, line 35',
        "  approval Send this to {ticket.customer}? show best → decision (to support-leads · within 24 h), line 36",
        "  if not decision.approved?, line 37",
        '    return Reply(status="rejected", reason=decision.comment), line 38',
        'return Reply(status="sent", text=best.text), line 39',
    ]


def test_every_word_of_the_saga(written: ModuleType) -> None:
    assert sentences(written.saga()) == [
        "flow order (order: Order) → Reply, line 9",
        "done = [] total = sum([i.price * i.quantity for i in order.items]), line 10",
        "error handling, line 11",
        "  try",
        "    loop for each item in order.items (one after the other), line 12",
        "      task reserve (item.sku, item.quantity), line 13",
        '      if reserve(…).state == "sold out"?, line 13',
        "        raise OutOfStock (“{item.sku} is sold out”), line 14",
        "      done.append(item), line 15",
        "    task charge (order.card, total) → payment, line 16",
        "  except OutOfStock, PaymentDeclined as error",
        "    loop for each number, item in enumerate(reversed(done)) (one after the other), line 20",
        "      task release (item.sku, number), line 21",
        '    return Reply(status="refused", reason=str(error)), line 22',
        "  except Exception",
        '    task alert ("order failed"), line 24',
        "    raise again, line 25",
        "  finally",
        "    emit order-closed order.id, line 27",
        "race the first to end decides → receipt, line 28",
        "  wait event delivered key order.id (within 2 days), line 28",
        "  wait 36 h, line 29",
        "loop repeat (until it is left), line 30",
        "  sub-flow notify (order.customer, receipt), line 31",
        "  if notify(…).ok?, line 32",
        "    break, line 32",
        "  wait 1.5 min, line 33",
        "if receipt is None?, line 34",
        "  task trace (order.id), line 35",
        "else",
        "  if receipt.damaged == True?, line 36",
        "    task refund (payment), line 37",
        "    task restock (done), line 38",
        "  else",
        "    task thank (order.customer), line 40",
        "end",
    ]


def test_the_main_flow_comes_first(written: ModuleType) -> None:
    program = written.saga()
    swapped = Program(main="notify", flows=program.flows, tasks=program.tasks, prompts=program.prompts)
    assert [chart.name for chart in charts(swapped)] == ["notify", "order"]


def test_statements_in_a_row_that_compute_share_a_box(written: ModuleType) -> None:
    at, lit, var = written.at, written.lit, written.var
    add = written.Binary(operator="+", left=var("n"), right=lit(1), span=at(3), type=ANY)
    body = (
        Assign(variable="n", value=lit(0), span=at(2)),
        Assign(variable="n", value=add, span=at(3)),
        SetItem(variable="d", path=(Key(index=lit("a")), Key(index=lit(0))), value=var("n"), span=at(4)),
        Extend(variable="rows", path=(Key(index=var("k")),), value=var("more"), span=at(5)),
        Sample(target="start", function="now", id="now", span=at(6)),
        written.task("go", line=7),
        Assign(variable="n", value=lit(2), span=at(8)),
    )
    assert sentences(written.program_of(written.flow_of("f", body))) == [
        "flow f () → Reply, line 1",
        'n = 0 n += 1 d["a"][0] = n rows[k] += more start = now(), line 2',
        "task go (), line 7",
        "n = 2, line 8",
        "end",
    ]


def test_a_temporary_that_is_set_twice_is_shown(written: ModuleType) -> None:
    at, var = written.at, written.var
    choose = If(
        test=var("a"),
        body=(
            written.task("check", line=2, to="_check"),
            Assign(variable="_value", value=var("_check.ok"), span=at(2)),
        ),
        span=at(2),
    )
    body = (Assign(variable="_value", value=var("a"), span=at(2)), choose, If(test=var("_value"), body=(), span=at(2)))
    assert sentences(written.program_of(written.flow_of("f", body)))[1:] == [
        "_value = a, line 2",
        "if a?, line 2",
        "  task check (), line 2",
        "  _value = check().ok, line 2",
        "if _value?, line 2",
        "end",
    ]


def test_a_single_temporary_is_read_as_what_it_stands_for(written: ModuleType) -> None:
    at, var = written.at, written.var
    body = (
        Assign(variable="_value", value=var("a.b"), span=at(2)),
        written.task("inner", "x", line=2, to="_inner"),
        written.task("outer", "_value", "_inner", line=2, to="y"),
    )
    assert sentences(written.program_of(written.flow_of("f", body)))[1:] == [
        "task inner (x), line 2",
        "task outer (a.b, inner(…)) → y, line 2",
        "end",
    ]


def test_a_flow_ends_where_all_its_ways_end(written: ModuleType) -> None:
    at, var = written.at, written.var
    stop = (Return(value=written.lit(None), span=at(3)),)
    body = (If(test=var("a"), body=stop, orelse=stop, span=at(2)),)
    assert sentences(written.program_of(written.flow_of("f", body)))[1:] == [
        "if a?, line 2",
        "  return, line 3",
        "else",
        "  return, line 3",
    ]


def test_a_loop_is_left_behind_even_when_its_body_ends(written: ModuleType) -> None:
    loop = While(test=written.var("a"), body=(Break(span=written.at(3)),), span=written.at(2))
    assert sentences(written.program_of(written.flow_of("f", (loop,))))[1:] == [
        "loop while a, line 2",
        "  break, line 3",
        "end",
    ]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.25, "0.25 s"),
        (1, "1 s"),
        (90, "1.5 min"),
        (100, "100 s"),
        (7200.0, "2 h"),
        (86400.0, "24 h"),
        (172800.0, "2 days"),
        (0, "0 s"),
        (-5, "-5 s"),
    ],
)
def test_durations_are_said_in_the_largest_unit_that_fits(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


@pytest.mark.parametrize(("limit", "expected"), [(11, "two   words"), (9, "two words"), (8, "two wor…"), (5, "two…")])
def test_long_words_are_cut(limit: int, expected: str) -> None:
    assert shorten("two\n  words", limit) == " ".join(expected.split())
