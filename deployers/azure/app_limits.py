"""What an app may ask for that Azure does not have: refused, kept in another way and said so, or left to people."""

from __future__ import annotations

from collections.abc import Iterator

from skyloom.deployers.azure.kinds import APP_TAG, ENVIRONMENT_TAG, KEEP_TAG, NAME_TAG
from skyloom.deployers.azure.resources.layout import FEWEST_INSTANCES, Layout, at_once, tag_name
from skyloom.deployers.azure.resources.logs import FEWEST_DAYS, MOST_DAYS, kept_days
from skyloom.deployers.azure.resources.queues import own_queues
from skyloom.deployers.azure.resources.words import MAIN, MODEL_USER
from skyloom.deployers.azure.services_package import route_problems
from skyloom.deployers.functions import AskModel
from skyloom.errors import Diagnostic
from skyloom.flows.outcome import Json
from skyloom.flows.triggers import Iam

_MOST_TAGS = 50
"""https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations"""
_OWN_TAGS = (APP_TAG, ENVIRONMENT_TAG, NAME_TAG, KEEP_TAG)
_TAKEN = ("microsoft", "azure", "windows")
"""How the names of tags cannot begin."""
_OWN_QUEUES = "skyloom-"
_MAILS_AN_HOUR = 10
"""From a domain of Azure's own.
https://learn.microsoft.com/azure/communication-services/concepts/service-limits#rate-limits-for-email"""

MOST_RESOURCES, MOST_VARIABLES, MOST_BYTES = 800, 256, 4 * 1024 * 1024
"""https://learn.microsoft.com/azure/azure-resource-manager/templates/best-practices#template-limits"""


def refusals(layout: Layout) -> Iterator[Diagnostic]:
    """SKY751: what there is no exact way to."""
    for _, message, hint in route_problems(layout.app):
        yield layout.problem("SKY751", message, hint)
    taken = {name.lower() for name in own_queues(layout)}
    for queue in layout.own_queues:
        if queue.name.startswith(_OWN_QUEUES) or queue.name in taken:
            message = f"queue `{queue.name}`: the app has queues of its own that are called so"
            yield layout.problem("SKY751", message, "give it another name")
    yield from _tags(layout)


def _tags(layout: Layout) -> Iterator[Diagnostic]:
    """Names of tags are the same in capitals and small letters."""
    found: dict[str, str] = dict.fromkeys(_OWN_TAGS, "one of Skyloom's own")
    given = layout.app.tags_in(layout.parts.environment)
    for name in given:
        plain = tag_name(name).lower()
        if plain in found:
            message = f"the tag `{name}` has in Azure the name of {found[plain]}"
            yield layout.problem("SKY751", message, "rename it")
        elif plain.startswith(_TAKEN):
            message = f"the tag `{name}` begins like those of Azure's own"
            yield layout.problem("SKY751", message, f"begin it with something else than {', '.join(_TAKEN)}")
        found[plain] = f"`{name}`"
    if len(given) + len(_OWN_TAGS) > _MOST_TAGS:
        message = f"{len(given)} tags are too many: a resource has {_MOST_TAGS}, and {len(_OWN_TAGS)} are Skyloom's"
        yield layout.problem("SKY751", message, f"leave {len(given) + len(_OWN_TAGS) - _MOST_TAGS} out")


def advice(layout: Layout) -> Iterator[Diagnostic]:
    """SKY752: what is kept in another way; SKY754: what is left to people."""
    yield from _settings(layout)
    for name in layout.app.tags_in(layout.parts.environment):
        if tag_name(name) != name:
            hint = "names of tags hold none of < > % & \\ ? /"
            yield layout.problem("SKY752", f"the tag `{name}` is called `{tag_name(name)}`", hint)
    if layout.mails:
        message = f"approvals are asked for in {_MAILS_AN_HOUR} mails an hour at most"
        hint = "that is what Azure sends from a domain of its own; add a `WebhookNotifier` where it may be more"
        yield layout.problem("SKY752", message, hint)
    yield from _left(layout)


def _settings(layout: Layout) -> Iterator[Diagnostic]:
    settings = layout.settings
    scale = at_once(settings.concurrency)
    if settings.concurrency is not None and scale.instances > settings.concurrency:
        message = f"a function may run {scale.instances} times at once, not {settings.concurrency}"
        yield layout.problem("SKY752", message, f"a function app has {FEWEST_INSTANCES} instances at least to grow to")
    if settings.architecture == "arm64":
        message = f"functions in {layout.parts.environment} run on x86-64, not on arm64"
        yield layout.problem("SKY752", message, "Flex Consumption plans have no other processor")
    days = kept_days(settings.log_days)
    if days != settings.log_days:
        message = f"logs are kept for {days} days, not {settings.log_days}"
        yield layout.problem("SKY752", message, f"Azure keeps them for {FEWEST_DAYS} to {MOST_DAYS}")


def _left(layout: Layout) -> Iterator[Diagnostic]:
    if any(isinstance(trigger.auth, Iam) for trigger in layout.https):
        audience = f"api://<tenant id>/{layout.prefix}"
        message = f"routes with `Iam()` answer whom an app registration with the identifier {audience} lets in"
        hint = "somebody makes it once, with an app role `skyloom.start`: see docs/azure.md"
        yield layout.problem("SKY754", message, hint)
    who = layout.identity(MAIN).names[0]
    for provider in sorted({one.provider for one in layout.permissions(MAIN) if isinstance(one, AskModel)}):
        place = layout.parts.models.get(provider)
        if place is not None or provider in layout.parts.elsewhere:
            at = place or "<the id of its resource>"
            message = f"provider `{provider}`: the identity `{who}` needs the role `{MODEL_USER.name}` there"
            hint = f"once: az role assignment create --role '{MODEL_USER.name}' --assignee <its id> --scope {at}"
            yield layout.problem("SKY754", message, hint)


def too_large(layout: Layout, template: Json, size: int) -> Iterator[Diagnostic]:
    """SKY753: what one template does not hold. `size` is that of its text in bytes."""
    counted = (
        (len(template["resources"]), MOST_RESOURCES, "resources"),
        (len(template["variables"]), MOST_VARIABLES, "variables"),
        (size, MOST_BYTES, "bytes"),
    )
    for found, most, what in counted:
        if found > most:
            message = f"the app needs {found} {what}; a template of Azure's holds {most}"
            hint = "divide the app, or let tasks share what they may do: each set of permissions is a function app"
            yield layout.problem("SKY753", message, hint)
