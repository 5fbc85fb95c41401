"""examples/ticket_triage as an orchestrator written by hand: drafts in one wave, their rates in another."""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import timedelta
from typing import Any

from benchmarks.azure_by_hand.calls import call, value


def orchestrator(context: Any) -> Generator[Any, Any, str]:
    """From ticket to reply."""
    ticket = context.get_input()["ticket"]
    kind = value((yield call(context, "prompt", "triage", ticket=ticket)))
    found = yield context.task_all(
        [
            call(context, "task", "search_articles", topic=kind["topic"], text=ticket["body"]),
            call(context, "task", "load_history", customer=ticket["customer"]),
        ]
    )
    articles, history = map(value, found)
    if not articles:
        return json.dumps(_reply(ticket, "unanswered", "", f"no article about {kind['topic']}"))
    asked = [call(context, "prompt", "draft_answer", ticket=ticket, article=a, history=history) for a in articles]
    texts = map(value, (yield context.task_all(asked)))
    rated = [
        call(context, "task", "rate", ticket=ticket, article=article, text=text)
        for article, text in zip(articles, texts, strict=True)
    ]
    best = max(map(value, (yield context.task_all(rated))), key=lambda draft: draft["confidence"])
    if kind["urgency"] == "high":
        decision = yield from _decided(context, ticket, best)
        if not decision["approved"]:
            return json.dumps(_reply(ticket, "rejected", "", decision["comment"]))
    message = value((yield call(context, "task", "send", ticket=ticket, text=best["text"])))
    return json.dumps(_reply(ticket, "sent", best["text"], message))


def _decided(context: Any, ticket: Any, best: Any) -> Generator[Any, Any, Any]:
    """The decision of the support leads."""
    asked = {
        "kind": "approval",
        "execution": context.instance_id,
        "token": "approval",
        "message": f"Send this answer to {ticket['customer']}?",
        "show": best,
        "to": "support-leads",
    }
    yield context.call_activity("skyloom_waits", json.dumps(asked))
    decided = context.wait_for_external_event("approval")
    late = context.create_timer(context.current_utc_datetime + timedelta(hours=24))
    if (yield context.task_any([decided, late])) == late:
        return {"approved": False, "comment": "", "by": None, "answer": None}
    late.cancel()
    told = json.loads(decided.result) if isinstance(decided.result, str) else decided.result
    return told["value"]


def _reply(ticket: Any, status: str, text: str, reason: str) -> dict[str, str]:
    return {"ticket": ticket["id"], "status": status, "text": text, "reason": reason}
