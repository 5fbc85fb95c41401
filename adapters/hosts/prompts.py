"""The prompts of a function: asks the model that stands behind a prompt's alias at the target.

A package describes its prompts in a module of its own, with everything that was known when it was made: templates as
Python functions, the model's adapter and name, the schema of the answer. The user's module is loaded only where the
answer is checked against a type of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, cast

from skyloom.adapters.hosts.jobs import loaded
from skyloom.adapters.llm.base import CompletionRequest, LanguageModel, Message
from skyloom.adapters.llm.typed import complete_typed
from skyloom.errors import PromptFailed, TaskFailed, TaskTimedOut
from skyloom.flows import values
from skyloom.flows.task_context import TaskContext

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The model behind an alias: where its adapter is (`module:class`), how the adapter is made, the model's name."""

    adapter: str
    options: Mapping[str, Json]
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A prompt as a package describes it; `flows.ir.program.PromptDefinition` says what the attributes mean.

    `text` and `system` are functions of the arguments, a dictionary; `defaults` the arguments that a call may leave
    out; `returns` is where the prompt is defined, for the type of its answer, and None where that is text; `secrets`
    the variables that get the values of secrets, each with the variable that says where the secret is kept.
    """

    text: Callable[[dict[str, Json]], str]
    model: Model
    schema: dict[str, Json]
    timeout: float
    system: Callable[[dict[str, Json]], str] | None = None
    returns: str | None = None
    defaults: Mapping[str, Json] = field(default_factory=dict)
    temperature: float | None = None
    max_tokens: int | None = None
    repairs: int = 1
    on: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)


_models: dict[str, LanguageModel] = {}
"""The adapters that have been made, by what they were made of: connections outlive an invocation."""


class PromptJob:
    """One prompt."""

    def __init__(self, name: str, described: Described) -> None:
        self.name = name
        self.timeout = described.timeout
        self.on = described.on
        self.never = described.never
        self._described = described

    def run(self, values: dict[str, Json], attempt: TaskContext, notes: dict[str, Json]) -> Json:
        return asyncio.run(self._ask({**self._described.defaults, **values}, notes))

    async def _ask(self, arguments: dict[str, Json], notes: dict[str, Json]) -> Json:
        described = self._described
        limit = asyncio.timeout(self.timeout)
        annotation = self._annotation()

        def validate(value: Json) -> Json:
            return values.to_json(values.from_json(value, annotation), annotation)

        try:
            async with limit:
                completion = await complete_typed(self.model(), self._request(arguments), validate, described.repairs)
        except PromptFailed as error:
            # Flows know one class for all of this, the same on every engine.
            raise PromptFailed(f"{self.name}: {error}") from error
        except TimeoutError:
            if limit.expired():
                raise TaskTimedOut(f"{self.name} ran longer than {self.timeout:g} s") from None
            raise
        usage = completion.usage
        notes.update(
            model=completion.model,
            answers=completion.attempts,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            estimated=usage.estimated or None,
        )
        return completion.value

    def _request(self, arguments: dict[str, Json]) -> CompletionRequest:
        described = self._described
        messages = [Message("user", described.text(arguments))]
        if described.system is not None:
            messages.insert(0, Message("system", described.system(arguments)))
        return CompletionRequest(
            model=described.model.model,
            messages=tuple(messages),
            output_schema=described.schema,
            temperature=described.temperature,
            max_tokens=described.max_tokens,
            timeout=described.timeout,
        )

    def _annotation(self) -> Any:
        """The type that the answer is checked against."""
        if self._described.returns is None:
            return str
        prompt = loaded(self._described.returns, self.name)
        return values.signature_types(prompt.function).get("return", Any)

    def model(self) -> LanguageModel:
        """The model that is asked. Raises ConfigError, TaskFailed."""
        wanted = self._described.model
        key = f"{wanted.adapter} {sorted(wanted.options.items())}"
        if key not in _models:
            for variable, reference in self._described.secrets.items():
                from skyloom.adapters.secrets import read_secret

                os.environ[variable] = read_secret(os.environ[reference])
            _models[key] = cast(LanguageModel, loaded(wanted.adapter, self.name)(**wanted.options))
        return _models[key]


class Prompts:
    """The prompts of a function: those that the module `module` describes in `PROMPTS`, by name."""

    def __init__(self, module: str) -> None:
        self._described: Mapping[str, Described] = import_module(module).PROMPTS
        for name, described in self._described.items():
            if not described.secrets:
                # SDKs take long to load, and a function that starts has time; what is wrong is said when one is asked.
                with contextlib.suppress(Exception):
                    PromptJob(name, described).model()

    def job(self, name: str) -> PromptJob:
        """The prompt of that name. Raises TaskFailed where there is none."""
        if name not in self._described:
            raise TaskFailed(f"the function has no prompt {name}: it is older or newer than its workflow")
        return PromptJob(name, self._described[name])
