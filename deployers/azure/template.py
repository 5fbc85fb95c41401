"""The ARM template of an app in one environment: everything that is deployed.

`resources/` has a module for each kind of thing; here they are put together. What is left to fill in is the region, and
whether what was deleted under the same names is to be had back.
"""

from __future__ import annotations

import json
import re

from skyloom.deployers.azure.resources.alarms import alarms
from skyloom.deployers.azure.resources.apps import apps
from skyloom.deployers.azure.resources.arm import Json, Resources, value
from skyloom.deployers.azure.resources.events import events
from skyloom.deployers.azure.resources.exceptions import excused
from skyloom.deployers.azure.resources.keys import keys
from skyloom.deployers.azure.resources.layout import Layout, Parts
from skyloom.deployers.azure.resources.logs import logs
from skyloom.deployers.azure.resources.mail import mail
from skyloom.deployers.azure.resources.models import models
from skyloom.deployers.azure.resources.permissions import permissions
from skyloom.deployers.azure.resources.queues import queues
from skyloom.deployers.azure.resources.scheduler import scheduler
from skyloom.deployers.azure.resources.storage import storage
from skyloom.deployers.declared import merged

__all__ = ["MAIN", "Layout", "Parts", "template"]

MAIN = "template.json"
_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
_PARAMETERS = {
    "location": {
        "type": "string",
        "defaultValue": "[resourceGroup().location]",
        "metadata": {"description": "The region that everything is deployed in"},
    },
    "modelsRestore": {
        "type": "bool",
        "defaultValue": False,
        "metadata": {"description": "Whether an account of models of the same name was deleted, and is not gone yet"},
    },
    "vaultMode": {
        "type": "string",
        "defaultValue": "default",
        "allowedValues": ["default", "recover"],
        "metadata": {"description": "`recover` where a vault of the same name was deleted, and is not gone yet"},
    },
}


def template(layout: Layout) -> dict[str, Json]:
    """The template. Same layout, same text."""
    made = merged(
        storage(layout),
        scheduler(layout),
        logs(layout),
        keys(layout),
        queues(layout),
        events(layout),
        mail(layout),
        models(layout),
        apps(layout),
        alarms(layout),
    )
    # What a task may do, its function app may do for itself already in some apps.
    made = {**permissions(layout), **made}
    resources = excused(made)
    return {
        "$schema": _SCHEMA,
        "contentVersion": "1.0.0.0",
        "metadata": {"inputs": _inputs(layout)},
        "parameters": {
            name: given for name, given in _PARAMETERS.items() if f"parameters('{name}')" in json.dumps(made)
        },
        "variables": _used(layout.variables, made),
        "resources": [found for _, found in sorted(_with_order(resources).items())],
        "outputs": dict(sorted(_outputs(layout).items())),
    }


def _inputs(layout: Layout) -> dict[str, str]:
    """What each flow takes, for whoever starts one: JSON Schema as text, since `[a-z]` would be an expression."""
    programs = sorted(layout.parts.programs.items())
    return {flow: json.dumps(program.flow.input_schema, sort_keys=True) for flow, program in programs}


def _used(variables: dict[str, Json], made: Resources) -> dict[str, Json]:
    text = json.dumps(made)
    found = {name: given for name, given in variables.items() if f"variables('{name}')" in text}
    return {name: given for name, given in variables.items() if name in found or name == "unique"}


def _with_order(resources: Resources) -> Resources:
    """The resources, each with all that it needs: what it lies in, what it is about, and what it refers to."""
    texts = {id_: json.dumps({**made, "dependsOn": []}) for id_, made in resources.items()}
    found: Resources = {}
    for id_, made in resources.items():
        needed = {other for other in resources if other != id_ and (other in texts[id_] or _around(other, id_))}
        given = {text.removeprefix("[").removesuffix("]") for text in made.get("dependsOn", ())}
        order = sorted(needed | given)
        found[id_] = {**made, **({"dependsOn": [f"[{one}]" for one in order]} if order else {})}
    return found


def _around(other: str, id_: str) -> bool:
    """Whether a resource lies in another one: its names are those of the other one, and more."""
    outer, inner = _NAMES.fullmatch(other), _NAMES.fullmatch(id_)
    if outer is None or inner is None:
        return False
    return inner[1].startswith(f"{outer[1]}/") and inner[2].startswith(f"{outer[2]}, ")


_NAMES = re.compile(r"resourceId\('([^']+)', (.*)\)")


def _outputs(layout: Layout) -> dict[str, Json]:
    """What people and the command line need to know of the deployment."""
    host = value(layout.site().get("defaultHostName"))
    text = {
        "app": value(layout.site().names[0]),
        "endpoint": value(layout.storage.get("primaryEndpoints.blob")),
        "scheduler": value(layout.scheduler.get("endpoint")),
        "storage": value(layout.storage.names[0]),
        "url": f"[format('https://{{0}}', {host[1:-1]})]",
        "workspace": value(layout.workspace.get("customerId")),
    }
    if layout.has_topic:
        text["topic"] = value(layout.topic.get("endpoint"))
    if layout.has_vault:
        text["vault"] = value(layout.vault.get("vaultUri"))
    objects: dict[str, Json] = {
        "apps": {key: value(layout.site(key).names[0]) for key in layout.app_keys},
        "flows": dict(sorted(layout.parts.flows.items())),
        "functions": {key: sorted(layout.parts.functions.get(key, ())) for key in layout.app_keys},
    }
    return {
        **{name: {"type": "string", "value": given} for name, given in text.items()},
        **{name: {"type": "object", "value": given} for name, given in objects.items()},
        "keepData": {"type": "bool", "value": layout.settings.keep_data},
    }
