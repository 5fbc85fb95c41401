"""What the decorators make of a function: `Task`, `Prompt` and `Flow`. Loads neither pydantic nor an engine.

Decorating never looks at annotations: what is wrong with a definition is found by `skyloom check`, together with
everything else that is wrong in the file. Only a decorator that cannot mean anything as it stands fails at once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast, overload

from skyloom.flows import session
from skyloom.flows.policy import DEFAULT_TASK_TIMEOUT, NO_RETRY, Retry

if TYPE_CHECKING:
    from skyloom.flows.ir.program import Program

P = ParamSpec("P")
R = TypeVar("R")


class MisusedDecorator(TypeError):
    """A decorator stands where it means nothing, such as `@prompt` without its template."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}; {hint}")
        self.message = message
        self.hint = hint


class Definition(Generic[P, R]):
    """A decorated function: it keeps its name, its documentation and its signature, and can be called as before."""

    def __init__(self, function: Callable[P, Any]) -> None:
        self.function = function
        """The function as it was written."""
        functools.update_wrapper(cast(Any, self), function)

    @property
    def name(self) -> str:
        """The function's own name."""
        return self.function.__name__

    def bind(self, *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        """The arguments by parameter name, without those left out. Raises TypeError as the call itself would."""
        import inspect

        return dict(inspect.signature(self.function).bind(*args, **kwargs).arguments)

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} {self.function.__module__}.{self.function.__qualname__}>"


class Task(Definition[P, R]):
    """User code that runs in a function of its own.

    Called in a flow it runs with its retry and timeout; called anywhere else it is the plain function.
    """

    def __init__(
        self,
        function: Callable[P, Any],
        *,
        retry: Retry = NO_RETRY,
        timeout: float = DEFAULT_TASK_TIMEOUT,
        requires: Sequence[str] = (),
        memory: int | None = None,
        fuse: bool = False,
    ) -> None:
        super().__init__(function)
        self.retry = retry
        self.timeout = timeout
        self.requires = tuple(requires)
        self.memory = memory
        self.fuse = fuse

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        active = session.current()
        if active is None:
            return cast(R, self.function(*args, **kwargs))
        return cast(R, active.call_task(self, self.bind(*args, **kwargs)))


class Prompt(Definition[P, R]):
    """A typed call of a language model: the template is filled from the arguments, the answer is of the return type.

    Called in a flow it is a step of the flow; called anywhere else it asks the model at once, without retries.
    """

    def __init__(
        self,
        function: Callable[P, Any],
        template: str,
        *,
        model: str = "fast",
        system: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        timeout: float = DEFAULT_TASK_TIMEOUT,
        retry: Retry = NO_RETRY,
        repairs: int = 1,
    ) -> None:
        super().__init__(function)
        self.template = template
        self.model = model
        self.system = system
        self.temperature = temperature
        self.max_tokens = max_tokens
        self.timeout = timeout
        self.retry = retry
        self.repairs = repairs

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        active = session.current() or session.start(self)
        return cast(R, active.call_prompt(self, self.bind(*args, **kwargs)))


