"""The flow answer_draft of ticket_triage.py, as an orchestrator. Generated."""

from skyloom.adapters.hosts.durable import arguments, as_float, fields, flow, orchestrated, prompt, task

DRAFT_ANSWER = prompt("draft_answer", 300)
RATE = task("rate", 300)
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


def orchestrator(context):
    """The orchestrator: a generator of tasks of Durable."""
    given = arguments(context)
    return (
        yield from orchestrated(
            context,
            answer_draft,
            ticket=given["ticket"],
            article=given["article"],
            history=given["history"],
        )
    )
