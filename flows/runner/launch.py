"""Starts and resumes runs: from a flow and its input to a finished run in the store."""

from __future__ import annotations

import asyncio
import builtins
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from skyloom import errors
from skyloom.errors import Diagnostic, EngineError, FlowCancelled, InvalidInput, TaskFailed
from skyloom.flows import invoke, values
from skyloom.flows.definitions import Flow
from skyloom.flows.ir.codec import digest
from skyloom.flows.ir.program import Program
from skyloom.flows.outcome import ErrorValue, Json, Raised
from skyloom.flows.prompting import ModelSource
from skyloom.flows.runner.events import RunEvent, ignore
from skyloom.flows.runner.inline import InlineEngine, RunContext
from skyloom.flows.runner.interpreter import Interpreter
from skyloom.flows.runner.locate import locate, locate_class
from skyloom.flows.runner.stopping import Terminated, Termination, on_sigterm, run_stoppable, stop
from skyloom.flows.runner.store import Refused, Run, RunStore
from skyloom.flows.runner.stored_journal import StoredJournal

CANCEL_POLL_SECONDS = 0.5
"""How often a run looks whether somebody wants it stopped."""

Carrier = Callable[[RunContext, Interpreter, Run], Awaitable[Json]]
"""Runs an interpreter for a run on some engine, and gives the flow's result."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A flow that compiles, with an input that fits it: nothing has been started yet."""

    program: Program
    file: Path
    arguments: dict[str, Json]


def prepare(flow: Flow[..., Any], arguments: dict[str, Json]) -> Prepared:
    """Compiles the flow and checks JSON arguments against its signature.

    Raises:
        CheckFailed: the flow does not compile.
        InvalidInput: an argument is unknown, missing, or not of its type; every problem is listed.
    """
    program = flow.program
    types = values.signature_types(flow.function)
    parameters = {parameter.name: parameter for parameter in program.flow.parameters}
    problems = [f"{name}: the flow has no such parameter" for name in arguments if name not in parameters]
    canonical: dict[str, Json] = {}
    for name, parameter in parameters.items():
        if name not in arguments:
            if parameter.required:
                problems.append(f"{name}: missing")
            continue
        try:
            typed = values.from_json(arguments[name], types.get(name, Any))
            canonical[name] = values.to_json(typed, types.get(name, Any))
        except values.NotOfType as wrong:
            problems += [
                f"{_joined(name, path)}: {message[:1].lower()}{message[1:]}" for path, message in wrong.problems
            ]
    if problems:
        accepted = ", ".join(f"{p.name}{'' if p.required else ' (optional)'}" for p in parameters.values())
        raise InvalidInput(
            *(
                Diagnostic("SKY610", f"input {problem}", program.flow.file, program.flow.span, hint=None)
                for problem in problems[:-1]
            ),
            Diagnostic(
                "SKY610",
                f"input {problems[-1]}",
                program.flow.file,
                program.flow.span,
                hint=f"`{flow.name}` takes {accepted or 'no input'}; `skyloom check --schema` prints its JSON Schema",
            ),
        )
    return Prepared(program, Path(flow.function.__code__.co_filename), canonical)


def _joined(name: str, path: str) -> str:
    if not path:
        return name
    return name + path if path.startswith("[") else f"{name}.{path}"


def start(
    prepared: Prepared,
    *,
    environment: str | None = None,
    observe: Callable[[RunEvent], None] = ignore,
    announce: Callable[[Run], None] = lambda run: None,
    carrier: Carrier | None = None,
    store: RunStore | None = None,
) -> Run:
    """Runs a prepared flow to its end and gives the finished run, also when the flow failed.

    Args:
        environment: the environment of skyloom.toml; by default `SKYLOOM_ENV`, or `dev`.
        observe: is told of every step.
        announce: is told of the run before its first step.
        carrier: what runs it; by default Prefect.
        store: where it is recorded; by default the user's own.

    Raises:
        EngineError: the engine failed; the run can be resumed.
        FlowCancelled: somebody stopped it; Terminated, where that was by SIGTERM.
    """
    kept = store or RunStore()
    models = _models(prepared.program, prepared.file, environment)
    run = kept.start_run(
        flow=prepared.program.main,
        file=str(prepared.file.resolve()),
        program=digest(prepared.program),
        environment=models.environment,
        input=prepared.arguments,
    )
    return _carry(prepared.program, run, kept, models, observe, announce, carrier)


