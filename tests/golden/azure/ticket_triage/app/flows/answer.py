"""The flow answer of ticket_triage.py, as an orchestrator. Generated."""

from skyloom.adapters.hosts.durable import arguments, as_float, fields, flow, orchestrated, prompt, task

DRAFT_ANSWER = prompt("draft_answer", 300)
RATE = task("rate", 300)
TRIAGE = prompt("triage", 300)
SEARCH_ARTICLES = task("search_articles", 60, attempts=4, delay=0.2, on=("ArticlesUnavailable",))
LOAD_HISTORY = task("load_history", 300)
SEND = task("send", 300, attempts=3)
as_draft = fields(confidence=as_float)


@flow("answer_draft", returns=as_draft)
def answer_draft(run, ticket, article, history):
    """Writes one draft and rates it."""
    # ticket_triage.py:100
    _draft_answer = yield from run.call(
        "draft_answer",
        DRAFT_ANSWER.carried("reference"),
        ticket=ticket,
        article=article,
        history=history,
    )
    # ticket_triage.py:100
    return (yield from run.call("rate", RATE, ticket=ticket, article=article, text=_draft_answer))


@flow("answer")
def answer(run, ticket):
    """From ticket to reply."""
    kind = yield from run.call("triage", TRIAGE, ticket=ticket)  # ticket_triage.py:106
    # ticket_triage.py:107
    articles, history = yield from run.parallel(
        "parallel",
        lambda run: run.call(
            "search_articles",
            SEARCH_ARTICLES.carried("reference", {}),
            topic=kind["topic"],
            text=ticket["body"],
        ),
        lambda run: run.call("load_history", LOAD_HISTORY.carried("reference", {}), customer=ticket["customer"]),
    )
    if not articles:  # ticket_triage.py:108
        # ticket_triage.py:109
        return {
            "ticket": ticket["id"],
            "status": "unanswered",
            "text": "",
            "reason": f'no article about {kind["topic"]}',
        }
    # ticket_triage.py:110
    drafts = yield from run.map(
        "answer_draft_map",
        articles,
        lambda run, article: run.flow("answer_draft", answer_draft, ticket=ticket, article=article, history=history),
        limit=4,
    )
    best = max(drafts, key=lambda draft: draft["confidence"])  # ticket_triage.py:111
    if kind["urgency"] == "high":  # ticket_triage.py:112
        # ticket_triage.py:113
        decision = yield from run.approval(
            "approval",
            f'Send this answer to {ticket["customer"]}?',
            show=best,
            to="support-leads",
            timeout=86400.0,
            default=False,
        )
        if not decision["approved"]:  # ticket_triage.py:116
            # ticket_triage.py:117
            return {"ticket": ticket["id"], "status": "rejected", "text": "", "reason": decision["comment"]}
    message = yield from run.call("send", SEND, ticket=ticket, text=best["text"])  # ticket_triage.py:118
    return {"ticket": ticket["id"], "status": "sent", "text": best["text"], "reason": message}  # ticket_triage.py:119


def orchestrator(context):
    """The orchestrator: a generator of tasks of Durable."""
    given = arguments(context)
    return (yield from orchestrated(context, answer, ticket=given["ticket"]))