class Flow(Definition[P, R]):
    """A workflow: one typed function, one meaning on every engine.

    Called, it runs as plain Python: tasks inline, one after the other; approvals and events take their answers from
    `skyloom.flows.testing.script`. `run` runs it on Prefect.
    """

    def __init__(self, function: Callable[P, Any], *, timeout: float | None = None) -> None:
        super().__init__(function)
        self.timeout = timeout

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        active = session.current() or session.start(self)
        return cast(R, active.call_flow(self, self.bind(*args, **kwargs)))

    @property
    def program(self) -> Program:
        """The flow's intermediate representation, with everything it refers to.

        Raises:
            CheckFailed: the flow does not compile; carries every diagnostic.
        """
        from skyloom.flows.frontend import compile_flow

        return compile_flow(self)

    def run(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs the flow on Prefect, with `skyloom run`'s local server or the one of `PREFECT_API_URL`.

        Raises:
            CheckFailed: the flow does not compile.
            InvalidInput: the arguments do not fit the signature.
            Exception: the flow's own error, of the class it was raised with.
        """
        from skyloom.flows.runner.launch import run_flow

        return cast(R, run_flow(self, self.bind(*args, **kwargs)))


@overload
def task(function: Callable[P, Coroutine[Any, Any, R]], /) -> Task[P, R]: ...
@overload
def task(function: Callable[P, R], /) -> Task[P, R]: ...
@overload
def task(
    *,
    retry: Retry = ...,
    timeout: float = ...,
    requires: Sequence[str] = ...,
    memory: int | None = ...,
    fuse: bool = ...,
) -> _TaskDecorator: ...
def task(
    function: Callable[..., Any] | None = None,
    /,
    *,
    retry: Retry = NO_RETRY,
    timeout: float = DEFAULT_TASK_TIMEOUT,
    requires: Sequence[str] = (),
    memory: int | None = None,
    fuse: bool = False,
) -> Any:
    """Marks a function as a task: ordinary Python (`def` or `async def`) that runs in a function of its own.

    Args:
        retry: what is tried again, and how; by default nothing.
        timeout: seconds one attempt may take (default 300); `TaskTimedOut` afterwards.
        requires: distributions the task needs, as in `requirements.txt`.
        memory: MiB the task needs; by default the target's smallest sensible size.
        fuse: whether a cloud may carry out several calls in one invocation of a function: calls that stand next to
            each other, and up to ten items of a map. For short calls, which cost less to make than to start.
    """

    def decorate(decorated: Callable[..., Any]) -> Task[..., Any]:
        _check_function(decorated, "task", "`@task`, or `@task(timeout=60)`")
        return Task(decorated, retry=retry, timeout=timeout, requires=requires, memory=memory, fuse=fuse)

    return decorate if function is None else decorate(function)


class _TaskDecorator:
    """The type of `task(...)` with options."""

    @overload
    def __call__(self, function: Callable[P, Coroutine[Any, Any, R]], /) -> Task[P, R]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Task[P, R]: ...
    def __call__(self, function: Callable[P, Any], /) -> Any:
        raise NotImplementedError


def prompt(
    template: str,
    /,
    *,
    model: str = "fast",
    system: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    timeout: float = DEFAULT_TASK_TIMEOUT,
    retry: Retry = NO_RETRY,
    repairs: int = 1,
) -> Callable[[Callable[P, R]], Prompt[P, R]]:
    """Marks a function as a prompt: its parameters fill the template, its result is the answer, its body is `...`.

    Args:
        template: the text, with `{parameter}`, `{parameter.field}` and `{parameter[0]}` in it; `{{` is a brace.
            Strings go in as they are, everything else as JSON.
        model: an alias of skyloom.toml, such as `fast` or `smart`.
        system: the system text; it may use the parameters too.
        temperature: 0 to 2; the model's own where left out.
        max_tokens: the longest answer, in tokens.
        timeout: seconds one attempt may take, repairs included (default 300).
        retry: what is tried again, and how; by default nothing.
        repairs: how often an answer that does not fit the type is sent back with the reason.
    """

    if not isinstance(template, str):
        what = "needs its template" if callable(template) else f"needs a text as its template, not {template!r}"
        raise MisusedDecorator(f"`@prompt` {what}", 'write `@prompt("...")` above the function')

    def decorate(function: Callable[P, R]) -> Prompt[P, R]:
        _check_function(function, "prompt", '`@prompt("...")`')
        return Prompt(
            function,
            template,
            model=model,
            system=system,
            temperature=temperature,
            max_tokens=max_tokens,
            timeout=timeout,
            retry=retry,
            repairs=repairs,
        )

    return decorate


@overload
def flow(function: Callable[P, R], /) -> Flow[P, R]: ...
@overload
def flow(*, timeout: float | None = ...) -> Callable[[Callable[P, R]], Flow[P, R]]: ...
def flow(function: Callable[..., Any] | None = None, /, *, timeout: float | None = None) -> Any:
    """Marks a function as a flow. Its source is compiled; its typed signature is its contract.

    Args:
        timeout: seconds the whole run may take; no bound by default.
    """

    def decorate(decorated: Callable[..., Any]) -> Flow[..., Any]:
        _check_function(decorated, "flow", "`@flow`, or `@flow(timeout=60)`")
        return Flow(decorated, timeout=timeout)

    return decorate if function is None else decorate(function)


def _check_function(found: object, word: str, written: str) -> None:
    if not callable(found) or not hasattr(found, "__name__"):
        raise MisusedDecorator(f"`@{word}` marks a function, not {found!r}", f"write {written} above `def`")
