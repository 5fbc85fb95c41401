"""The ticket flow as plain Python, with scripted models and people."""

from ticket_triage import Draft, Reply, Ticket, Triage, answer

from skyloom.flows.testing import approve, no_answer, reject, script

LATE = Ticket(id="T-1", customer="Ada", subject="late", body="The tracking number of my parcel has not moved.")


def test_a_calm_ticket_is_answered_without_a_person() -> None:
    models = {"triage": Triage(urgency="low", topic="delivery"), "draft_answer": "Your tracking number tells."}
    with script(prompts=models) as run:
        reply = answer(LATE)
    assert reply.status == "sent"
    assert reply.text == "Your tracking number tells."
    assert [call.name for call in run.calls if call.kind == "task"] == [
        "search_articles",
        "load_history",
        "rate",
        "rate",
        "send",
    ]


def test_an_urgent_answer_goes_out_when_a_person_approves() -> None:
    models = {"triage": Triage(urgency="high", topic="billing"), "draft_answer": "We return the money."}
    with script(prompts=models, approvals=[approve("go")]) as run:
        reply = answer(LATE)
    assert reply.status == "sent"
    asked = next(call for call in run.calls if call.kind == "approval")
    assert asked.name == "Send this answer to Ada?"
    assert Draft.model_validate(asked.arguments["show"]).text == "We return the money."


def test_a_rejected_answer_is_not_sent() -> None:
    models = {"triage": Triage(urgency="high", topic="billing"), "draft_answer": "No."}
    with script(prompts=models, approvals=[reject("too short")]) as run:
        assert answer(LATE) == Reply(ticket="T-1", status="rejected", reason="too short")
    assert "send" not in [call.name for call in run.calls]


def test_nobody_answers_for_a_day() -> None:
    models = {"triage": Triage(urgency="high", topic="billing"), "draft_answer": "No."}
    with script(prompts=models, approvals=[no_answer()]) as run:
        assert answer(LATE).reason == "timed out"
    assert run.clock >= 24 * 3600


def test_the_offline_model_tells_the_two_tickets_apart() -> None:
    with script(approvals=[approve()]) as run:
        reply = answer(LATE)
    assert reply.status in ("sent", "unanswered")
    assert run.calls[0].name == "triage"
