"""The five patterns of `examples/five_patterns`, on the embedded stand-in: it says the same on every machine."""

from __future__ import annotations

from ask_the_books import ask, ingest
from expense_approval import reimburse
from invoice_intake import take_in
from product_launch import launch
from research_desk import research

from skyloom.conformance.case import call, case
from skyloom.flows import App
from skyloom.flows.testing import approve, no_answer, reject

app = App("five-patterns", flows=[take_in, ingest, ask, launch, reimburse, research])

_LETTER = (
    "Supplier: Miller and Sons\nInvoice number: INV-2043\n"
    "Net amount: 100.00 EUR\nTax amount: 19.00 EUR\nTotal amount: 119.00 EUR"
)
_NAMED = {"supplier": "Miller and Sons", "number": "INV-2043", "currency": "EUR"}
_READ = {**_NAMED, "net": 100.0, "tax": 19.0, "total": 119.0}
_BOOKED = {"net": 10000, "tax": 1900, "total": 11900}
_FACTS = ["It boils a litre in two minutes.", "It is friendly and quiet.", "It is fine for four cups."]
_ANNOUNCED = "- It boils a litre in two minutes. - It is fine for four cups."
_KETTLE = {"product": "Tea Kettle", "facts": _FACTS}
_STEEL = {"product": "Tea Kettle", "facts": ["It is made of steel.", "It keeps tea warm for an hour."]}
_CLAIM = {
    "employee": "Ada",
    "manager": "Grace",
    "cents": 42050,
    "reason": "Train to the customer and a hotel for two nights.",
}
_WHY = "Why did steam engines need less coal after the separate condenser?"
_MINE = "A Cornish mine burnt coal for 3,000 pounds a year before 1769 and for 900 after."
_STEAM = "A steam engine turns heat into work by letting steam expand behind a piston."

CASES = [
    case(
        take_in,
        {"text": _LETTER},
        result={"status": "accepted", **_NAMED, "cents": _BOOKED, "problems": [], "readings": 1},
        calls=[call("check", invoice=_READ, text=_LETTER)],
        name="accepted",
    ),
    case(
        take_in,
        {"text": "We owe you nothing.", "readings": 3},
        result={
            "status": "unclear",
            "supplier": "We owe you nothing.",
            "number": "VG7",
            "currency": "USD",
            "cents": {"net": 621, "tax": 18, "total": 630},
            "problems": ["net 6.21 and tax 0.18 do not make 6.30", "the letter has no number VG7"],
            "readings": 3,
        },
        name="unclear",
    ),
    case(ingest, {"library": "all"}, result={"library": "all", "texts": 5, "passages": 233}),
    case(
        ask,
        {"question": "Why did Ahab pursue the white whale?", "library": "none"},
        error=("NothingIngested", "nothing was ingested into `none`"),
        calls=[call("prepare", library="none", question="Why did Ahab pursue the white whale?")],
        name="nothing-ingested",
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
        earlier=[case(ingest, result={"library": "books", "texts": 5, "passages": 233})],
        name="of-another-run",
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
        calls=[
            call("check_length", text=_ANNOUNCED, most=600),
            call("publish", address="/de/tea-kettle", page={"language": "de", "text": _ANNOUNCED}),
            call("publish", address="/tlh/tea-kettle", page={"language": "tlh", "text": _ANNOUNCED}),
            call("take_down", address="/tlh/tea-kettle"),
            call("take_down", address="/de/tea-kettle"),
        ],
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
        approvals=[approve("ok", by="grace", answer={"cost_centre": "R1", "at_most_cents": 40000})],
        result={"status": "paid", "cents": 40000, "decided_by": "grace", "comment": "ok", "asked": ["Grace"]},
        calls=[call("pay", employee="Ada", cents=40000, cost_centre="R1")],
        name="paid",
    ),
    case(
        reimburse,
        {"claim": _CLAIM},
        approvals=[approve(by="grace")],
        result={"status": "paid", "cents": 42050, "decided_by": "grace", "comment": "", "asked": ["Grace"]},
        calls=[call("pay", employee="Ada", cents=42050, cost_centre="not named")],
        name="paid-without-form",
    ),
    case(
        reimburse,
        {"claim": _CLAIM, "patience": 3.0},
        approvals=[no_answer(), reject("too much", by="finn")],
        result={
            "status": "refused",
            "cents": 0,
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
            "cents": 0,
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
            "dropped": 0,
        },
        concurrent=True,
    ),
]
