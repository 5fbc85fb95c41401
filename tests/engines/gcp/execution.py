"""One execution: its thread, its state, what it gave."""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from engines.gcp.callbacks import Callbacks
from engines.gcp.connectors import Services
from engines.gcp.errors import ResourceLimit, Undocumented, Value, WorkflowError
from engines.gcp.expressions.evaluator import value_of
from engines.gcp.expressions.syntax import Expression
from engines.gcp.frame import Frame
from engines.gcp.history import History
from engines.gcp.library.jsons import read, told, written
from engines.gcp.model import Source
from engines.gcp.requests import Connections
from engines.gcp.running import run_routine
from engines.gcp.signals import Cancelled
from engines.gcp.variables import Memory, Scope

ACTIVE, SUCCEEDED, FAILED, CANCELLED = "ACTIVE", "SUCCEEDED", "FAILED", "CANCELLED"


@dataclass(frozen=True)
class Clock:
    """The engine's clock: a real second is `1 / scale` of its seconds."""

    scale: float = 1.0
    began: float = field(default_factory=time.time)

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.began + (time.time() - self.began) / self.scale


@dataclass
class Execution:
    """An execution of a workflow.

    Attributes:
        id: A UUID.
        workflow: The name of the workflow.
        source: What it runs.
        argument: JSON text.
        environment: Built-in and own environment variables.
        services: The engine.
        clock: The engine's clock.
        seed: The order in which branches start; None: as they stand.
        state: `ACTIVE`, `SUCCEEDED`, `FAILED`, `CANCELLED`.
        result: What it returned, when it succeeded.
        error: The payload of its error (Execution.error.payload), when it failed: JSON text.
        problem: The failure of the tests' own, when it depends on what is not documented.
        logs: Severity and data of each `sys.log`.
    """

    id: str
    workflow: str
    source: Source
    argument: str
    environment: Mapping[str, str]
    services: Services
    clock: Clock
    callback_url: Callable[[str, str], str]
    seed: int | None = None
    state: str = ACTIVE
    result: Value = None
    error: str | None = None
    problem: Undocumented | None = None
    started: float = 0.0
    ended: float | None = None
    history: History = field(default_factory=History)
    logs: list[tuple[str, Value]] = field(default_factory=list)
    memory: Memory = field(default_factory=Memory)
    connections: Connections = field(default_factory=set)
    stopping: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)
    fatal: BaseException | None = None

    def __post_init__(self) -> None:
        self.started = self.clock.now()
        self.callbacks = Callbacks(lambda number: self.callback_url(self.id, number), self.clock.now)
        self.thread = threading.Thread(target=self.run, name=f"execution-{self.workflow}", daemon=True)

    def run(self) -> None:
        """Runs it to its end."""
        try:
            main = self.source.routines["main"]
            given = dict(zip(main.parameters, [read(self.argument)], strict=False))
            self.succeed(run_routine(main, given, Frame(self, "main", Scope(self.memory))))
        except Exception as problem:
            self.broken(self.fatal or problem)

    def broken(self, problem: BaseException) -> None:
        """It did not come to its end: `problem` is why, of the branch that stopped it if there is one."""
        match problem:
            case WorkflowError():
                self.raised(problem)
            case ResourceLimit():
                self.fail(written({"tags": ["ResourceLimitError"], "message": str(problem)}, order=True))
            case Cancelled():
                self.end(CANCELLED)
            case Undocumented():
                self.problem = problem
                self.fail(written({"tags": ["Undocumented"], "message": str(problem)}, order=True))
            case _:
                self.problem = Undocumented(f"the interpreter failed: {problem!r}")
                self.problem.__cause__ = problem
                self.fail(written({"tags": ["SystemError"], "message": repr(problem)}, order=True))

    def succeed(self, value: Value) -> None:
        """It returned."""
        try:
            self.result = json.loads(written(value))
        except WorkflowError as problem:
            raise Undocumented(f"the error of an execution that returns what JSON does not have: {problem}") from None
        self.end(SUCCEEDED)

    def raised(self, problem: WorkflowError) -> None:
        """An error was not caught."""
        try:
            self.fail(written(problem.value, order=True))
        except WorkflowError:
            self.problem = Undocumented(f"what an error with bytes in it becomes: {told(problem.value)}")
            self.fail(told(problem.value))

    def fail(self, payload: str) -> None:
        """It failed."""
        self.error = payload
        self.end(FAILED)

    def end(self, state: str) -> None:
        """It is over; a cancelled one stays cancelled."""
        self.callbacks.close()
        self.ended = self.ended or self.clock.now()
        self.state = state
        if self.stopping.is_set() and self.fatal is None:
            self.state, self.result, self.error = CANCELLED, None, None
        self.finished.set()

    def wait(self, seconds: float = 30.0) -> Execution:
        """Waits until it is over, in real seconds.

        Raises:
            TimeoutError: It is not.
            Undocumented: It depends on what is not documented.
        """
        if not self.finished.wait(seconds):
            raise TimeoutError(f"the execution of {self.workflow} runs after {seconds} s")
        if self.problem is not None:
            raise self.problem
        return self

    def cancel(self) -> None:
        """Cancels it: what it waits for is given up."""
        if not self.finished.is_set():
            self.stopping.set()
            self.give_up()
            self.end(CANCELLED)

    def stop(self, problem: BaseException) -> None:
        """A branch ends the whole execution."""
        if not isinstance(problem, Cancelled):
            self.fatal = self.fatal or problem
        self.stopping.set()
        self.give_up()

    def give_up(self) -> None:
        """Ends waits and requests."""
        self.callbacks.close()
        for connection in list(self.connections):
            if connection.sock is not None:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def alive(self) -> None:
        """Ends a thread of an execution that is stopped.

        Raises:
            Cancelled: It is.
        """
        if self.stopping.is_set():
            raise Cancelled

    def sleep(self, seconds: float) -> None:
        """Waits, on the engine's clock."""
        self.stopping.wait(seconds * self.clock.scale)
        self.alive()

    def await_callback(self, details: Value, seconds: float) -> Value:
        """Waits for a request at an endpoint."""
        found = self.callbacks.wait(details, seconds, seconds * self.clock.scale, self.stopping.is_set)
        self.alive()
        return found

    def deliver(self, number: str, method: str, headers: Mapping[str, str], body: bytes, query: str = "") -> int:
        """A request arrives at a callback endpoint; the HTTP status of the answer."""
        return self.callbacks.deliver(number, method, headers, body, query)

    def value(self, node: Expression, frame: Frame) -> Value:
        """The value of an expression."""
        return value_of(node, frame.scope, frame)

    def new_id(self) -> str:
        """A fresh UUID."""
        return str(uuid.uuid4())
