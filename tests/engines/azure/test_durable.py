"""The host for Durable Functions does what Microsoft's pages and sources say, fact by fact; 0030."""

from __future__ import annotations

import importlib
import json

import pytest
from engines.azure.facts import FACTS, Fact, facts_app
from engines.azure.functions import Functions, functions_of
from engines.azure.host import DurableHost

for module in ("calls", "waiting", "values", "refused"):
    importlib.import_module(f"engines.azure.facts_{module}")
ALL = [fact for fact in FACTS.values() if fact.fact]
SEEDS = range(8)


@pytest.fixture(scope="module")
def functions() -> Functions:
    return functions_of(facts_app())


@pytest.mark.parametrize("fact", ALL, ids=lambda fact: fact.name)
def test_fact(fact: Fact, functions: Functions) -> None:
    for seed in SEEDS:
        if fact.refused is not None:
            with pytest.raises(fact.refused):
                DurableHost(functions, seed).run(fact.name, fact.input, events=fact.events)
            continue
        ended = DurableHost(functions, seed).run(fact.name, fact.input, events=fact.events)
        assert (ended.error, json.dumps(ended.output)) == (fact.fails, json.dumps(fact.gives))
        assert ended.status == ("Completed" if fact.fails is None else "Failed")
        assert fact.status is None or ended.custom_status == fact.status
        assert fact.seconds is None or ended.seconds == pytest.approx(fact.seconds)


def test_every_fact_has_a_page_and_a_sentence() -> None:
    assert len(ALL) >= 60
    assert all(fact.address.startswith("https://") and fact.orchestrator.__doc__ for fact in ALL)
