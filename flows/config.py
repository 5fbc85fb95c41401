"""skyloom.toml: which model stands behind an alias, for each target and environment, and where providers are.

    [models.local]                       # target: local, aws, azure, gcp
    fast = "offline"                     # alias = "provider" or "provider:model"
    smart = "ollama:llama3.2"

    [environments.prod.models.local]     # replaces single entries in the environment `prod`
    smart = "openai:gpt-5"

    [providers.ollama]                   # `offline` and `openai` are there without being named
    kind = "openai"
    base_url = "http://localhost:11434/v1"

The aliases `fast` and `smart` need no file: on the target `local` they are `offline` where it does not name them, on
`aws` models of Amazon Bedrock, on `azure` of Microsoft Foundry, on `gcp` of Vertex AI. Every other alias has to stand
there.

Variables of the environment come before the file, for the target `local`: `SKYLOOM_ENV` names the environment (default
`dev`), `SKYLOOM_MODEL_FAST=openai:gpt-5` sets the alias `fast`, `SKYLOOM_OLLAMA_BASE_URL` the `base_url` of `ollama`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from skyloom import plugins
from skyloom.adapters.llm.defaults import DEFAULT_MODELS
from skyloom.errors import ConfigError, Diagnostic
from skyloom.flows.config_reading import BUILT_IN_PROVIDERS, Reader, Settings, did_you_mean, problem_with
from skyloom.flows.toml_file import TomlFile

if TYPE_CHECKING:
    from skyloom.adapters.llm.base import LanguageModel

FILE_NAME = "skyloom.toml"
DEFAULT_ENVIRONMENT = "dev"
LOCAL = "local"
DEFAULT_ALIASES = tuple(DEFAULT_MODELS[LOCAL])
"""Aliases that are `offline` on the target `local` where the file does not name them."""


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration in one environment.

    Attributes:
        file: the skyloom.toml it was read from; None where there is none.
        environment: the chosen environment.
        settings: what the file says for that environment.
        variables: the variables of the process's environment that begin with `SKYLOOM_`.
    """

    file: TomlFile | None
    environment: str
    settings: Settings
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedModel:
    """What an alias stands for: the provider's name, its kind (the adapter), its options, and the model's name there
    (empty where the provider has one model only)."""

    alias: str
    provider: str
    kind: str
    model: str
    options: Mapping[str, str | int | float | bool] = field(default_factory=dict)


def find_file(start: Path | None = None) -> Path | None:
    """The nearest skyloom.toml in or above the folder of `start`, a file or a folder; by default the working folder."""
    place = (start or Path.cwd()).resolve()
    folders = (place, *place.parents) if place.is_dir() else place.parents
    return next((folder / FILE_NAME for folder in folders if (folder / FILE_NAME).is_file()), None)


def load_config(
    start: Path | None = None,
    environment: str | None = None,
    variables: Mapping[str, str] = os.environ,
    known: Collection[str] | None = None,
) -> Config:
    """Reads the skyloom.toml that belongs to `start`, and checks all of it, every environment included.

    Args:
        start: a flow's file, or a folder; by default the working folder.
        environment: its name; by default $SKYLOOM_ENV, else `dev`.
        variables: the variables of the process's environment.
        known: environments that are there although the file does not name them, those of an app; None: no app is meant.

    Raises:
        ConfigError: SKY630 to SKY635, every problem of the file at once; an unknown environment.
    """
    chosen = environment or variables.get("SKYLOOM_ENV") or DEFAULT_ENVIRONMENT
    kept = {name: value for name, value in variables.items() if name.startswith("SKYLOOM_")}
    path = find_file(start)
    there = chosen == DEFAULT_ENVIRONMENT or chosen in (known or ())
    table = f"[environments.{chosen}.models.local]"
    in_app = None if known is None else f'name it in the app: App(..., environments={{"{chosen}": Environment()}})'
    if path is None:
        if not there:
            message = f"no environment `{chosen}`: there is no {FILE_NAME}"
            hint = did_you_mean(chosen, known or ()) or in_app or f"write one with {table}"
            raise ConfigError(Diagnostic("SKY633", message, FILE_NAME, hint=hint))
        return Config(None, chosen, Settings({}, dict(BUILT_IN_PROVIDERS)), kept)
    file = TomlFile(path)
    reader = Reader(file)
    environments = reader.read()
    if chosen not in environments and not there:
        hint = did_you_mean(chosen, (*environments, *(known or ()))) or in_app or f"add {table}"
        reader.report("SKY633", f"no environment `{chosen}`", ("environments",), hint)
    if reader.problems:
        raise ConfigError(*reader.problems)
    return Config(file, chosen, environments.get(chosen, reader.base), kept)


