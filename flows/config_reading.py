"""Reads and checks the tables of skyloom.toml; every problem is collected, with its line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from skyloom import plugins
from skyloom.errors import Diagnostic
from skyloom.flows.toml_file import Keys, TomlFile

Option = str | int | float | bool

TARGETS = ("local", "aws", "azure", "gcp")

OPTIONS: dict[str, tuple[str, ...]] = {
    "bedrock": ("region", "endpoint_url", "via"),
    "foundry": ("endpoint", "resource"),
    "vertex": ("project", "location", "endpoint_url", "via"),
    "offline": (),
    "openai": ("base_url", "api_key_env"),
}
"""The options of the kinds of provider that Skyloom ships, all strings. Those of a plugin are the plugin's affair."""

NEEDS_MODEL = ("bedrock", "foundry", "openai", "vertex")
"""The kinds whose references have to name a model."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where models are: `kind` names the adapter, the entry point `llm.<kind>`."""

    kind: str
    options: Mapping[str, Option] = field(default_factory=dict)


BUILT_IN_PROVIDERS = {name: Provider(name) for name in OPTIONS}


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds in one environment: models by target and alias, providers by name."""

    models: Mapping[str, Mapping[str, str]]
    providers: Mapping[str, Provider]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one entry."""

    code: str
    message: str
    hint: str | None = None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint with the known name that is closest to `name`, if one is close."""
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else None


def problem_with(reference: str, providers: Mapping[str, Provider]) -> Problem | None:
    """What is wrong with a model's reference, `provider` or `provider:model`."""
    name, colon, model = reference.partition(":")
    known = {**BUILT_IN_PROVIDERS, **providers}
    if not name or (colon and not model):
        return Problem("SKY632", f"`{reference}` names no model", 'write "offline" or "provider:model"')
    if name not in known and not _is_kind(name):
        hint = did_you_mean(name, known) or f"add [providers.{name}], or use one of: {', '.join(sorted(known))}"
        return Problem("SKY635", f"no provider `{name}`", hint)
    kind = known[name].kind if name in known else name
    if kind in NEEDS_MODEL and not model:
        return Problem("SKY632", f"`{reference}` does not say which model", f'write "{name}:MODEL"')
    if kind == "offline" and model:
        return Problem("SKY632", f"the provider `{name}` has no models to choose from", f'write "{name}"')
    return None


def _is_kind(name: str) -> bool:
    return name in OPTIONS or f"llm.{name}" in plugins.names("skyloom.adapters")


