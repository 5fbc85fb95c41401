"""Asks a language model for a prompt: fills the template, finds the model, and checks the answer against its type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from skyloom.adapters.llm.base import CompletionRequest, LanguageModel, Message
from skyloom.adapters.llm.typed import complete_typed
from skyloom.errors import ConfigError, Diagnostic, PromptFailed
from skyloom.flows import values
from skyloom.flows.config import LOCAL, Config, ResolvedModel, language_model, load_config, resolve_model
from skyloom.flows.definitions import Prompt
from skyloom.flows.expr.python import compile_expr
from skyloom.flows.ir.program import PromptDefinition
from skyloom.flows.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptAnswer:
    """A model's answer to a prompt.

    Attributes:
        value: canonical JSON of the prompt's return type.
        usage: `input_tokens` and `output_tokens`, summed over all attempts.
        estimated: whether the usage was counted from the text because the provider reported none.
        model: the model that answered, as the provider names it.
        attempts: how often it was asked, repairs included.
    """

    value: Json
    usage: dict[str, int]
    estimated: bool
    model: str
    attempts: int


class ModelSource:
    """The models of one configuration. Adapters are made when first asked for and kept; safe to share by threads.

    `models` puts models in the place of aliases, for tests: `ModelSource(models={"fast": ScriptedModel([...])})`.
    """

    def __init__(self, config: Config | None = None, models: Mapping[str, LanguageModel] | None = None) -> None:
        self.config = config or load_config()
        self._given = dict(models or {})
        self._made: dict[str, LanguageModel] = {}
        self._lock = Lock()

    @classmethod
    def for_file(cls, file: str | Path | None, environment: str | None = None) -> ModelSource:
        """The models that the skyloom.toml of a flow's file names (of the working folder where `file` is None).

        Raises:
            ConfigError: the configuration is wrong, or has no such environment.
        """
        return cls(load_config(None if file is None else Path(file), environment))

    @property
    def environment(self) -> str:
        """The name of the environment that was chosen."""
        return self.config.environment

    def resolve(self, alias: str) -> ResolvedModel:
        """What `alias` stands for on this machine. Raises ConfigError."""
        return resolve_model(self.config, alias, LOCAL)

    def model(self, alias: str) -> tuple[LanguageModel, str]:
        """The model behind `alias`, and its name at its provider. Raises ConfigError."""
        if alias in self._given:
            return self._given[alias], alias
        resolved = self.resolve(alias)
        with self._lock:
            if resolved.provider not in self._made:
                self._made[resolved.provider] = language_model(resolved)
            return self._made[resolved.provider], resolved.model

    def require(self, aliases: Iterable[str]) -> None:
        """Makes sure that every alias has a model that can be asked: configured, installed, with its key.

        Raises:
            ConfigError: with a diagnostic for each that has none.
        """
        problems: dict[Diagnostic, None] = {}
        for alias in dict.fromkeys(aliases):
            try:
                self.model(alias)
            except ConfigError as error:
                problems.update(dict.fromkeys(error.diagnostics))
        if problems:
            raise ConfigError(*problems)


async def ask(
    definition: PromptDefinition, prompt: Prompt[..., Any], arguments: Mapping[str, Json], models: ModelSource
) -> PromptAnswer:
    """Asks the model of `definition`, repairs included. The whole is not bounded in time; one request is, by the
    prompt's timeout.

    Args:
        prompt: the prompt's Python side, for the type that the answer is checked against.
        arguments: JSON by parameter name; those left out take their defaults.

    Raises:
        PromptFailed: the service fails, or there is no valid answer within the repairs.
        TaskTimedOut: one request took longer than the prompt's timeout.
        ConfigError: the prompt's model is not configured.
    """
    annotation = values.signature_types(prompt.function).get("return", Any)

    def validate(value: Json) -> Json:
        return values.to_json(values.from_json(value, annotation), annotation)

    model, name = models.model(definition.model)
    try:
        completion = await complete_typed(model, request_for(definition, arguments, name), validate, definition.repairs)
    except PromptFailed as error:
        # Flows know one class for all of this, the same on every engine.
        raise PromptFailed(f"{definition.name}: {error}") from error
    usage = completion.usage
    return PromptAnswer(
        value=completion.value,
        usage={"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens},
        estimated=usage.estimated,
        model=completion.model,
        attempts=completion.attempts,
    )


def request_for(definition: PromptDefinition, arguments: Mapping[str, Json], model: str) -> CompletionRequest:
    """What a model is asked. `arguments`: JSON by parameter name; those left out take their defaults."""
    defaults = {parameter.name: parameter.default for parameter in definition.parameters if not parameter.required}
    variables = {**defaults, **arguments}
    messages = [Message("user", compile_expr(definition.template)(variables))]
    if definition.system is not None:
        messages.insert(0, Message("system", compile_expr(definition.system)(variables)))
    return CompletionRequest(
        model=model,
        messages=tuple(messages),
        output_schema=definition.output_schema,
        temperature=definition.temperature,
        max_tokens=definition.max_tokens,
        timeout=definition.timeout,
    )
