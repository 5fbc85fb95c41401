"""The saga as plain Python: what is done, and what is undone."""

import json
from pathlib import Path

import pytest
from order_saga import LEDGER_VARIABLE, Line, Order, place_order

from skyloom.flows.testing import script


def order(card: str = "4000-0001", customer: str = "Ada", quantity: int = 2) -> Order:
    return Order(
        id="o1",
        customer=customer,
        card=card,
        lines=[Line(sku="lamp", quantity=quantity, price=20.0), Line(sku="desk", quantity=1, price=99.5)],
    )


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "ledger.jsonl"
    monkeypatch.setenv(LEDGER_VARIABLE, str(path))
    return path


def entries(ledger: Path) -> list[str]:
    return [json.loads(line)["entry"] for line in ledger.read_text().splitlines()]


def test_a_good_order_is_shipped_on_the_second_call_of_the_carrier(ledger: Path) -> None:
    with script() as run:
        receipt = place_order(order())
    assert (receipt.status, receipt.total, receipt.tracking) == ("shipped", 139.5, "track-o1")
    assert entries(ledger) == ["reserved 2 lamp", "reserved 1 desk", "charged 139.50", "shipped to Ada"]
    assert run.emitted == [("order-processed", {"order": "o1", "reason": ""})]


def test_a_declined_card_releases_the_goods_and_is_not_tried_again(ledger: Path) -> None:
    with script() as run:
        receipt = place_order(order(card="4000-0002"))
    assert receipt.reason == "card ending in 0002 was declined"
    assert receipt.undone == ["o1/desk", "o1/lamp"]
    assert entries(ledger) == ["reserved 2 lamp", "reserved 1 desk", "released o1/desk", "released o1/lamp"]
    assert run.clock < 1


def test_a_carrier_that_stays_down_refunds_and_releases(ledger: Path) -> None:
    with script():
        receipt = place_order(order(customer="Nowhere"))
    assert receipt.reason == "shipping failed: no carrier for Nowhere"
    assert receipt.undone == ["payment", "o1/desk", "o1/lamp"]
    assert entries(ledger)[2] == "charged 139.50"


def test_goods_that_are_out_of_stock_release_only_what_was_reserved(ledger: Path) -> None:
    with script():
        receipt = place_order(
            Order(
                id="o2",
                customer="Ada",
                card="4000-0001",
                lines=[Line(sku="lamp", quantity=1, price=20.0), Line(sku="desk", quantity=9, price=99.5)],
            )
        )
    assert receipt.reason == "desk: 9 wanted, 3 in stock"
    assert entries(ledger) == ["reserved 1 lamp", "released o2/lamp"]
