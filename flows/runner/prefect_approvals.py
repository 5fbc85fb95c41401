"""Approvals in Prefect: a paused flow run whose form people fill in on Prefect's pages.

The store's question is what counts. A paused flow run shows it; whoever answers first, there or at the command line,
decides, and the other place is brought up to date. A paused flow run survives the process that opened it: a resumed run
finds it, and an answer that was given to it meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound
from prefect.input.run_input import keyset_from_paused_state
from prefect.states import Cancelled, Completed, Failed, Paused, Running

from skyloom.flows import values
from skyloom.flows.outcome import Json
from skyloom.flows.runner import prefect_forms as forms
from skyloom.flows.runner.engine import ApprovalRequest, Place
from skyloom.flows.runner.inline import POLL_SECONDS, InlineEngine
from skyloom.flows.runner.locate import locate_class
from skyloom.flows.runner.prefect_flows import FlowRuns
from skyloom.flows.runner.store import NotOpen, RunStore, Wait

_ASK_SECONDS = 1.0
"""How often Prefect is asked whether somebody has answered on its pages, by up to ten open questions."""
_LONGEST_NAME = 100


class Approvals:
    """Asks people, in the store and in Prefect at once."""

    def __init__(self, inline: InlineEngine, flow_runs: FlowRuns) -> None:
        self._inline = inline
        self._flow_runs = flow_runs
        self._open = 0

    async def ask(self, parent: UUID, place: Place, request: ApprovalRequest) -> Json:
        """Asks below the flow run `parent`, and gives the `Decision` object.

        Raises:
            Raised: `ApprovalTimedOut`, where there is no default.
        """
        question = self._question(place, request)
        self._open += 1
        try:
            await question.show(parent, place)
            answered = await self._answered(question)
        except asyncio.CancelledError:
            await question.close(Cancelled(message="cancelled by Skyloom"))
            raise
        finally:
            self._open -= 1
        if answered is None:
            state = Failed if request.default is None else Completed
            await question.close(state(name="TimedOut", message="nobody decided in time"))
            return self._inline.approval_timed_out(request)
        decided: dict[str, Json] = answered.answer
        await question.close(_decided(decided))
        return decided

    def _question(self, place: Place, request: ApprovalRequest) -> Question:
        wait = self._inline.open_approval(place, request)
        form_class = None
        if request.form is not None:
            definition = self._inline.run.program.models[request.form]
            form_class = locate_class(definition.module, definition.qualname)
        return Question(self._flow_runs, self._inline.run.store, wait, request, form_class)

    async def _answered(self, question: Question) -> Wait | None:
        """Waits for the answer in the store, and puts one there that was given on Prefect's pages; None: too late."""
        store, asked = self._inline.run.store, 0.0
        while True:
            current = store.wait(question.wait.id)
            if current.closed is not None:
                return current if current.closed == "answered" else None
            left = float("inf") if current.deadline is None else current.deadline - time.time()
            if left <= 0 or time.monotonic() - asked > _ASK_SECONDS * max(1.0, self._open / 10):
                asked = time.monotonic()
                taken_over = await question.take_over()
                if not taken_over and left <= 0:
                    store.time_out(current.id)
                if taken_over or left <= 0:
                    continue
            await asyncio.sleep(min(POLL_SECONDS, left))


