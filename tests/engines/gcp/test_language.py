"""The interpreter of Workflows gives what Google's pages say, fact by fact; 0022."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from engines.gcp.answering import answering
from engines.gcp.connectors import CONNECTORS
from engines.gcp.engine import Engine
from engines.gcp.errors import Undocumented, Value, WorkflowError, WorkflowRefused
from engines.gcp.expressions.evaluator import evaluate
from engines.gcp.facts import UNDEFINED, Error, Fact, Failed, Refused, Run, page, runs
from engines.gcp.facts_expressions import EXPRESSIONS
from engines.gcp.facts_library import LIBRARY
from engines.gcp.library.table import FUNCTIONS, PREDICATES


def same(found: Value, wanted: Value) -> bool:
    """Whether values are equal, integers and doubles kept apart; maps have no order."""
    return json.dumps(found, sort_keys=True) == json.dumps(wanted, sort_keys=True)


@pytest.mark.parametrize("fact", [*EXPRESSIONS, *LIBRARY], ids=lambda fact: fact.text[:60])
def test_expression(fact: Fact) -> None:
    match fact.gives:
        case Refused(reason):
            with pytest.raises(WorkflowRefused, match=reason or None):
                evaluate(fact.text, fact.variables)
        case Error(tag):
            with pytest.raises(WorkflowError) as caught:
                evaluate(fact.text, fact.variables)
            assert caught.value.tags == [tag]
        case wanted if wanted is UNDEFINED:
            with pytest.raises(Undocumented):
                evaluate(fact.text, fact.variables)
        case wanted:
            assert same(evaluate(fact.text, fact.variables), wanted)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = Engine(time_scale=0.001)
    engine.route("https://function.run.app", answering)
    yield engine


@pytest.mark.parametrize("run", runs(), ids=lambda run: run.name)
def test_execution(run: Run, engine: Engine) -> None:
    engine.deploy("flow", run.source, run.environment)
    execution = engine.start("flow", run.argument)
    if run.gives is UNDEFINED:
        with pytest.raises(Undocumented):
            execution.wait(20)
        return
    execution.wait(90)
    match run.gives:
        case Error(tag):
            assert execution.state == "FAILED", execution.result
            assert tag in json.loads(execution.error or "")["tags"], execution.error
        case Failed(payload):
            assert (execution.state, json.loads(execution.error or "")) == ("FAILED", payload)
        case wanted:
            assert (execution.state, execution.error) == ("SUCCEEDED", None)
            assert same(execution.result, wanted), execution.result


def test_every_fact_has_a_page() -> None:
    pages = [fact.page for fact in [*EXPRESSIONS, *LIBRARY]] + [run.page for run in runs()]
    assert len(pages) >= 350
    assert all(page(path).startswith("https://") and path.isascii() and " " not in path for path in pages)


def test_every_function_has_a_fact() -> None:
    texts = " ".join(
        [fact.text for fact in LIBRARY] + [fact.text for fact in EXPRESSIONS] + [run.source for run in runs()]
    )
    missing = [name for name in (*FUNCTIONS, *PREDICATES, *CONNECTORS) if name not in texts]
    assert missing == []


def test_maps_give_their_keys_in_an_order_that_nobody_expects() -> None:
    order = evaluate("keys(m)", {"m": {"a": 1, "b": 2, "c": 3}})
    assert sorted(order) == ["a", "b", "c"] != order
    assert evaluate("json.encode_to_string(m)", {"m": {"a": 1, "b": 2}}) == '{"b":2,"a":1}'
