"""The five patterns of `examples/five_patterns`, on the embedded stand-in: it says the same on every machine."""

from __future__ import annotations

from ask_the_books import ask
from expense_approval import reimburse
from invoice_intake import take_in
from product_launch import launch
from research_desk import research

from skyloom.conformance.case import call, case
from skyloom.flows import App
from skyloom.flows.testing import approve, no_answer, reject

app = App("five-patterns", flows=[take_in, ask, launch, reimburse, research])

_LETTER = (
    "Supplier: Miller and Sons\nInvoice number: INV-2043\n"
    "Net amount: 100.00 EUR\nTax amount: 19.00 EUR\nTotal amount: 119.00 EUR"
)
_READ = {
    "supplier": "Miller and Sons",
    "number": "INV-2043",
    "currency": "EUR",
    "net": 100.0,
    "tax": 19.0,
    "total": 119.0,
}
_WRONG = {
    "supplier": "We owe you nothing.",
    "number": "VG7",
    "currency": "USD",
    "net": 6.21,
    "tax": 0.18,
    "total": 6.3,
}
_FACTS = ["It boils a litre in two minutes.", "It is friendly and quiet.", "It is fine for four cups."]
_KETTLE = {"product": "Tea Kettle", "facts": _FACTS}
_STEEL = {"product": "Tea Kettle", "facts": ["It is made of steel.", "It keeps tea warm for an hour."]}
_CLAIM = {
    "employee": "Ada",
    "manager": "Grace",
    "amount": 420.5,
    "reason": "Train to the customer and a hotel for two nights.",
}
_WHY = "Why did steam engines need less coal after the separate condenser?"
_MINE = "A Cornish mine burnt coal for 3,000 pounds a year before 1769 and for 900 after."
_STEAM = "A steam engine turns heat into work by letting steam expand behind a piston."

CASES = [
    case(
        take_in,
        {"text": _LETTER},
        result={"status": "accepted", "invoice": _READ, "problems": [], "readings": 1},
        calls=[call("problems_of", invoice=_READ, text=_LETTER)],
        name="accepted",
    ),
    case(
        take_in,
        {"text": "We owe you nothing.", "readings": 3},
        result={
            "status": "unclear",
            "invoice": _WRONG,
            "problems": ["net 6.21 and tax 0.18 do not make 6.30", "the letter has no number VG7"],
            "readings": 3,
        },
        name="unclear",
    ),
    case(
        ask,
        {"question": "Why did Ahab pursue the white whale?", "most": 2},
        result={
            "question": "Why did Ahab pursue the white whale?",
            "answer": "Question: Why did Ahab pursue the white whale? [moby_dick_the_chase.txt#18] They were one man, "
            'not thirty. "Sway me up, men; ye have been deceived; not Moby Dick casts one odd jet that way, and then '
            'disappears."',
            "sources": ["[moby_dick_the_chase.txt#18]", "[moby_dick_the_chase.txt#12]"],
            "given": ["[moby_dick_the_chase.txt#18]", "[moby_dick_the_chase.txt#12]"],
            "searched": 233,
        },
    ),
    case(
        launch,
        {"brief": {**_KETTLE, "languages": ["en", "de"]}, "rounds": 1},
        result={
            "product": "Tea Kettle",
            "revisions": 0,
            "pages": ["/en/tea-kettle", "/de/tea-kettle"],
            "remarks": [],
        },
        emitted=[("launched", {"product": "Tea Kettle", "pages": 2})],
        name="published",
    ),
    case(
        launch,
        {"brief": {**_KETTLE, "languages": ["de", "tlh"]}, "rounds": 1},
        error=("NotPublished", "Tea Kettle: no pages in tlh"),
        name="taken-back",
    ),
    case(
        launch,
        {"brief": {**_STEEL, "languages": ["en"]}, "rounds": 1},
        error=("NotPublished", "Tea Kettle: - It keeps tea warm for an hour."),
        name="never-passes",
    ),
    case(
        reimburse,
        {"claim": _CLAIM},
        approvals=[approve("ok", by="grace", answer={"cost_centre": "R1", "at_most": 400.0})],
        result={"status": "paid", "amount": 400.0, "decided_by": "grace", "comment": "ok", "asked": ["Grace"]},
        calls=[call("pay", employee="Ada", amount=400.0, cost_centre="R1")],
        name="paid",
    ),
    case(
        reimburse,
        {"claim": _CLAIM},
        approvals=[approve(by="grace")],
        result={"status": "paid", "amount": 420.5, "decided_by": "grace", "comment": "", "asked": ["Grace"]},
        calls=[call("pay", employee="Ada", amount=420.5, cost_centre="not named")],
        name="paid-without-form",
    ),
    case(
        reimburse,
        {"claim": _CLAIM, "patience": 3.0},
        approvals=[no_answer(), reject("too much", by="finn")],
        result={
            "status": "refused",
            "amount": 0.0,
            "decided_by": "finn",
            "comment": "too much",
            "asked": ["Grace", "finance"],
        },
        calls=[],
        name="escalated",
    ),
    case(
        reimburse,
        {"claim": _CLAIM, "patience": 3.0},
        approvals=[no_answer(), no_answer()],
        result={
            "status": "refused",
            "amount": 0.0,
            "decided_by": "",
            "comment": "nobody answered",
            "asked": ["Grace", "finance"],
        },
        calls=[],
        name="nobody",
    ),
    case(
        research,
        {"question": _WHY},
        result={
            "question": _WHY,
            "answer": f"economist: {_MINE} engineer: {_STEAM}",
            "notes": [
                {"author": "economist", "finding": _MINE, "confidence": 1.0},
                {"author": "engineer", "finding": _STEAM, "confidence": 1.0},
            ],
            "dropped": 1,
        },
    ),
]
