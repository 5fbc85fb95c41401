"""Alarms: when a run fails, a function breaks, or something is left lying; and who hears of them."""

from __future__ import annotations

from collections.abc import Iterator

from skyloom.deployers.azure.resources.arm import Address, Expression, Json, Resources, call, literal, value
from skyloom.deployers.azure.resources.identities import ALARMS, grant, has_identity, identity
from skyloom.deployers.azure.resources.layout import Layout
from skyloom.deployers.azure.resources.names import plain_name
from skyloom.deployers.azure.resources.permissions import secret_address
from skyloom.deployers.azure.resources.words import SECRETS_USER
from skyloom.deployers.declared import merged
from skyloom.flows.resources import WebhookNotifier

_SOON, _LATER, _LATEST = "PT5M", "PT15M", "PT1H"
"""How often metrics and logs are looked at, and how late a line of a log may come. A look at logs costs more."""
FAILED_RUNS = (
    "AppTraces | where ingestion_time() > ago(15m)"
    ' | where Properties.Category == "Host.Triggers.DurableTask"'
    ' | where Properties.prop__functionType == "Orchestrator" and Properties.prop__state == "Failed"'
    " | summarize count() by tostring(Properties.prop__functionName), tostring(Properties.prop__instanceId)"
)
"""Every run that failed, once: what came in since the last look, whenever it was written.
https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-diagnostics#application-insights"""
_TRIGGER = "alarm"


def alarms(layout: Layout) -> Resources:
    """Every alarm, and the group of those who hear of it."""
    watched = [_broken(layout), _failed(layout), *_letters(layout)]
    return merged(_group(layout), *_posts(layout), *watched)


# --- who hears of them ----------------------------------------------------------------------------------------------


def _group(layout: Layout) -> Resources:
    addresses = dict.fromkeys(one.address for one in layout.emails if one.alarms)
    mails = [
        {"name": f"mail {number}", "emailAddress": address, "useCommonAlertSchema": True}
        for number, address in enumerate(addresses, start=1)
    ]
    posts = [
        {
            "name": f"web {notifier.url.name}",
            "resourceId": value(_workflow(layout, notifier).id),
            "callbackUrl": value(_callback(layout, notifier)),
            "useCommonAlertSchema": True,
        }
        for notifier in _webhooks(layout)
    ]
    properties = {
        # At most twelve characters: it begins every text message. https://learn.microsoft.com/azure/azure-monitor/alerts/action-groups
        "groupShortName": layout.app.name[:12],
        "enabled": True,
        "emailReceivers": mails,
        "logicAppReceivers": posts,
    }
    return layout.made(layout.action_group, "alarms", properties)


def _webhooks(layout: Layout) -> list[WebhookNotifier]:
    return list({one.url.name: one for one in layout.webhooks if one.alarms}.values())


def _workflow(layout: Layout, notifier: WebhookNotifier) -> Address:
    return Address("Microsoft.Logic/workflows", (plain_name(f"{layout.prefix}-{notifier.url.name}", 43),))


def _callback(layout: Layout, notifier: WebhookNotifier) -> Expression:
    trigger = call("resourceId", "Microsoft.Logic/workflows/triggers", *_workflow(layout, notifier).names, _TRIGGER)
    return Expression(f"listCallbackUrl({trigger.text}, {literal('2019-05-01')}).value")


def _posts(layout: Layout) -> Iterator[Resources]:
    """What posts alarms to the address in a secret. It has no part in the app: it works when the app is broken, and an
    action group would hold the address where everybody can read it."""
    found = _webhooks(layout)
    if found:
        yield identity(layout, ALARMS)
    for notifier in found:
        name = notifier.url.name
        properties = {"state": "Enabled", "definition": _definition(layout, notifier)}
        yield layout.made(_workflow(layout, notifier), name, properties, identity=has_identity(layout, ALARMS))
        yield grant(layout, ALARMS, SECRETS_USER, layout.secret(name), f"reads the secret {name}")


