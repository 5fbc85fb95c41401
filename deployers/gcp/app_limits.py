"""What an app may ask for that Google Cloud does not have: it is refused, or kept in another way and said so."""

from __future__ import annotations

from collections.abc import Iterator

from skyloom.deployers.gcp.resources.gateway import guarded
from skyloom.deployers.gcp.resources.layout import Layout
from skyloom.deployers.gcp.resources.topics import FEWEST_ATTEMPTS, MOST_ATTEMPTS, within_limits
from skyloom.deployers.gcp.resources.triggers import NoSuchSchedule, expression
from skyloom.errors import Diagnostic, Span
from skyloom.flows.triggers import Jwt, Public


def refusals(layout: Layout) -> Iterator[Diagnostic]:
    """SKY741: what there is no exact way to."""
    for schedule in layout.schedules:
        try:
            expression(schedule)
        except NoSuchSchedule as problem:
            message = (
                f"Cloud Scheduler cannot start `{schedule.flow.name}` {problem}: it counts within the hour or the day"
            )
            yield _refused(
                layout, message, "choose minutes that divide an hour, hours that divide a day, or write `cron`"
            )
    for trigger in guarded(layout):
        if isinstance(trigger.auth, Jwt) and trigger.auth.scopes:
            message = f"API Gateway checks no scopes: `{trigger.path}` wants {', '.join(trigger.auth.scopes)}"
            yield _refused(layout, message, "give the route an audience of its own, and leave `scopes` out")
    for notifier in layout.emails:
        if notifier.approvals and layout.asks:
            message = f"Google Cloud sends no mail of its own making: {notifier.address} would hear of no approval"
            yield _refused(layout, message, "add `approvals=False`, and a `WebhookNotifier` for whoever decides")


def advice(layout: Layout) -> Iterator[Diagnostic]:
    """SKY742: what is kept in another way."""
    for queue in layout.queues.values():
        kept = within_limits(queue.attempts)
        if kept != queue.attempts:
            message = f"queue `{queue.name}`: a message is tried {kept} times, not {queue.attempts}"
            yield _kept(layout, message, f"Pub/Sub tries {FEWEST_ATTEMPTS} to {MOST_ATTEMPTS} times")
    for trigger in guarded(layout):
        if isinstance(trigger.auth, Public):
            message = f"`{trigger.path}`: at most {trigger.auth.burst} requests at once, but any number a second"
            yield _kept(layout, message, "API Gateway counts the requests of callers with a key only")


def _refused(layout: Layout, message: str, hint: str) -> Diagnostic:
    return _diagnostic(layout, "SKY741", message, hint)


def _kept(layout: Layout, message: str, hint: str) -> Diagnostic:
    return _diagnostic(layout, "SKY742", message, hint)


def _diagnostic(layout: Layout, code: str, message: str, hint: str) -> Diagnostic:
    """Where the app was written is as near as its triggers and notifiers can be told."""
    written = layout.app.written
    if written is None:
        return Diagnostic(code, message, layout.app.name, hint=hint)
    return Diagnostic(code, message, written.file, Span(written.line, 1, written.line, 1), hint)
