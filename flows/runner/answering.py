"""Answers what runs wait for, from outside: checks the answer before it is written down, so that a wrong one changes
nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from skyloom.errors import Diagnostic, InvalidInput
from skyloom.flows import values
from skyloom.flows.outcome import Json
from skyloom.flows.runner.locate import locate_class
from skyloom.flows.runner.store import RunStore, Wait


def answer_approval(
    store: RunStore, wait_id: str, *, approved: bool, comment: str = "", by: str = "", form: Json = None
) -> Wait:
    """Decides an approval, once.

    Args:
        form: the filled-in form, as JSON; checked against the form's model.

    Raises:
        NotOpen: it is answered, timed out or unknown.
        InvalidInput: the form does not fit.
    """
    wait = store.wait(wait_id)
    filled = _checked_form(store, wait, form)
    store.answer(wait_id, {"approved": approved, "comment": comment, "by": by, "answer": filled})
    return store.wait(wait_id)


def send_event(store: RunStore, wait_id: str, payload: Json) -> Wait:
    """Delivers an event to the wait that waits for it, once.

    Raises:
        NotOpen: it has its event, timed out or is unknown.
        InvalidInput: the payload is no JSON.
    """
    wait = store.wait(wait_id)
    try:
        store.answer(wait_id, values.check_json(payload))
    except values.NotOfType as problem:
        raise _invalid(wait, f"payload {problem}") from None
    return store.wait(wait_id)


def _checked_form(store: RunStore, wait: Wait, form: Json) -> Json:
    schema = wait.request["form"]
    if form is None:
        return None
    if schema is None:
        raise _invalid(wait, "this approval has no form to fill in")
    model = locate_form(store, wait)
    try:
        return values.to_json(values.from_json(form, model), model)
    except values.NotOfType as problem:
        raise _invalid(wait, f"form {problem}") from None


def locate_form(store: RunStore, wait: Wait) -> Any:
    """The class of the approval's form, from the file that its run came from."""
    from skyloom.flows.frontend import load_file

    load_file(Path(store.run(wait.run).file))
    place = wait.request["form_class"]
    return locate_class(place["module"], place["qualname"])


def _invalid(wait: Wait, problem: str) -> InvalidInput:
    return InvalidInput(
        Diagnostic("SKY611", f"{wait.kind} {wait.id}: {problem}", wait.path, hint="nothing was answered; try again")
    )