def _definition(layout: Layout, notifier: WebhookNotifier) -> Json:
    """https://learn.microsoft.com/azure/logic-apps/logic-apps-workflow-definition-language"""
    essentials = "triggerBody()?['data']?['essentials']"
    told = (
        f"@{{{essentials}?['alertRule']}} is @{{{essentials}?['monitorCondition']}}: @{{{essentials}?['description']}}"
    )
    read = {
        "method": "GET",
        "uri": value(secret_address(layout, notifier.url.name)),
        "queries": {"api-version": "7.4"},
        "authentication": {
            "type": "ManagedServiceIdentity",
            "identity": value(layout.acts(ALARMS).id),
            "audience": "https://vault.azure.net",
        },
    }
    post = {
        "method": "POST",
        "uri": "@{body('address')['value']}",
        "headers": {"Content-Type": "application/json"},
        "body": {"text": told, "app": layout.app.name, "environment": layout.parts.environment},
    }
    request = {"type": "Request", "kind": "Http", "inputs": {"schema": {}}}
    return {
        "$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {},
        "triggers": {_TRIGGER: request},
        "actions": {
            "address": {"type": "Http", "inputs": read, "runAfter": {}, **_secret("outputs")},
            "post": {"type": "Http", "inputs": post, "runAfter": {"address": ["Succeeded"]}, **_secret("inputs")},
        },
        "outputs": {},
    }


def _secret(*what: str) -> Json:
    """What no history of runs shows.
    https://learn.microsoft.com/azure/logic-apps/logic-apps-securing-a-logic-app#obfuscate"""
    return {"runtimeConfiguration": {"secureData": {"properties": list(what)}}}


# --- what is watched ------------------------------------------------------------------------------------------------


def _failed(layout: Layout) -> Resources:
    criterion = {
        "query": FAILED_RUNS,
        "timeAggregation": "Count",
        "operator": "GreaterThan",
        "threshold": 0,
        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
    }
    properties = {
        "displayName": f"{layout.prefix} flow failed",
        "description": "A run ended with an error that the flow did not catch.",
        "severity": 1,
        "enabled": True,
        "scopes": [value(layout.workspace.id)],
        "evaluationFrequency": _LATER,
        "windowSize": _LATER,
        "overrideQueryTimeRange": _LATEST,
        "autoMitigate": False,
        # The tables are there once the app has written something.
        "skipQueryValidation": True,
        "criteria": {"allOf": [criterion]},
        "actions": {"actionGroups": [value(layout.action_group.id)]},
    }
    at = Address("Microsoft.Insights/scheduledQueryRules", (f"{layout.prefix}-flow-failed",))
    return layout.made(at, "flow failed", properties, kind="LogAlert")


def _broken(layout: Layout) -> Resources:
    told = "A function ended without an answer. Where the flow catches it, the run goes on."
    return _alarm(layout, "function failed", told, layout.insights, "requests/failed", "Count")


def _letters(layout: Layout) -> Iterator[Resources]:
    left = "Something could not be handled, and waits in a dead-letter queue for somebody."
    lost = "An event could not be delivered, and lies in the container deadletters."
    if layout.has_bus:
        yield _alarm(layout, "dead letters", left, layout.bus, "DeadletteredMessages", "Maximum")
    if layout.listens or layout.on_events:
        yield _alarm(layout, "events lost", lost, layout.topic, "DeadLetteredCount", "Total")
    if layout.objects:
        yield _alarm(layout, "objects lost", lost, layout.system_topic, "DeadLetteredCount", "Total")


def _alarm(layout: Layout, name: str, told: str, of: Address, metric: str, counted: str) -> Resources:
    """An alarm that goes off as soon as the metric is above 0.

    https://learn.microsoft.com/azure/azure-monitor/reference/metrics-index
    """
    criterion = {
        "criterionType": "StaticThresholdCriterion",
        "name": name.replace(" ", "-"),
        "metricNamespace": of.type,
        "metricName": metric,
        "operator": "GreaterThan",
        "threshold": 0,
        "timeAggregation": counted,
        "skipMetricValidation": True,
    }
    properties = {
        "description": told,
        "severity": 1,
        "enabled": True,
        "scopes": [value(of.id)],
        "evaluationFrequency": _SOON,
        "windowSize": _SOON,
        "autoMitigate": True,
        "criteria": {
            "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
            "allOf": [criterion],
        },
        "actions": [{"actionGroupId": value(layout.action_group.id)}],
    }
    at = Address("Microsoft.Insights/metricAlerts", (f"{layout.prefix}-{name.replace(' ', '-')}",))
    return layout.made(at, name, properties)
