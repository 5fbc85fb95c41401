"""What an app may ask for that Google Cloud does not have: it is refused, or kept in another way and said so."""

from __future__ import annotations

from collections.abc import Iterator

from skyloom.deployers.gcp.limits import ARGUMENT
from skyloom.deployers.gcp.regions import REGION_HINT, is_region, no_region
from skyloom.deployers.gcp.resources.gateway import guarded
from skyloom.deployers.gcp.resources.layout import Layout
from skyloom.deployers.gcp.resources.services import webhook_function
from skyloom.deployers.gcp.resources.topics import FEWEST_ATTEMPTS, FILTER_BYTES, MOST_ATTEMPTS, within_limits
from skyloom.deployers.gcp.resources.triggers import NoSuchSchedule, audiences, expression, written_input
from skyloom.errors import Diagnostic
from skyloom.flows.triggers import Jwt, Public


def refusals(layout: Layout) -> Iterator[Diagnostic]:
    """What cannot be deployed, and SKY741: what there is no exact way to."""
    region = layout.settings.region
    if region is not None and not is_region(region):
        yield layout.problem("SKY728", no_region(region), REGION_HINT)
    yield from _names_that_meet(layout)
    yield from _audiences(layout)
    yield from _inputs(layout)
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


def _audiences(layout: Layout) -> Iterator[Diagnostic]:
    """Notifiers are told apart by filters, which have a largest length."""
    for secret in layout.hooks if layout.tells else ():
        if len((audiences(layout, secret) or "").encode()) > FILTER_BYTES:
            message = (
                f"a filter of Pub/Sub has {FILTER_BYTES} bytes: the webhook `{secret}` tells too many audiences apart"
            )
            yield layout.problem("SKY741", message, "give audiences shorter names, or several of them one webhook")


def _names_that_meet(layout: Layout) -> Iterator[Diagnostic]:
    """SKY727: functions of tasks and prompts that are called as one of the services is."""
    own = {group.key: (*group.tasks, *group.prompts) for group in layout.parts.groups}
    webhooks = {webhook_function(secret): secret for secret in layout.hooks}
    for key in sorted(own.keys() & webhooks.keys()):
        message = f"the function of `{', '.join(own[key])}` and that of the webhook `{webhooks[key]}` are both `{key}`"
        yield layout.problem("SKY727", message, "give the task, or the secret of the webhook, another name")


def _inputs(layout: Layout) -> Iterator[Diagnostic]:
    """SKY765: inputs that no run takes."""
    for schedule in layout.schedules:
        size = len(written_input(schedule).encode())
        if size > ARGUMENT.value:
            message = f"the schedule of `{schedule.flow.name}` has an input of {size:,} bytes; a run takes {ARGUMENT}"
            yield layout.problem("SKY765", message, "let the flow read it from a bucket, or from a task")


def advice(layout: Layout) -> Iterator[Diagnostic]:
    """SKY742: what is kept in another way."""
    if layout.settings.architecture == "arm64":
        message = f"functions in {layout.parts.environment} run on x86-64, not on arm64"
        yield _kept(layout, message, "Cloud Run functions have no other processor")
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
    return layout.problem("SKY741", message, hint)


def _kept(layout: Layout, message: str, hint: str) -> Diagnostic:
    return layout.problem("SKY742", message, hint)
