"""Brings a stack to where a change can begin, whatever a killed deploy or destroy left behind."""

from __future__ import annotations

from collections.abc import Generator

from skyloom.deployers.azure import deployments
from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.deployments import StackState, Told
from skyloom.deployers.azure.groups import Group
from skyloom.deployers.events import Event, Said


def settle(azure: Azure, group: Group) -> Generator[Event, None, StackState | None]:
    """Waits for a change that is under way, and gives the stack as it then is; None where there is none.

    Nothing else is to be done: a stack that failed is changed anew, and code that was being published is published
    again, because nothing says that it answers.
    """
    state = deployments.find(azure, group.name)
    while state is not None and state.is_busy:
        yield Said(f"a change of {group.name} is under way ({state.status}); waiting for its end")
        yield from deployments.follow(azure, group.name, Told(everything=True))
        state = deployments.find(azure, group.name)
    return state
