"""approval: people decide, or time does."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from skyloom.conformance.case import call, case
from skyloom.flows import ApprovalTimedOut, FlowError, approval, flow, hours, task
from skyloom.flows.testing import approve, no_answer, reject


class Draft(BaseModel):
    title: str
    words: int = 0


class Address(BaseModel):
    street: str
    number: int = 1
    note: str | None = None


@task
def publish(title: str) -> str:
    return f"published {title}"


@flow
def ask(title: str) -> str:
    decision = approval(f"Publish {title}?")
    if decision.approved:
        return publish(title)
    return f"rejected: {decision.comment or 'no reason'}"


@flow
def shows_a_model(draft: Draft) -> list[Any]:
    decision = approval("Fine?", show=draft, to="editors", timeout=hours(1))
    return [decision.approved, decision.comment, decision.by]


@flow
def in_the_condition() -> str:
    if approval("Really?").approved and approval("Really, really?").approved:
        return "yes"
    return "no"


@flow
def default_decides(default: bool) -> list[Any]:
    decision = approval("Anyone?", timeout=0.15, default=default)
    return [decision.approved, decision.comment, decision.by]


@flow
def default_not_needed() -> list[Any]:
    decision = approval("Anyone?", timeout=30, default=False, show=[1, {"a": None}])
    return [decision.approved, decision.comment, decision.by]


@flow
def times_out() -> str:
    decision = approval("Send it?", timeout=0.15)
    return "yes" if decision.approved else "no"


@flow
def time_out_caught(how: str) -> str:
    try:
        approval("Send it?", timeout=0.15)
    except ApprovalTimedOut as error:
        if how == "reraise":
            raise
        return f"caught: {error}"
    return "answered"


@flow
def time_out_is_a_timeout_error() -> str:
    try:
        try:
            approval("One?", timeout=0.1)
        except TimeoutError:
            publish("one")
        approval("Two?", timeout=0.1)
    except FlowError as error:
        return type(error).__name__
    return "answered"


@flow
def form() -> str:
    decision = approval("Where to?", form=Address)
    if not decision.approved:
        return "nowhere"
    if decision.answer is None:
        return "unknown"
    return f"{decision.answer.street} {decision.answer.number} {decision.answer.note}"


@flow
def several_rounds(limit: int) -> list[str]:
    comments: list[str] = []
    for i in range(limit):
        decision = approval(f"Round {i}?", show={"round": i, "comments": [*comments]})
        if decision.approved:
            comments.append("done")
            break
        comments.append(decision.comment)
    return comments


@flow
def one_for_each(names: list[str]) -> list[str]:
    decisions = [approval(f"{name}?") for name in names]
    return [f"{name} {d.approved}" for name, d in zip(names, decisions)]


@flow
def sub_approval(title: str) -> bool:
    return approval(f"Sub {title}?").approved


@flow
def in_a_sub_flow() -> str:
    return "yes" if sub_approval("x") and not sub_approval("y") else "no"


CASES = [
    case(
        ask,
        {"title": "News"},
        result="published News",
        calls=[call("publish", title="News")],
        approvals=[True],
        name="approved",
    ),
    case(
        ask,
        {"title": "News"},
        result="rejected: too long",
        calls=[],
        approvals=[reject("too long", by="ann")],
        name="rejected",
    ),
    case(ask, {"title": "News"}, result="rejected: no reason", calls=[], approvals=[False], name="no-reason"),
    case(
        shows_a_model,
        {"draft": {"title": "é😀", "words": 3}},
        result=[True, "well done", "ann"],
        approvals=[approve("well done", by="ann", after=0.05)],
    ),
    case(in_the_condition, result="yes", approvals=[True, True], name="both"),
    # The second question is never asked.
    case(in_the_condition, result="no", approvals=[False], name="first"),
    case(default_decides, {"default": True}, result=[True, "timed out", ""], approvals=[no_answer()], name="yes"),
    case(default_decides, {"default": False}, result=[False, "timed out", ""], approvals=[no_answer()], name="no"),
    case(default_not_needed, result=[True, "ok", "tester"], approvals=[approve("ok")]),
    case(times_out, error=("ApprovalTimedOut", "nobody decided within 0.15 s: Send it?"), approvals=[no_answer()]),
    case(
        time_out_caught,
        {"how": "catch"},
        result="caught: nobody decided within 0.15 s: Send it?",
        approvals=[no_answer()],
        name="caught",
    ),
    case(
        time_out_caught,
        {"how": "reraise"},
        error=("ApprovalTimedOut", "nobody decided within 0.15 s: Send it?"),
        approvals=[no_answer()],
        name="reraised",
    ),
    case(time_out_is_a_timeout_error, result="ApprovalTimedOut", approvals=[no_answer(), no_answer()]),
    case(
        form,
        result="High Street 7 None",
        approvals=[approve(answer={"street": "High Street", "number": 7})],
        name="filled",
    ),
    case(
        form,
        result="Quay 1 ring twice",
        approvals=[approve(answer={"street": "Quay", "note": "ring twice"})],
        name="defaults",
    ),
    case(form, result="nowhere", approvals=[False], name="rejected"),
    case(form, result="unknown", approvals=[True], name="not-filled"),
    case(
        several_rounds,
        {"limit": 5},
        result=["longer", "shorter", "done"],
        approvals=[reject("longer"), reject("shorter"), True],
    ),
    case(several_rounds, {"limit": 1}, result=["no"], approvals=[reject("no")], name="used-up"),
    case(one_for_each, {"names": ["a", "b"]}, result=["a True", "b True"], approvals=[True, True]),
    case(in_a_sub_flow, result="yes", approvals=[True, False]),
]
