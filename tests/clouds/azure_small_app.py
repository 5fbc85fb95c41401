"""A small app as a bundle for Azure: a flow with two tasks, compiled once and changed by hand from there."""

from __future__ import annotations

import functools
import importlib.util
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clouds.deploys import APP, ENVIRONMENT

from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.functions import FunctionSettings
from skyloom.deployers.bundle import Bundle, json_bytes
from skyloom.deployers.packaging import running_python

GROUP = "shop-dev"
MODULE = "azure_small_shop"
SOURCE = '''
"""A shop."""

from skyloom.flows import App, flow, hours, sleep, task


class NoPrice(Exception):
    """There is no price."""


@task
def price(item: str) -> str:
    if item == "moon":
        raise NoPrice("none for the moon")
    return "<price>"


@task
def stock(item: str) -> str:
    return "5"


@flow
def quote(item: str) -> str:
    found = price(item)
    left = stock(item)
    return f"{found} of {left}"


@flow
def linger(item: str) -> str:
    sleep(hours(1))
    return price(item)


app = App("shop", flows=[quote, linger])
'''

BROKEN: Sequence[Mapping[str, Any]] = (
    {
        "type": "Microsoft.ServiceBus/namespaces",
        "apiVersion": "2024-01-01",
        "name": "shop-dev-more",
        "location": "[parameters('location')]",
        "sku": {"name": "Basic", "tier": "Basic"},
        "tags": {"skyloom-app": APP, "skyloom-environment": ENVIRONMENT, "skyloom-name": "more"},
        "properties": {},
    },
    {
        "type": "Microsoft.ServiceBus/namespaces/queues",
        "apiVersion": "2024-01-01",
        "name": "shop-dev-more/broken",
        "properties": {"lockDuration": "PT1H"},
        "dependsOn": ["[resourceId('Microsoft.ServiceBus/namespaces', 'shop-dev-more')]"],
    },
)
"""Resources that cannot be made: a queue's lock lasts five minutes at most."""
ALARMS: Mapping[str, Any] = {
    "type": "Microsoft.EventGrid/topics",
    "apiVersion": "2025-02-15",
    "name": "shop-dev-alarms",
    "location": "[parameters('location')]",
    "tags": {"skyloom-app": APP, "skyloom-environment": ENVIRONMENT, "skyloom-name": "alarms"},
    "properties": {},
}


@functools.cache
def _compiled() -> Bundle:
    """The app as it is compiled."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"{MODULE}.py")
        file.write_text(SOURCE)
        sys.path.insert(0, folder)
        try:
            specification = importlib.util.spec_from_file_location(MODULE, file)
            assert specification is not None and specification.loader is not None
            module = importlib.util.module_from_spec(specification)
            sys.modules[MODULE] = module
            specification.loader.exec_module(module)
            settings = FunctionSettings(python=running_python(), pinned=False)
            return compile_app(module.app, ENVIRONMENT, settings).bundle
        finally:
            sys.path.remove(folder)
            sys.modules.pop(MODULE, None)


def small_bundle(
    price: str = "1",
    memory: int | None = None,
    more: Sequence[Mapping[str, Any]] = (),
    keep: bool = False,
    code: Mapping[str, bytes] | None = None,
) -> Bundle:
    """The bundle.

    Args:
        memory: of the function app, in MB.
        more: resources beside the app's own.
        keep: what holds data outlives the deployment.
        code: files of the function app that are others.
    """
    made = _compiled()
    template = json.loads(made.files["template.json"])
    template["resources"] += more
    if keep:
        template["outputs"]["keepData"]["value"] = True
    for resource in template["resources"]:
        if memory is not None and resource["type"] == "Microsoft.Web/sites":
            resource["properties"]["functionAppConfig"]["scaleAndConcurrency"]["instanceMemoryMB"] = memory
    source = made.files[f"app/{MODULE}.py"].replace(b"<price>", price.encode())
    changed = {"template.json": json_bytes(template), f"app/{MODULE}.py": source, **(code or {})}
    # What Python made of a source is of the source as it was.
    stems = tuple(f"app/__pycache__/{Path(path).stem}." for path in changed)
    kept = {path: data for path, data in made.files.items() if not path.startswith(stems)}
    return Bundle("azure", APP, ENVIRONMENT, {**kept, **changed})
