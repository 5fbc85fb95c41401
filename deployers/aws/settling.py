"""Brings a stack to where a change can begin, whatever a killed or failed deploy left behind."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

from skyloom.deployers.aws import changesets, stacks
from skyloom.deployers.aws.buckets import empty_buckets
from skyloom.deployers.aws.client import Aws
from skyloom.deployers.aws.stacks import Ended, History, StackState
from skyloom.deployers.base import DeployFailed
from skyloom.deployers.events import Event, Said
from skyloom.flows.outcome import Json

_DELETE_ATTEMPTS = 4
"""How often a stack is deleted anew whose buckets were written to while it was being deleted."""


def settle(aws: Aws, name: str) -> Generator[Event, None, StackState | None]:
    """Waits for a change that is under way, takes back a stuck one, removes the remains of a failed first deploy and
    change sets that nobody executed. Gives the stack as it then is; None where there is none.

    Raises:
        DeployFailed: the stuck change cannot be taken back, or the remains cannot be deleted.
    """
    state = stacks.find(aws, name)
    while state is not None and state.is_busy:
        yield Said(f"a change of {name} is under way ({state.words}); waiting for its end")
        yield from _followed(aws, state)
        state = stacks.find(aws, name)
    if state is not None and state.is_stuck:
        state = yield from _take_back(aws, state)
    if state is not None and state.is_wreck:
        yield Said(f"removing what is left of an earlier change of {name} ({state.words})")
        yield from delete(aws, state)
        state = None
    if state is not None and state.status == "REVIEW_IN_PROGRESS":
        # Nothing is in it; deleting takes its change sets along.
        yield from delete(aws, state)
        state = None
    if state is not None and changesets.delete_stale(aws, name):
        yield Said("removed a plan that nobody applied")
    return state


def delete(aws: Aws, state: StackState) -> Iterator[Event]:
    """Deletes the stack, its buckets emptied before.

    Raises:
        DeployFailed: something in it cannot be deleted.
    """
    templates = (_template(aws, state),)
    ended: Ended | None = None
    for _ in range(_DELETE_ATTEMPTS):
        yield from empty_buckets(aws, state.id, templates[0])
        history = History(aws, state.id, from_now=True)
        aws.cloudformation.delete_stack(StackName=state.id)
        ended = yield from stacks.follow(aws, state.id, history, templates)
        if ended.state.status == "DELETE_COMPLETE":
            return
    assert ended is not None
    raise DeployFailed(f"{state.name} cannot be deleted: {'; '.join(ended.reasons) or ended.state.reason}")


def _take_back(aws: Aws, state: StackState) -> Generator[Event, None, StackState]:
    yield Said(f"the last update of {state.name} could not be taken back ({state.words}); trying again")
    history = History(aws, state.id, from_now=True)
    if state.status == "UPDATE_FAILED":
        aws.cloudformation.rollback_stack(StackName=state.name)
    else:
        aws.cloudformation.continue_update_rollback(StackName=state.name)
    ended = yield from stacks.follow(aws, state.id, history, (_template(aws, state),))
    if ended.state.is_stuck:
        raise DeployFailed(
            f"{state.name} is stuck: {'; '.join(ended.reasons) or ended.state.reason}. Mend what is named there and "
            "repeat the command; or skip it in CloudFormation's console (Continue update rollback, Advanced)"
        )
    return ended.state


def _followed(aws: Aws, state: StackState) -> Iterator[Event]:
    yield from stacks.follow(aws, state.id, History(aws, state.id, from_now=True), (_template(aws, state),))


def _template(aws: Aws, state: StackState) -> Mapping[str, Json]:
    """The template that names the stack's resources; none before it had one."""
    if state.status == "REVIEW_IN_PROGRESS":
        return {}
    return stacks.template_of(aws, state.id)