class Reader:
    """Reads one file. `problems` grows while `read` works.

    Attributes:
        base: what holds where no environment says otherwise.
    """

    def __init__(self, file: TomlFile) -> None:
        self.file = file
        self.problems: list[Diagnostic] = []
        self.base = Settings({}, BUILT_IN_PROVIDERS)

    def report(self, code: str, message: str, keys: Keys, hint: str | None = None) -> None:
        """Records a problem with the entry at `keys`."""
        found = self.file.diagnostic(code, message, keys, hint)
        if found not in self.problems:
            self.problems.append(found)

    def read(self) -> dict[str, Settings]:
        """The settings of every environment that the file names; `base` is set on the way."""
        data = self.file.data
        self._known(data, ("models", "environments", "providers"), ())
        raw_models, raw_providers = self._models(data, ()), self._providers(data, ())
        self.base = self._settings(raw_models, raw_providers, {}, {}, ())
        environments = {}
        for name, table in self._tables(data, ("environments",)).items():
            keys = ("environments", name)
            self._known(table, ("models", "providers"), keys)
            models, providers = self._models(table, keys), self._providers(table, keys)
            environments[name] = self._settings(models, providers, raw_models, raw_providers, keys)
        return environments

    def _settings(
        self,
        models: dict[str, dict[str, str]],
        providers: dict[str, dict[str, Any]],
        base_models: dict[str, dict[str, str]],
        base_providers: dict[str, dict[str, Any]],
        keys: Keys,
    ) -> Settings:
        """The tables at `keys` laid over those of the base, and checked."""
        merged = {**base_providers, **{name: {**base_providers.get(name, {}), **t} for name, t in providers.items()}}
        made = {name: self._provider(name, table, (*keys, "providers", name)) for name, table in merged.items()}
        known = {**BUILT_IN_PROVIDERS, **made}
        for target, aliases in models.items():
            for alias, reference in aliases.items():
                problem = problem_with(reference, known)
                if problem is not None:
                    self.report(problem.code, problem.message, (*keys, "models", target, alias), problem.hint)
        targets = dict.fromkeys([*base_models, *models])
        return Settings({t: {**base_models.get(t, {}), **models.get(t, {})} for t in targets}, known)

    def _models(self, data: dict[str, Any], keys: Keys) -> dict[str, dict[str, str]]:
        """The tables `[models.<target>]` below `keys`: alias to reference."""
        found: dict[str, dict[str, str]] = {}
        for target, table in self._tables(data, (*keys, "models")).items():
            place = (*keys, "models", target)
            if target not in TARGETS and target not in plugins.names("skyloom.deployers"):
                hint = did_you_mean(target, TARGETS) or f"targets are {', '.join(TARGETS)}"
                self.report("SKY631", f"no target `{target}`", place, hint)
                continue
            found[target] = {}
            for alias, reference in table.items():
                if isinstance(reference, str):
                    found[target][alias] = reference
                else:
                    message = f"`{alias}` must be a string, not {_named(reference)}"
                    self.report("SKY632", message, (*place, alias), 'write "offline" or "provider:model"')
        return found

    def _providers(self, data: dict[str, Any], keys: Keys) -> dict[str, dict[str, Any]]:
        return self._tables(data, (*keys, "providers"))

    def _provider(self, name: str, table: dict[str, Any], keys: Keys) -> Provider:
        kind = table.get("kind", name)
        if not isinstance(kind, str) or not _is_kind(kind):
            if "kind" in table:
                hint = did_you_mean(str(kind), OPTIONS) or f"kinds are {', '.join(OPTIONS)}, and those of plugins"
                self.report("SKY635", f"no kind of provider `{kind}`", (*keys, "kind"), hint)
            else:
                self.report("SKY635", f"the provider `{name}` has no kind", keys, 'add kind = "openai"')
            return Provider("offline")
        options = {option: value for option, value in table.items() if option != "kind"}
        for option, value in options.items():
            self._option(kind, option, value, (*keys, option))
        if kind == "foundry" and "resource" in options and "endpoint" not in options:
            message, hint = "`resource` says nothing about where to ask", "add `endpoint`, or leave both out"
            self.report("SKY632", message, (*keys, "resource"), hint)
        return Provider(kind, options)

    def _option(self, kind: str, option: str, value: Any, keys: Keys) -> None:
        known = OPTIONS.get(kind)
        if known is None:
            if not isinstance(value, Option):
                self.report("SKY632", f"`{option}` must be a string, number or boolean", keys)
        elif option not in known:
            hint = did_you_mean(option, (*known, "kind")) or f"known: {', '.join((*known, 'kind'))}"
            self.report("SKY631", f"a provider of kind `{kind}` has no option `{option}`", keys, hint)
        elif not isinstance(value, str):
            self.report("SKY632", f"`{option}` must be a string, not {_named(value)}", keys)
        elif option in ("base_url", "endpoint", "endpoint_url") and not _is_url(value):
            hint = "such as http://localhost:11434/v1"
            self.report("SKY632", f"`{value}` is no http or https address", keys, hint)
        elif option == "via" and value != "function":
            hint = 'write via = "function", or leave it out'
            self.report(
                "SKY632", f"a prompt is asked via functions, or where there is a choice, not `{value}`", keys, hint
            )

    def _known(self, table: dict[str, Any], known: tuple[str, ...], keys: Keys) -> None:
        for name in table:
            if name not in known:
                hint = did_you_mean(name, known) or f"known here: {', '.join(known)}"
                self.report("SKY631", f"unknown key `{name}`", (*keys, name), hint)

    def _tables(self, data: dict[str, Any], keys: Keys) -> dict[str, dict[str, Any]]:
        """The tables below the last of `keys`; what is none is reported and left out."""
        outer = data.get(keys[-1], {})
        if not isinstance(outer, dict):
            self.report("SKY632", f"`{keys[-1]}` must be a table, not {_named(outer)}", keys)
            return {}
        tables = {}
        for name, table in outer.items():
            if isinstance(table, dict):
                tables[name] = table
            else:
                hint = f"write [{'.'.join((*keys, 'local'))}] above it" if keys[-1] == "models" else None
                self.report("SKY632", f"`{name}` must be a table, not {_named(table)}", (*keys, name), hint)
        return tables


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


_NAMES: dict[type, str] = {
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "an array",
    dict: "a table",
}


def _named(value: Any) -> str:
    return _NAMES.get(type(value), "a date or time")
