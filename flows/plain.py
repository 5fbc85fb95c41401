"""A flow called as plain Python: the reference for what it means. Every engine must give what this gives."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from skyloom.errors import ApprovalTimedOut, EventTimedOut, FlowTimedOut, SkyloomError, TaskFailed, TaskTimedOut
from skyloom.flows import invoke, retrying, session, values
from skyloom.flows.constructs import Decision
from skyloom.flows.coroutines import run_to_end
from skyloom.flows.definitions import Definition, Flow, Prompt, Task
from skyloom.flows.outcome import ErrorValue, Json
from skyloom.flows.plain_clock import Never, PlainClock, Stopped
from skyloom.flows.policy import Retry
from skyloom.flows.scripted import from_outside, standing_in
from skyloom.flows.task_context import TaskContext
from skyloom.flows.testing import Answer, Arrival, Call, Script, current_script

T = TypeVar("T")


def _shown(value: Any, said: str) -> Json:
    """What people and the outside see of a value. Raises TaskFailed for what is no JSON."""
    try:
        return values.shown(value)
    except values.NotOfType as problem:
        raise TaskFailed(f"{said}: {problem.with_values()}") from None


class PlainSession:
    """Carries out a flow's calls inline, one after the other."""

    def __init__(self, script: Script | None, file: str) -> None:
        self._script = script
        self._file = file
        self._run_id = f"plain-{uuid_module.uuid4().hex[:10]}"
        self._steps = 0
        self._durations: list[float] = []
        """Seconds that each call of the current flow took, in order; infinite for a wait that never ends."""
        self._clock = PlainClock(script)

    @classmethod
    def for_call(cls, definition: Definition[..., Any]) -> PlainSession:
        """The session for a call of `definition` from outside."""
        return cls(current_script(), definition.function.__code__.co_filename)

    # --- time ---------------------------------------------------------------------------------------------------

    def _timed(self, call: Callable[[], T]) -> T:
        """Runs one call of the flow, and writes down how long it took."""
        started = self._clock.now()
        position = len(self._script.calls) - 1 if self._script is not None else None
        try:
            result = call()
        except Exception:
            if self._script is not None and position is not None:
                self._script.failed.add(position)
            raise
        finally:
            self._durations.append(self._clock.now() - started)
        if isinstance(result, Never):
            self._durations[-1] = float("inf")
        # A flow that is late now is stopped at what it does next: a race may still set the clock back.
        return result

    def _note(self, kind: str, name: str, arguments: Json) -> None:
        # Python runs the `finally` blocks of a flow that is stopped: they call nothing.
        self._clock.stop_when_late()
        self._steps += 1
        if self._script is not None:
            self._script.calls.append(Call(kind, name, arguments))

    # --- calls --------------------------------------------------------------------------------------------------

    def call_task(self, task: Task[..., Any], arguments: dict[str, Any]) -> Any:
        self._clock.stop_when_late()
        encoded = invoke.encode_arguments(task, arguments)
        self._note("task", task.name, encoded)
        stand_in = self._script.tasks.get(task.name) if self._script else None
        body = task if stand_in is None else standing_in(task, stand_in)
        step = f"{task.name}-{self._steps}"

        def attempt(number: int) -> Json:
            key = retrying.idempotency_key(self._run_id, step)
            context = TaskContext(run_id=self._run_id, step=step, attempt=number, idempotency_key=key)
            return invoke.run_body(body, encoded, context)

        return self._timed(
            lambda: invoke.decode_result(task, self._attempts(task.name, task.retry, task.timeout, attempt))
        )

    def call_prompt(self, prompt: Prompt[..., Any], arguments: dict[str, Any]) -> Any:
        self._clock.stop_when_late()
        encoded = invoke.encode_arguments(prompt, arguments)
        self._note("prompt", prompt.name, encoded)
        scripted = self._script.prompts if self._script else {}

        def attempt(number: int) -> Json:
            if prompt.name not in scripted:
                return self._ask(prompt, encoded)
            answer = scripted[prompt.name]
            if isinstance(answer, Iterator):
                answer = next(answer, Never(f"an answer of prompt {prompt.name}: the script has no more"))
            elif callable(answer):
                answer = answer(**invoke.decode_arguments(prompt, encoded))
            if isinstance(answer, Exception):
                raise answer
            return invoke.encode_result(prompt, answer)

        return self._timed(
            lambda: invoke.decode_result(prompt, self._attempts(prompt.name, prompt.retry, prompt.timeout, attempt))
        )

    def _ask(self, prompt: Prompt[..., Any], arguments: dict[str, Json]) -> Json:
        from skyloom.flows.frontend import compile_prompt
        from skyloom.flows.prompting import ModelSource, ask

        definition = compile_prompt(prompt)
        models = ModelSource.for_file(Path(self._file))
        return run_to_end(lambda: ask(definition, prompt, arguments, models)).value

    def _attempts(self, name: str, retry: Retry, timeout: float, attempt: Callable[[int], Json]) -> Json:
        policy = retrying.policy_of(retry)
        number = 1
        while True:
            started = self._clock.now()
            try:
                result = attempt(number)
                if self._clock.now() - started > timeout:
                    raise TaskTimedOut(f"{name} ran longer than {timeout:g} s")
            except Exception as error:
                if number >= policy.attempts or not retrying.is_retried(policy, ErrorValue.of(error)):
                    raise
            else:
                return result
            number += 1
            self._clock.go_on(retrying.delay_before(policy, number))

    def call_flow(self, flow: Flow[..., Any], arguments: dict[str, Any]) -> Any:
        nested = session.current() is self
        self._clock.stop_when_late()
        encoded = invoke.encode_arguments(flow, arguments)
        if not nested:
            return self._run_flow(flow, encoded)
        self._note("flow", flow.name, encoded)
        outer, self._durations = self._durations, []
        started = self._clock.now()
        try:
            return self._run_flow(flow, encoded)
        except Stopped as stopped:
            # By the timeout of a flow around it: that one ends at what it does next, unless it has lost a race.
            return Never(f"the result of {flow.name}", stopped)
        finally:
            self._durations = [*outer, self._clock.now() - started]

    def _run_flow(self, flow: Flow[..., Any], arguments: dict[str, Json]) -> Any:
        decoded = invoke.decode_arguments(flow, invoke.default_arguments(flow, arguments) | arguments)
        self._clock.start(flow)
        try:
            result = self._run_body(flow, decoded)
        except Stopped as stopped:
            if stopped.flow is not flow:
                raise
            self._clock.cut()
            raise FlowTimedOut(f"{flow.name} ran longer than {flow.timeout:g} s") from None
        finally:
            self._clock.end()
        return invoke.decode_result(flow, invoke.encode_result(flow, result))

    def _run_body(self, flow: Flow[..., Any], arguments: dict[str, Any]) -> Any:
        """Neither an error nor a `return` in a `finally` block saves a flow that is late. Raises Stopped."""
        try:
            with session.active(self):
                result = flow.function(**arguments)
        except Exception:
            self._clock.stop_when_late()
            raise
        self._clock.stop_when_late()
        return result

    # --- waits --------------------------------------------------------------------------------------------------

    def approval(
        self, message: str, show: Any, to: str | None, timeout: float | None, default: bool | None, form: type | None
    ) -> Decision[Any]:
        self._clock.stop_when_late()
        self._note("approval", message, {"show": _shown(show, "what an approval shows"), "to": to})
        if self._script is None:
            raise SkyloomError(
                f'nobody can answer "{message}" in a plain call; '
                "call the flow inside `with skyloom.flows.testing.script(approvals=[...])`"
            )
        given = next(self._script.approvals, None)
        if given is None:
            raise SkyloomError(
                f'the script has no answer left for the approval "{message}"; add approve(), reject() or no_answer()'
            )
        answer = Answer(approved=given) if isinstance(given, bool) else given

        def decide() -> Any:
            if self._comes_in_time(answer.after, timeout):
                filled = None
                if form is not None and answer.answer is not None:
                    filled = from_outside(answer.answer, form)
                return Decision(approved=answer.approved, comment=answer.comment, by=answer.by, answer=filled)
            if timeout is None:
                return Never(f'an answer to "{message}"')
            if default is None:
                raise ApprovalTimedOut(f"nobody decided within {timeout:g} s: {message}")
            return Decision(approved=default, comment="timed out", by="", answer=None)

        decided: Decision[Any] = self._timed(decide)
        return decided

    def wait_for(self, event: str, payload: Any, key: str | None, timeout: float | None) -> Any:
        self._note("wait_for", event, {"key": key})
        arrival = self._arrival(event, key)

        def take() -> Any:
            if not self._comes_in_time(arrival.after, timeout):
                if timeout is None:
                    return Never(f"event {event}")
                raise EventTimedOut(f"no event {event} within {timeout:g} s")
            try:
                return from_outside(arrival.payload, payload)
            except values.NotOfType:
                raise TaskFailed(f"event {event} brought a payload that is not of its type") from None

        return self._timed(take)

    def _arrival(self, event: str, key: str | None) -> Arrival:
        scripted = self._script.events.get(event, []) if self._script else []
        for index, given in enumerate(scripted):
            arrival = given if isinstance(given, Arrival) else Arrival(payload=given, key=key)
            if arrival.key == key or arrival.key is None:
                del scripted[index]
                return arrival
        raise SkyloomError(
            f"no event {event} is scripted; call the flow inside "
            f"`with skyloom.flows.testing.script(events={{{event!r}: [...]}})`"
        )

    def _comes_in_time(self, after: float | None, timeout: float | None) -> bool:
        """Lets the time pass until the answer comes, or the wait is over; whether the answer came first."""
        if after is not None and (timeout is None or after < timeout):
            self._clock.go_on(after)
            return True
        if timeout is not None:
            self._clock.go_on(timeout)
        return False

    def sleep(self, seconds: float) -> None:
        self._note("sleep", "sleep", seconds)
        self._timed(lambda: self._clock.go_on(seconds))

    def race(self, results: tuple[Any, ...]) -> Any:
        taken = self._durations[-len(results) :]
        quickest = min(range(len(results)), key=lambda index: taken[index])
        if taken[quickest] == float("inf"):
            raise SkyloomError("no branch of the race ever ends")
        winner = results[quickest]
        if isinstance(winner, Never) and winner.stopped is not None:
            raise winner.stopped
        self._clock.set_back(sum(duration for duration in taken if duration != float("inf")) - taken[quickest])
        return winner

    # --- the rest -----------------------------------------------------------------------------------------------

    def emit(self, event: str, payload: Any, key: str | None) -> None:
        self._clock.stop_when_late()
        encoded = _shown(payload, "the payload of an event")
        self._note("emit", event, {"payload": encoded, "key": key})
        if self._script is not None:
            self._script.emitted.append((event, encoded))
        self._timed(lambda: None)

    def now(self) -> datetime:
        self._clock.stop_when_late()
        ahead = timedelta(seconds=self._script.clock) if self._script else timedelta()
        return self._timed(lambda: datetime.now(UTC) + ahead)

    def uuid(self) -> str:
        self._clock.stop_when_late()
        return self._timed(lambda: str(uuid_module.uuid4()))