class Question:
    """One question of the store, shown as a paused flow run."""

    def __init__(
        self, flow_runs: FlowRuns, store: RunStore, wait: Wait, request: ApprovalRequest, form: type | None
    ) -> None:
        self.wait = wait
        self._flow_runs = flow_runs
        self._client = flow_runs.client
        self._store = store
        self._request = request
        self._form = form
        self._flow_run_id = UUID(wait.engine_run) if wait.engine_run else None

    async def show(self, parent: UUID, place: Place) -> None:
        """Makes the paused flow run, unless an earlier process did and it still stands."""
        if self.wait.closed is not None or await self._still_shown():
            return
        flow_run = await self._flow_runs.create_below(
            parent,
            place,
            "approval",
            f"{place.name}: {self._request.message}"[:_LONGEST_NAME],
            {"message": self._request.message, "show": self._request.show, "to": self._request.to},
        )
        self._flow_run_id = flow_run.id
        self._store.set_wait_engine_run(self.wait.id, str(flow_run.id))
        await self._client.set_flow_run_state(flow_run.id, Running())
        await self._pause(flow_run.id, 1)

    async def take_over(self) -> bool:
        """Puts an answer that was given in Prefect into the store. False where there is none that counts."""
        if self._flow_run_id is None:
            return False
        try:
            flow_run = await self._client.read_flow_run(self._flow_run_id)
            given = await self._given(flow_run)
            if given is None or flow_run.state is None:
                return False
            decided = self._checked(forms.decision(given))
            if isinstance(decided, values.NotOfType):
                await self._pause(flow_run.id, _pauses(flow_run) + 1, f"\n\n**Please correct:** {decided}")
                return False
        except (httpx.HTTPError, ObjectNotFound):
            # Prefect's pages are out of reach; the command line still answers.
            return False
        with suppress(NotOpen):
            self._store.answer(self.wait.id, decided, at=flow_run.state.timestamp.timestamp())
        return True

    async def close(self, state: State[Any]) -> None:
        """Ends the flow run that showed the question."""
        if self._flow_run_id is not None:
            with suppress(httpx.HTTPError, ObjectNotFound):
                await self._flow_runs.end(self._flow_run_id, state)

    async def _still_shown(self) -> bool:
        if self._flow_run_id is None:
            return False
        try:
            flow_run = await self._client.read_flow_run(self._flow_run_id)
        except ObjectNotFound:
            return False
        if flow_run.state is not None and flow_run.state.is_paused():
            return True
        return await self._given(flow_run) is not None

    async def _pause(self, flow_run_id: UUID, number: int, remark: str = "") -> None:
        form = None if self._form is None else values.json_schema(self._form)
        schema, description = forms.input_schema(self._request.message, form), forms.description(self._request, form)
        deadline = None if self.wait.deadline is None else datetime.fromtimestamp(self.wait.deadline, UTC)
        state: State[Any] = Paused(pause_key=_key(number), pause_expiration_time=deadline)
        keys = keyset_from_paused_state(state)
        state.state_details.run_input_keyset = {str(name): key for name, key in keys.items()}
        await self._client.create_flow_run_input(flow_run_id, keys["schema"], json.dumps(schema))
        await self._client.create_flow_run_input(flow_run_id, keys["description"], json.dumps(description + remark))
        await self._client.set_flow_run_state(flow_run_id, state)

    async def _given(self, flow_run: FlowRun) -> dict[str, Json] | None:
        """What somebody put into the form; None as long as nobody did."""
        if flow_run.state is None or not flow_run.state.is_running() or not _pauses(flow_run):
            return None
        state: State[Any] = Paused(pause_key=_key(_pauses(flow_run)))
        try:
            text = await self._client.read_flow_run_input(flow_run.id, keyset_from_paused_state(state)["response"])
        except httpx.HTTPStatusError as error:
            if error.response.status_code == httpx.codes.NOT_FOUND:
                return None
            raise
        given: dict[str, Json] = json.loads(text)
        return given

    def _checked(self, decided: dict[str, Json]) -> dict[str, Json] | values.NotOfType:
        """The decision with its form as the form's class wants it; what is wrong with it, for one who approves."""
        if self._form is None or decided["answer"] is None:
            return decided
        try:
            answer = values.to_json(values.from_json(decided["answer"], self._form), self._form)
        except values.NotOfType as problem:
            return problem if decided["approved"] else decided | {"answer": None}
        return decided | {"answer": answer}


def _key(number: int) -> str:
    return f"question-{number}"


def _pauses(flow_run: FlowRun) -> int:
    return len(flow_run.empirical_policy.pause_keys or ())


def _decided(decided: dict[str, Json]) -> State[Any]:
    approved = bool(decided["approved"])
    comment = f": {decided['comment']}" if decided["comment"] else ""
    verb = "approved" if approved else "refused"
    return Completed(name=verb.capitalize(), message=f"{verb} by {decided['by'] or 'somebody'}{comment}")
