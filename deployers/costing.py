"""What 1,000 runs cost in a cloud: the bill of one run, what is assumed of it, and the list of prices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from skyloom.deployers.charging import WHOLE_RUN, Bill, Call, Charges, Work, billed
from skyloom.deployers.prices import GROUPS, Group, Price, group_of, price
from skyloom.flows.config import Config, resolve_model
from skyloom.flows.sampling import Asked, Sample

RUNS = 1_000
OWN = ("helper", "waits", "emit", "orchestrator")
"""The app's own functions that runs call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What a sample run on this machine does not tell.

    Attributes:
        task_seconds: how long a call of a task or prompt takes.
        own_seconds: how long a call of one of the app's own functions takes: `helper`, `waits`, `orchestrator`.
        seconds: the same for some of these, by name.
        output_tokens: how long the answer of a model is; at most as long as its prompt allows.
        prices: dollars for one unit, by target and unit, that come before those of the list.
    """

    task_seconds: Decimal = Decimal(1)
    own_seconds: Decimal = Decimal("0.1")
    seconds: Mapping[str, Decimal] = field(default_factory=dict)
    output_tokens: int = 500
    prices: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)

    def price(self, target: str, unit: str) -> Price | None:
        """The price of a unit: the given one, or that of the list, where there is one."""
        given = self.prices.get((target, unit))
        if given is None:
            return price(target, unit)
        return Price(target=target, unit=unit, dollars=given, per=1, region="given", source="--price")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is charged: how much of it 1,000 runs take, and its price."""

    unit: str
    number: Decimal
    price: Price | None

    @property
    def dollars(self) -> Decimal | None:
        """What that makes; None: it has no price."""
        return None if self.price is None else self.price.of(self.number)

    @property
    def group(self) -> Group:
        """What it is paid for."""
        return group_of(self.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What 1,000 runs of a flow are charged in a cloud."""

    target: str
    lines: tuple[Line, ...]

    def dollars(self, group: Group | None = None) -> Decimal:
        """The sum of a group, or of all; what has no price is not in it."""
        found = (line.dollars for line in self.lines if group in (None, line.group))
        return sum((one for one in found if one is not None), Decimal(0))

    def unpriced(self, group: Group | None = None) -> tuple[str, ...]:
        """The units that have no price."""
        return tuple(line.unit for line in self.lines if line.price is None and group in (None, line.group))


def cost(
    target: str, flow: str, charges: Charges, sample: Sample, config: Config, assumptions: Assumptions
) -> Cost | None:
    """What 1,000 runs cost that all make the calls of the sample; None: no way through the definition makes them.

    Raises:
        NotCounted: the definition has something whose charges are not known.
        ConfigError: a prompt's model is not configured for the target.
    """
    bill = billed(charges(flow), sample.calls, sample.errors, failed=sample.error is not None)
    if bill is None:
        return None
    numbers: dict[str, Decimal] = {unit: Decimal(number) for unit, number in bill.units.items()}
    for unit, number in (*_timed(bill, sample, assumptions), *_tokens(target, sample.asked, config, assumptions)):
        numbers[unit] = numbers.get(unit, Decimal(0)) + number
    lines = [
        Line(unit, number * RUNS, assumptions.price(target, unit)) for unit, number in sorted(numbers.items()) if number
    ]
    return Cost(target=target, lines=tuple(sorted(lines, key=lambda line: GROUPS.index(line.group))))


def _timed(bill: Bill, sample: Sample, assumptions: Assumptions) -> Iterator[tuple[str, Decimal]]:
    """What is billed by its time."""
    known = {call for call in sample.calls if call[0] in ("task", "prompt")}
    for work, number in bill.works.items():
        seconds = (
            _run_seconds(bill, sample, assumptions) if work.of == WHOLE_RUN else _seconds(work, known, assumptions)
        )
        for unit, each in work.billed(seconds).items():
            yield unit, each * number


def _run_seconds(bill: Bill, sample: Sample, assumptions: Assumptions) -> Decimal:
    """How long a run takes in which one thing is done after the other, pauses included."""
    known = {call for call in sample.calls if call[0] in ("task", "prompt")}
    works = ((work, number) for work, number in bill.works.items() if work.of != WHOLE_RUN)
    at_work = sum((_seconds(work, known, assumptions) * number for work, number in works), Decimal(0))
    return at_work + Decimal(str(sample.seconds))


def _seconds(work: Work, calls: Collection[Call], assumptions: Assumptions) -> Decimal:
    is_own = not {("task", work.of), ("prompt", work.of)} & set(calls)
    usual = assumptions.own_seconds if is_own else assumptions.task_seconds
    return assumptions.seconds.get(work.of, usual)


def _tokens(
    target: str, asked: Iterable[Asked], config: Config, assumptions: Assumptions
) -> Iterator[tuple[str, Decimal]]:
    """What models read and write."""
    for one in asked:
        resolved = resolve_model(config, one.model, target)
        place = resolved.options.get("location")
        name = f"{resolved.kind}:{resolved.model}" if resolved.model else resolved.kind
        model = name if place in (None, "global") else f"{name} in {place}"
        written = min(assumptions.output_tokens, one.max_tokens or assumptions.output_tokens)
        yield f"input tokens, {model}", Decimal(one.input_tokens)
        yield f"output tokens, {model}", Decimal(written)
