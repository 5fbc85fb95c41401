"""Prices of the clouds' services: one dated list, each with its region and the page that states it.

List prices in US dollars, before free tiers and discounts. A price that no page could be found for is not here: what it
is asked for is then counted, and said to have no price.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

READ = "2026-11-21"
"""When the pages were read, in mirrors of that autumn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a unit costs: `dollars` for every `per` of them.

    Attributes:
        source: the page of the cloud that states it.
        read_at: where it was read, if not there: others that name that page's number.
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


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of prices: its cloud, the region they are those of, its address, and where it was read, if not there."""

    target: str
    region: str
    source: str
    read_at: str = ""

    def price(self, unit: str, dollars: str, per: int) -> Price:
        return Price(
            target=self.target,
            unit=unit,
            dollars=Decimal(dollars),
            per=per,
            region=self.region,
            source=self.source,
            read_at=self.read_at,
        )

    def model(self, name: str, read: str, written: str) -> tuple[Price, Price]:
        """A model's: dollars for a million tokens that it reads, and that it writes."""
        return self.price(f"input tokens, {name}", read, MILLION), self.price(
            f"output tokens, {name}", written, MILLION
        )


MILLION = 1_000_000
EXPRESS_REQUESTS = "Express requests"
_AMAZON, _MICROSOFT, _GOOGLE = "https://aws.amazon.com", "https://azure.microsoft.com", "https://cloud.google.com"
# The tables of most of these pages are filled in by scripts, which mirrors do not keep.
_TOLD = "https://git.mcrn.ar/mariano/lambda_local_runner/src/branch/main/docs/lambdas-md/lambda-13-cost.md"
_MODELS = "https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json"
_STEP_FUNCTIONS = _Page("aws", "us-east-1", f"{_AMAZON}/step-functions/pricing/")
_LAMBDA = _Page("aws", "us-east-1", f"{_AMAZON}/lambda/pricing/", _TOLD)
_EVENTS = _Page(
    "aws", "us-east-1", f"{_AMAZON}/eventbridge/pricing/", "https://cloudburn.io/blog/amazon-eventbridge-pricing"
)
_BEDROCK = _Page("aws", "us-east-1", f"{_AMAZON}/bedrock/pricing/", _MODELS)
_FUNCTIONS = _Page(
    "azure",
    "East US",
    f"{_MICROSOFT}/pricing/details/functions/",
    "https://modal.com/blog/azure-function-pricing-guide",
)
_FOUNDRY = _Page("azure", "East US", "https://prices.azure.com/api/retail/prices", _MODELS)
_WORKFLOWS = _Page("gcp", "all", f"{_GOOGLE}/workflows/pricing", "price lists in public source repositories")
_CLOUD_RUN = _Page("gcp", "us-central1", f"{_GOOGLE}/run/pricing")
_VERTEX = _Page("gcp", "global", f"{_GOOGLE}/gemini-enterprise-agent-platform/generative-ai/pricing", _MODELS)

PRICES = (
    _STEP_FUNCTIONS.price("transitions", "0.025", 1_000),
    _STEP_FUNCTIONS.price(EXPRESS_REQUESTS, "1.00", MILLION),
    # $0.06 for a GB-hour, the first thousand of a month; what comes behind these is cheaper.
    _STEP_FUNCTIONS.price("Express GB-seconds", "0.06", 3_600),
    _LAMBDA.price("invocations", "0.20", MILLION),
    _LAMBDA.price("GB-seconds on arm64", "0.0000133334", 1),
    _LAMBDA.price("GB-seconds on x86_64", "0.0000166667", 1),
    _EVENTS.price("events", "1.00", MILLION),
    *_BEDROCK.model("bedrock:global.amazon.nova-2-lite-v1:0", "0.30", "2.50"),
    *_BEDROCK.model("bedrock:global.anthropic.claude-sonnet-4-6", "3.00", "15.00"),
    _FUNCTIONS.price("executions", "0.40", MILLION),
    _FUNCTIONS.price("GB-seconds", "0.000026", 1),
    # Deployments are called as they like to be: these are called as their model.
    *_FOUNDRY.model("foundry:gpt-5-mini", "0.25", "2.00"),
    *_FOUNDRY.model("foundry:gpt-5.2", "1.75", "14.00"),
    _WORKFLOWS.price("internal steps", "0.01", 1_000),
    _WORKFLOWS.price("external steps", "0.025", 1_000),
    _CLOUD_RUN.price("requests", "0.40", MILLION),
    _CLOUD_RUN.price("GiB-seconds", "0.0000025", 1),
    _CLOUD_RUN.price("vCPU-seconds", "0.000024", 1),
    *_VERTEX.model("vertex:gemini-3.5-flash-lite", "0.30", "2.50"),
    # Until the end of 2026; twice as much from then on. https://ai.google.dev/gemini-api/docs/pricing
    *_VERTEX.model("vertex:gemini-3.6-flash", "0.75", "3.75"),
)

Group = Literal["workflow", "functions", "models", "events"]
GROUPS: tuple[Group, ...] = ("workflow", "functions", "models", "events")
"""What is paid for, in the order of reports."""
_WORKFLOW = (
    "transitions",
    EXPRESS_REQUESTS,
    "Express GB-seconds",
    "internal steps",
    "external steps",
    "scheduler actions",
)


def group_of(unit: str) -> Group:
    """What a unit is paid for."""
    if "tokens," in unit:
        return "models"
    if unit == "events":
        return "events"
    return "workflow" if unit in _WORKFLOW else "functions"


def price(target: str, unit: str) -> Price | None:
    """The price of a unit, where there is one."""
    return next((one for one in PRICES if (one.target, one.unit) == (target, unit)), None)
