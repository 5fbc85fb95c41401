"""What `skyloom cost` says: the clouds side by side, what is charged, what is assumed, what is not in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from skyloom.cli.output import diagnostic_json, say, show, show_table
from skyloom.errors import Diagnostic
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from skyloom.deployers.costing import Assumptions, Cost, Line
    from skyloom.deployers.prices import Group, Price
    from skyloom.flows.sampling import Sample

Refused = Mapping[str, Sequence[Diagnostic]]
_TITLES = {"workflow": "the workflow", "functions": "functions", "models": "models", "events": "events"}
_NOT_COUNTED = ("SKY773", "SKY775")
NOT_IN_IT = (
    "attempts after the first one, and repairs of answers that do not fit",
    "large values in the bucket, logs, metrics, network, storage, keys, the API and its queues",
    "free tiers, discounts, and what is paid while nothing runs",
)


def show_report(flow: str, found: Sequence[Cost], refused: Refused, seen: Sample, assumed: Assumptions) -> None:
    """For people."""
    from skyloom.deployers.costing import RUNS
    from skyloom.deployers.prices import GROUPS, READ

    show(f"{flow}: what {RUNS:,} runs cost, in US dollars", "bold")
    targets = [*(one.target for one in found), *refused]
    rows = [(_TITLES[group], *(_sum(one, group) for one in found), *("" for _ in refused)) for group in GROUPS]
    total = ("together", *(_sum(one, None) for one in found), *map(_why, refused.values()))
    show_table(("PAID FOR", *targets), (*rows, total))
    show()
    show("what is charged", "bold")
    pages = _pages(found)
    headers = ("TARGET", "UNIT", "NUMBER", "DOLLARS", "PRICE", "FROM")
    show_table(headers, (_cells(one.target, line, pages) for one in found for line in one.lines))
    show()
    for page, number in pages.items():
        show(f"[{number}] {page}")
    told = [f"assumed: {text}" for text in assumptions(found, seen, assumed)]
    for text in (*told, *(f"not in it: {text}" for text in NOT_IN_IT)):
        show(text)
    show(f"list prices as read on {READ}")
    if any(one.unpriced() for one in found):
        say("what has no price is not in the sum", "yellow")


def _why(diagnostics: Sequence[Diagnostic]) -> str:
    """Why a cloud has no sum."""
    return "not counted" if {one.code for one in diagnostics} <= set(_NOT_COUNTED) else "refused"


def _sum(one: Cost, group: Group | None) -> str:
    """A sum; `+ ?` where something in it has no price."""
    known = [line for line in one.lines if group in (None, line.group)]
    if not known:
        return "-"
    missing = one.unpriced(group)
    if len(missing) == len(known):
        return "no price"
    return f"{one.dollars(group):,.4f}{' + ?' if missing else ''}"


def _pages(found: Sequence[Cost]) -> dict[str, int]:
    """The pages of prices, numbered."""
    told = (_page(line.price) for one in found for line in one.lines if line.price is not None)
    return {page: number for number, page in enumerate(dict.fromkeys(told), 1)}


def _page(price: Price) -> str:
    told = f", as told by {price.read_at}" if price.read_at else ""
    return f"{price.region}: {price.source}{told}"


def _cells(target: str, line: Line, pages: Mapping[str, int]) -> tuple[str, ...]:
    number = _number(line.number)
    if line.price is None or line.dollars is None:
        return target, line.unit, number, "no price", "", ""
    per = "" if line.price.per == 1 else f" for {line.price.per:,}"
    each = f"${line.price.dollars}{per}"
    return target, line.unit, number, f"{line.dollars:,.4f}", each, f"[{pages[_page(line.price)]}]"


def assumptions(found: Sequence[Cost], seen: Sample, assumed: Assumptions) -> Iterator[str]:
    """What was assumed, of what is in it."""
    from skyloom.adapters.llm.base import CHARACTERS_PER_TOKEN
    from skyloom.deployers.costing import OWN
    from skyloom.deployers.prices import EXPRESS_REQUESTS

    ended = "ended well" if seen.error is None else f"ended with {seen.error}"
    yield f"every run makes the {len(seen.calls)} calls of the sample run, which {ended}"
    yield "of ways through a definition that make these calls: that with the fewest errors, then the cheapest"
    yield f"each call of a task or prompt takes {_number(assumed.task_seconds)} s" + _named(assumed)
    own = ", ".join(OWN)
    yield f"each call of the app's own functions ({own}) takes {_number(assumed.own_seconds)} s"
    yield "no two calls share an instance of a function, and none waits for one to start"
    if seen.asked:
        read = "what models read, schemas of typed answers among it"
        yield f"a token is {CHARACTERS_PER_TOKEN} characters of {read}: within 15 % for the English of the examples"
        yield f"each answer has {assumed.output_tokens:,} tokens, thoughts among them, or as many as its prompt allows"
    if any(line.unit == EXPRESS_REQUESTS for one in found for line in one.lines):
        yield "an Express run does one thing after the other, and its values take 14 MB at most"
    if any(one.target == "azure" for one in found):
        yield "on azure every message resumes the orchestrator once; where several come at once, once is enough for all"


def _named(assumed: Assumptions) -> str:
    return "".join(f", {name} {_number(seconds)} s" for name, seconds in assumed.seconds.items())


def _number(value: Decimal) -> str:
    return f"{value.normalize():,f}"


def document(flow: str, found: Sequence[Cost], refused: Refused, seen: Sample, assumed: Assumptions) -> Json:
    """For programs."""
    from skyloom.deployers.costing import RUNS
    from skyloom.deployers.prices import GROUPS, READ

    return {
        "flow": flow,
        "runs": RUNS,
        "prices": READ,
        "targets": {
            one.target: {
                "dollars": float(one.dollars()),
                "paid_for": {group: float(one.dollars(group)) for group in GROUPS},
                "no_price": list[Json](one.unpriced()),
                "charged": [_line(line) for line in one.lines],
            }
            for one in found
        },
        "refused": {target: [diagnostic_json(one) for one in those] for target, those in refused.items()},
        "assumptions": list[Json](assumptions(found, seen, assumed)),
        "not_in_it": list[Json](NOT_IN_IT),
    }


def _line(line: Line) -> Json:
    return {
        "unit": line.unit,
        "number": float(line.number),
        "dollars": None if line.dollars is None else float(line.dollars),
        "region": None if line.price is None else line.price.region,
        "source": None if line.price is None else line.price.source,
        "read_at": None if line.price is None else line.price.read_at or None,
    }
