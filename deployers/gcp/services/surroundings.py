"""What a service function is given: the app's names and places, in environment variables."""

from __future__ import annotations

import functools
import os

from skyloom.adapters.google_apis import APIS
from skyloom.deployers.gcp.services.callbacks import Callbacks
from skyloom.deployers.gcp.services.objects import Objects
from skyloom.deployers.gcp.services.workflows import Workflows, workflows
from skyloom.deployers.services.delivery import Delivery
from skyloom.deployers.services.records import Records


def variable(name: str) -> str:
    """A setting: `SKYLOOM_<name>`."""
    return os.environ[f"SKYLOOM_{name}"]


@functools.cache
def objects() -> Objects:
    """The objects of the app's bucket."""
    return Objects(APIS, variable("BUCKET"))


@functools.cache
def records() -> Records:
    """What runs wait for."""
    return Records(objects())


@functools.cache
def delivery() -> Delivery:
    """Hands answers to runs."""
    return Delivery(records(), Callbacks(APIS))


@functools.cache
def runs() -> Workflows:
    """The app's runs."""
    place = f"projects/{variable('PROJECT')}/locations/{variable('REGION')}"
    return Workflows(APIS, objects(), place, workflows())