def resolve_model(config: Config, alias: str, target: str = LOCAL) -> ResolvedModel:
    """What `alias` stands for on `target`.

    Raises:
        ConfigError: SKY634, the target has no such alias; SKY632 and SKY635 for a variable that is no model.
    """
    variable = variable_of(alias)
    if target == LOCAL and config.variables.get(variable):
        text = config.variables[variable]
        problem = problem_with(text, config.settings.providers)
        if problem is not None:
            raise ConfigError(
                Diagnostic(problem.code, f"${variable}: {problem.message}", "environment", None, problem.hint)
            )
    else:
        text = _written(config, alias, target)
    name, _, model = text.partition(":")
    provider = config.settings.providers.get(name) or BUILT_IN_PROVIDERS.get(name)
    options = {} if provider is None else dict(provider.options)
    url = config.variables.get(f"SKYLOOM_{_shouted(name)}_BASE_URL") if target == LOCAL else None
    if url:
        options["base_url"] = url
    kind = name if provider is None else provider.kind
    return ResolvedModel(alias=alias, provider=name, kind=kind, model=model, options=options)


def _written(config: Config, alias: str, target: str) -> str:
    """The file's entry for `alias`."""
    table = config.settings.models.get(target)
    if table is not None and alias in table:
        return table[alias]
    defaults = DEFAULT_MODELS.get(target, {})
    if alias in defaults:
        return defaults[alias]
    message = f"no model `{alias}` for the target `{target}` (environment `{config.environment}`)"
    hint = alias_hint(alias, {*(table or ()), *defaults}, target)
    if config.file is None:
        raise ConfigError(Diagnostic("SKY634", message, FILE_NAME, hint=hint))
    raise ConfigError(config.file.diagnostic("SKY634", message, ("models", target), hint))


def known_aliases(start: Path) -> frozenset[str]:
    """The aliases that the skyloom.toml of `start` knows for some target and environment, those that need no entry
    included.

    Raises:
        ConfigError: as `load_config`.
    """
    known = {alias for models in DEFAULT_MODELS.values() for alias in models}
    path = find_file(start)
    if path is not None:
        reader = Reader(TomlFile(path))
        settings = [*reader.read().values(), reader.base]
        if reader.problems:
            raise ConfigError(*reader.problems)
        known.update(alias for one in settings for models in one.models.values() for alias in models)
    return frozenset(known)


def is_alias(alias: str, known: Collection[str], variables: Mapping[str, str] = os.environ) -> bool:
    """Whether some model can stand behind `alias`."""
    return alias in known or bool(variables.get(variable_of(alias)))


def alias_hint(alias: str, known: Collection[str], target: str = LOCAL) -> str:
    """What to write instead of an unknown alias."""
    add = f'add `{alias} = "provider:model"` to [models.{target}] of {FILE_NAME}'
    if not known:
        return add
    listed, close = ", ".join(sorted(known)), did_you_mean(alias, known)
    return f"{close} (known are {listed})" if close else f"known are {listed}; {add}"


def variable_of(alias: str) -> str:
    """The variable that sets `alias`: `SKYLOOM_MODEL_FAST` for `fast`."""
    return f"SKYLOOM_MODEL_{_shouted(alias)}"


def _shouted(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def language_model(resolved: ResolvedModel) -> LanguageModel:
    """The adapter behind a resolved alias: the plugin `llm.<kind>`, made with the provider's name and options.

    Raises:
        ConfigError: there is no such plugin, an extra or a key is missing, or the plugin does not know an option.
    """
    adapter = plugins.load("skyloom.adapters", f"llm.{resolved.kind}")
    try:
        return cast("LanguageModel", adapter(provider=resolved.provider, **resolved.options))
    except TypeError as error:
        message = f"provider `{resolved.provider}` cannot be made from its options: {error}"
        hint = f"see the options of the plugin llm.{resolved.kind}"
        raise ConfigError(Diagnostic("SKY632", message, FILE_NAME, hint=hint)) from error
