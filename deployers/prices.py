"""Prices of the clouds' services: one dated list, each with its region and the page that states it.

List prices in US dollars, before free tiers and discounts. A price that no page could be found for is not here: what it
is asked for is then counted, and said to have no price.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

READ = "2026-11-21"
"""When the pages were read, in mirrors of that autumn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a unit costs: `dollars` for every `per` of them.

    Attributes:
        source: the page of the cloud that states it.
        read_at: where it was read, if not there: pages of others that name that page's number.
    """

    target: str
    unit: str
    dollars: Decimal
    per: int
    region: str
    source: str
    read_at: str = ""

    def of(self, number: Decimal) -> Decimal:
        """What so many units cost, in dollars."""
        return number * self.dollars / self.per


def _aws(unit: str, dollars: str, per: int, page: str, read_at: str = "") -> Price:
    source = f"https://aws.amazon.com/{page}/pricing/"
    return Price(
        target="aws",
        unit=unit,
        dollars=Decimal(dollars),
        per=per,
        region="us-east-1",
        source=source,
        read_at=read_at,
    )


# The tables of these pages are filled in by scripts, which mirrors do not keep.
_LAMBDA = "https://git.mcrn.ar/mariano/lambda_local_runner/src/branch/main/docs/lambdas-md/lambda-13-cost.md"
_EVENTS = "https://cloudburn.io/blog/amazon-eventbridge-pricing"


PRICES = (
    _aws("transitions", "0.025", 1_000, "step-functions"),
    _aws("invocations", "0.20", 1_000_000, "lambda", _LAMBDA),
    _aws("GB-seconds on arm64", "0.0000133334", 1, "lambda", _LAMBDA),
    _aws("GB-seconds on x86_64", "0.0000166667", 1, "lambda", _LAMBDA),
    _aws("events", "1.00", 1_000_000, "eventbridge", _EVENTS),
)


def price(target: str, unit: str) -> Price | None:
    """The price of a unit, where there is one."""
    return next((one for one in PRICES if (one.target, one.unit) == (target, unit)), None)
