"""The five patterns as plain Python, with scripted models and people, and on the embedded stand-in."""

import pytest
from ask_the_books import ask, ingest
from expense_approval import Assessment, Claim, Terms, reimburse
from invoice_intake import Cents, Invoice, in_cents, take_in
from product_launch import Brief, NotPublished, Page, Review, launch, publish, take_down
from research_desk import Choice, Critique, look_up, research

from skyloom.flows.testing import approve, no_answer, reject, script


@pytest.fixture(autouse=True)
def library(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty bucket."""
    monkeypatch.setenv("SKYLOOM_HOME", str(tmp_path_factory.mktemp("home")))


# --- function + LLM ----------------------------------------------------------------------------------------------

LETTER = (
    "Supplier: Miller and Sons\nInvoice number: INV-2043\n"
    "Net amount: 100.00 EUR\nTax amount: 19.00 EUR\nTotal amount: 119.00 EUR"
)
RIGHT = Invoice(supplier="Miller and Sons", number="INV-2043", currency="EUR", net=100, tax=19, total=119)


def test_a_wrong_reading_is_read_again_with_what_was_wrong() -> None:
    given: list[str] = []

    def read(text: str, remarks: str) -> Invoice:
        given.append(remarks)
        return RIGHT if remarks else RIGHT.model_copy(update={"tax": 91.0})

    with script(prompts={"read_invoice": read}):
        intake = take_in(LETTER)
    assert (intake.status, intake.readings, intake.problems) == ("accepted", 2, [])
    assert intake.cents == Cents(net=10000, tax=1900, total=11900)
    assert given == ["", " An earlier reading was wrong: net 100.00 and tax 91.00 do not make 119.00."]


def test_a_letter_that_stays_unclear_says_why() -> None:
    wrong = RIGHT.model_copy(update={"number": "INV-1", "supplier": "Nobody"})
    with script(prompts={"read_invoice": wrong}):
        intake = take_in(LETTER, 3)
    assert (intake.status, intake.readings) == ("unclear", 3)
    assert intake.problems == ["the letter has no number INV-1", "the letter names no Nobody"]


@pytest.mark.parametrize(
    ("amount", "cents"), [(19.99, (1999, True)), (0.29, (29, True)), (1e9, (10**11, True)), (10.005, (1000, False))]
)
def test_no_cent_is_lost(amount: float, cents: tuple[int, bool]) -> None:
    assert in_cents(amount) == cents


def test_parts_of_a_cent_are_a_problem() -> None:
    with script(prompts={"read_invoice": RIGHT.model_copy(update={"net": 100.004, "tax": 19.0})}):
        assert take_in(LETTER, 1).problems == ["net 100.004 has parts of a cent"]


# --- orchestrated workflow ---------------------------------------------------------------------------------------

FACTS = ["It boils a litre in two minutes.", "It is friendly and quiet.", "It is fine for four cups."]
BRIEF = Brief(product="Tea Kettle", facts=FACTS, languages=["en", "de", "fr"])
FINE = Review(verdict="fine", remark="")


def test_remarks_lead_to_a_new_draft() -> None:
    models = {
        "draft": lambda product, facts, remarks: "A calm kettle." if remarks else "The best kettle of all!",
        "check_claims": FINE,
        "check_tone": lambda text: Review(verdict="revise", remark="no superlatives") if "best" in text else FINE,
        "translate": lambda text, language: f"{language}: {text}",
    }
    with script(prompts=models) as run:
        done = launch(BRIEF)
    assert (done.remarks, done.pages) == (["no superlatives"], ["/en/tea-kettle", "/de/tea-kettle", "/fr/tea-kettle"])
    assert done.revisions == 1
    assert run.emitted == [("launched", {"product": "Tea Kettle", "pages": 3})]


def test_a_text_that_does_not_pass_is_not_published() -> None:
    models = {"check_claims": Review(verdict="revise", remark="no proof"), "check_tone": FINE}
    with script(prompts=models) as run, pytest.raises(NotPublished, match="Tea Kettle: no proof"):
        launch(BRIEF)
    names = [call.name for call in run.calls]
    assert (names.count("draft"), names.count("check_claims"), names.count("publish")) == (3, 3, 0)


def test_only_languages_of_the_brief_are_published() -> None:
    with script():
        assert launch(BRIEF.model_copy(update={"languages": ["fr"]})).pages == ["/fr/tea-kettle"]


def _fails_for_french(address: str, page: Page) -> str:
    if page.language == "fr":
        raise OSError("the site is away")
    return address


def test_a_page_whose_answer_was_lost_is_taken_down_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "function", _fails_for_french)
    with script() as run, pytest.raises(NotPublished, match=r"Tea Kettle: the site is away$"):
        launch(BRIEF)
    taken = [call.arguments["address"] for call in run.calls if call.name == "take_down"]
    assert taken == ["/fr/tea-kettle", "/de/tea-kettle", "/en/tea-kettle"]


def test_a_page_that_cannot_be_taken_down_is_named_and_keeps_no_other_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def sticks(address: str) -> str:
        asked.append(address)
        if address.startswith("/de/"):
            raise OSError("locked")
        return address

    monkeypatch.setattr(publish, "function", _fails_for_french)
    monkeypatch.setattr(take_down, "function", sticks)
    with script(), pytest.raises(NotPublished, match=r"the site is away; still there: /de/tea-kettle$"):
        launch(BRIEF)
    assert asked == ["/fr/tea-kettle", *["/de/tea-kettle"] * 5, "/en/tea-kettle"]


def test_a_page_that_is_refused_takes_the_others_back() -> None:
    with script() as run, pytest.raises(NotPublished, match="Tea Kettle: no pages in tlh"):
        launch(BRIEF.model_copy(update={"languages": ["en", "de", "tlh"]}))
    taken = [call.arguments["address"] for call in run.calls if call.name == "take_down"]
    assert taken == ["/tlh/tea-kettle", "/de/tea-kettle", "/en/tea-kettle"]
    assert run.emitted == []


# --- human in the loop -------------------------------------------------------------------------------------------

CLAIM = Claim(employee="Ada", manager="Grace", cents=42050, reason="Train to the customer and a hotel.")
CALM = {"assess": Assessment(risk="low", summary="usual")}


def test_a_small_claim_asks_nobody() -> None:
    with script(prompts=CALM):
        outcome = reimburse(CLAIM.model_copy(update={"cents": 1200}))
    assert (outcome.status, outcome.cents, outcome.asked) == ("paid", 1200, [])


def test_a_small_claim_of_high_risk_asks() -> None:
    models = {"assess": Assessment(risk="high", summary="a gift")}
    with script(prompts=models, approvals=[reject("no gifts", by="grace")]):
        outcome = reimburse(CLAIM.model_copy(update={"cents": 1200}))
    assert (outcome.status, outcome.decided_by, outcome.comment) == ("refused", "grace", "no gifts")


def test_the_manager_pays_a_part() -> None:
    with script(prompts=CALM, approvals=[approve(by="grace", answer=Terms(cost_centre="R1", at_most_cents=40000))]):
        outcome = reimburse(CLAIM)
    assert (outcome.status, outcome.cents, outcome.asked) == ("paid", 40000, ["Grace"])


def test_a_yes_without_the_form_is_a_yes() -> None:
    with script(prompts=CALM, approvals=[approve(by="grace")]) as run:
        outcome = reimburse(CLAIM)
    assert (outcome.status, outcome.cents, outcome.decided_by) == ("paid", 42050, "grace")
    assert [call.arguments["cost_centre"] for call in run.calls if call.name == "pay"] == ["not named"]


def test_a_silent_manager_is_passed_over_after_a_day() -> None:
    answers = [no_answer(), approve(by="finn", answer=Terms(cost_centre="R1"))]
    with script(prompts=CALM, approvals=answers) as run:
        outcome = reimburse(CLAIM)
    assert (outcome.status, outcome.cents, outcome.decided_by) == ("paid", 42050, "finn")
    assert outcome.asked == ["Grace", "finance"]
    assert run.clock >= 24 * 3600


def test_nobody_answers() -> None:
    with script(prompts=CALM, approvals=[no_answer(), no_answer()]) as run:
        outcome = reimburse(CLAIM)
    assert (outcome.status, outcome.comment) == ("refused", "nobody answered")
    assert run.clock >= 2 * 24 * 3600


# --- multi-agent -------------------------------------------------------------------------------------------------

QUESTION = "Why did steam engines need less coal after the separate condenser?"


def choices(*asked: list[str]) -> object:
    rest = iter(asked)
    return lambda question, findings, free: Choice(ask=next(rest), brief=f"about {free[0]}")  # type: ignore[arg-type]


def test_three_specialists_are_heard_and_one_finding_is_dropped() -> None:
    models = {
        "supervise": choices(["engineer", "economist"], ["historian"]),
        "ask_engineer": "A separate condenser keeps the cylinder hot.",
        "ask_economist": "It rained.",
        "ask_historian": "Watt's separate condenser saved three quarters of the coal.",
        "criticise": lambda question, finding: Critique(keep="condenser" in finding, reason=""),
        "write_answer": lambda question, findings: findings,
    }
    with script(prompts=models) as run:
        dossier = research(QUESTION)
    assert [call.name for call in run.calls if call.name == "supervise"] == ["supervise"] * 2, "two were asked at once"
    assert [note.author for note in dossier.notes] == ["engineer", "historian"]
    assert dossier.dropped == 1
    assert dossier.answer.startswith("engineer: A separate condenser")
    assert dossier.notes[0].confidence == 1.0


def test_no_more_are_asked_than_may_be() -> None:
    models = {"supervise": choices(["engineer", "historian", "economist"])}
    with script(prompts=models) as run:
        research(QUESTION, most=2)
    assert [call.name for call in run.calls if call.name.startswith("ask_")] == ["ask_historian", "ask_economist"]


@pytest.mark.parametrize(("keep", "finding"), [(False, "A separate condenser."), (True, "It rained all summer.")])
def test_what_does_not_hold_is_no_answer(keep: bool, finding: str) -> None:
    models = {
        "supervise": choices(["engineer"], []),
        "ask_engineer": finding,
        "criticise": Critique(keep=keep, reason=""),
    }
    with script(prompts=models) as run:
        dossier = research(QUESTION)
    assert (dossier.answer, dossier.notes, dossier.dropped) == ("No finding holds.", [], 1)
    assert "write_answer" not in [call.name for call in run.calls]


def test_the_archive_gives_what_shares_a_word_with_the_question() -> None:
    assert look_up("historian", "What did steam replace in mines?").startswith(
        "Newcomen's engine of 1712 drained mines."
    )
    assert (
        look_up("engineer", "Steam?") == "A steam engine turns heat into work by letting steam expand behind a piston."
    )


def test_nobody_is_asked_twice_and_naming_nobody_new_ends_it() -> None:
    models = {"supervise": choices(["engineer", "engineer"], ["engineer"])}
    with script(prompts=models) as run:
        research(QUESTION)
    assert [call.name for call in run.calls if call.name.startswith("ask_")] == ["ask_engineer"]


def test_a_supervisor_that_names_nobody_at_first_does_not_end_it() -> None:
    with script(prompts={"supervise": choices([], [])}) as run:
        research(QUESTION)
    assert [call.name for call in run.calls if call.name.startswith("ask_")] == ["ask_historian"]


def test_the_stand_in_answers_every_pattern() -> None:
    with script(approvals=[approve(answer=Terms(cost_centre="R1")) for _ in range(2)]):
        assert take_in(LETTER).cents == Cents(net=10000, tax=1900, total=11900)
        ingest()
        assert ask("What makes bodies emit light?").sources
        assert launch(BRIEF).pages
        assert reimburse(CLAIM).status == "paid"
        assert research(QUESTION).answer