def resume(
    run_id: str,
    *,
    observe: Callable[[RunEvent], None] = ignore,
    announce: Callable[[Run], None] = lambda run: None,
    carrier: Carrier | None = None,
    store: RunStore | None = None,
) -> Run:
    """Goes on with a run that failed, crashed or was cancelled: finished steps are taken from its record; of a failed
    run, the step that failed is carried out again.

    Raises:
        Refused: the run is done or alive, or its flow has changed since it started.
    """
    from skyloom.flows.frontend import load_file, pick_flow

    kept = store or RunStore()
    known = kept.run(run_id)
    program = pick_flow(load_file(Path(known.file)), known.flow).program
    if digest(program) != known.program:
        raise Refused(
            f"{known.file} has changed since run {known.id} started, so its record no longer fits",
            "start a new run, or put the old version back",
        )
    models = _models(program, Path(known.file), known.environment)
    return _carry(program, kept.resume_run(known.id), kept, models, observe, announce, carrier)


def _models(program: Program, file: Path, environment: str | None) -> ModelSource:
    """The models of the flow's file, with everything there that its prompts need. Raises ConfigError."""
    models = ModelSource.for_file(file, environment=environment)
    models.require(prompt.model for prompt in program.prompts.values())
    return models


def _carry(
    program: Program,
    run: Run,
    store: RunStore,
    models: ModelSource,
    observe: Callable[[RunEvent], None],
    announce: Callable[[Run], None],
    carrier: Carrier | None,
) -> Run:
    context = RunContext(program=program, store=store, models=models, observe=observe)
    interpreter = Interpreter(program, run.id, StoredJournal(store, run.id), observe)
    termination = Termination()

    async def work() -> Json:
        announce(run)
        return await (carrier or _on_prefect)(context, interpreter, run)

    try:
        result = run_stoppable(lambda: _watched(work, run, store, termination))
        store.end_run(run.id, "done", _final(program, result))
    except Raised as raised:
        store.mark_final(run.id, raised.trail)
        store.end_run(run.id, "failed", error=raised.error, failed_at=raised.place())
    except TaskFailed as problem:
        store.end_run(run.id, "failed", error=ErrorValue.of(problem))
    except (FlowCancelled, KeyboardInterrupt):
        store.end_run(run.id, "cancelled")
        raise
    except BaseException as error:
        if termination.asked:
            # What comes of stopping an engine in the middle of its own work.
            store.end_run(run.id, "cancelled")
            raise Terminated(f"run {run.id} was stopped by SIGTERM") from None
        with suppress(EngineError):
            store.end_run(run.id, "crashed", error=ErrorValue.of(error))
        raise
    finally:
        context.threads.shutdown(wait=False, cancel_futures=True)
    return store.run(run.id)


async def _watched(
    work: Callable[[], Coroutine[Any, Any, Json]], run: Run, store: RunStore, termination: Termination
) -> Json:
    """Does the work, and stops it when somebody asks for that."""
    with on_sigterm(termination) as asked:
        working = asyncio.ensure_future(work())
        try:
            while True:
                await asyncio.wait({working, asked}, timeout=CANCEL_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if working.done():
                    return working.result()
                if asked.done():
                    raise Terminated(f"run {run.id} was stopped by SIGTERM")
                if store.cancel_requested(run.id):
                    raise FlowCancelled(f"run {run.id} was cancelled")
        finally:
            await stop(working)


async def run_inline(context: RunContext, interpreter: Interpreter, run: Run) -> Json:
    """Carries a run without Prefect."""
    return await interpreter.run(run.input, InlineEngine(context))


async def _on_prefect(context: RunContext, interpreter: Interpreter, run: Run) -> Json:
    from skyloom.flows.runner.prefect_engine import run_on_prefect

    return await run_on_prefect(context, interpreter, run)


def _final(program: Program, result: Json) -> Json:
    """The flow's result in the canonical form of its return annotation."""
    flow = cast(Flow[..., Any], locate(program.flow))
    return invoke.encode_result(flow, invoke.decode_result(flow, result))


def run_flow(flow: Flow[..., Any], arguments: dict[str, Any]) -> Any:
    """What `Flow.run` does: Python arguments in, a Python result out, the flow's error raised."""
    prepared = prepare(flow, invoke.encode_arguments(flow, arguments))
    try:
        run = start(prepared)
    except Terminated:
        # The process is still asked to end, in the way of the program that this is.
        signal.raise_signal(signal.SIGTERM)
        raise
    if run.error is not None:
        raise rebuilt(run.error, prepared.program)
    return invoke.decode_result(flow, run.result)


def rebuilt(error: ErrorValue, program: Program) -> Exception:
    """The error as an exception of its own class; as a FlowError that names the class where that cannot be had."""
    definition = program.errors.get(error.type)
    found = locate_class(definition.module, definition.qualname) if definition else None
    found = found or getattr(errors, error.type, None) or getattr(builtins, error.type, None)
    if isinstance(found, type) and issubclass(found, Exception):
        exception = found.__new__(found)
        exception.args = (error.message,)
        return exception
    return errors.FlowError(f"{error.type}: {error.message}")
