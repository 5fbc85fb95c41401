"""The module that describes the prompts of a function: templates as Python, models, schemas, policies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from skyloom.deployers.grouping import key_variable
from skyloom.errors import ConfigError
from skyloom.flows import values
from skyloom.flows.config import Config, ResolvedModel, resolve_model
from skyloom.flows.definitions import Definition, Prompt
from skyloom.flows.expr.fstrings import quoted
from skyloom.flows.expr.nodes import Expr
from skyloom.flows.expr.python import IMPORTS, PythonEmitter
from skyloom.flows.ir.program import PromptDefinition
from skyloom.flows.resources import variable_of
from skyloom.flows.runner.locate import locate

_VALUES = "values"
"""The parameter of a template's function: the prompt's arguments by name."""
_SHORT = 80


@dataclass(frozen=True, slots=True)
class PromptModule:
    """The source of the module, the names of Skyloom that it needs, and the prompts whose modules it needs."""

    source: str
    own: frozenset[str]
    located: tuple[Definition[..., Any], ...]


def prompt_module(
    prompts: Iterable[PromptDefinition],
    config: Config,
    module_name: Callable[[Definition[..., Any]], str],
    target: str,
) -> PromptModule:
    """The module for these prompts.

    Args:
        module_name: the name of a definition's module in the package.
        target: where the models are asked.

    Raises:
        ConfigError: a prompt's model is not configured.
    """
    functions: list[str] = []
    entries: list[str] = []
    own = {"skyloom.adapters.hosts.prompts.Described"}
    located: list[Definition[..., Any]] = []
    for definition in sorted(prompts, key=lambda prompt: prompt.name):
        prompt = cast(Prompt[..., Any], locate(definition))
        resolved = resolve_model(config, definition.model, target)
        adapter = adapter_place(resolved)
        if adapter.startswith("skyloom."):
            own.add(adapter.replace(":", "."))
        is_text = values.signature_types(prompt.function).get("return", Any) is str
        if not is_text:
            located.append(prompt)
        functions += _function(f"{definition.name}_text", definition.template)
        if definition.system is not None:
            functions += _function(f"{definition.name}_system", definition.system)
        returns = None if is_text else f"{module_name(prompt)}:{definition.qualname}"
        entries.append(_entry(definition, resolved, adapter, returns))
    body = "\n".join(functions)
    head = ['"""The prompts of this function."""', "", *imports(body)]
    head.append("from skyloom.adapters.hosts.prompts import Described, Model")
    source = "\n".join([*head, body, "", "", "PROMPTS = {", *entries, "}", ""])
    return PromptModule(source, frozenset(own), tuple(located))


def imports(body: str) -> list[str]:
    """The imports that emitted source needs, with an empty line behind them."""
    needed = [line for line in IMPORTS if any(re.search(rf"\b{name}\b", body) for name in _imported(line))]
    return [*needed, ""] if needed else []


def _imported(line: str) -> list[str]:
    return [name.strip() for name in line.rpartition("import ")[2].split(",")]


def adapter_place(resolved: ResolvedModel) -> str:
    """Where the adapter of a model is: `module:class`. Raises ConfigError where there is none."""
    from importlib.metadata import entry_points

    from skyloom.errors import Diagnostic

    wanted = f"llm.{resolved.kind}"
    for entry in entry_points(group="skyloom.adapters"):
        if entry.name == wanted:
            return entry.value
    raise ConfigError(Diagnostic("SKY601", f"no plugin `{wanted}` in `skyloom.adapters`", "skyloom.toml"))


def _function(name: str, template: Expr) -> list[str]:
    """A template as a function of the prompt's arguments."""
    emitter = PythonEmitter(lambda parameter: f"{_VALUES}[{quoted(parameter)}]")
    return ["", "", f"def {name}({_VALUES}):", f"    return {emitter.emit(template)}"]


def _entry(definition: PromptDefinition, resolved: ResolvedModel, adapter: str, returns: str | None) -> str:
    options = {"provider": resolved.provider, **resolved.options}
    variable = key_variable(resolved)
    secrets = {} if variable is None else {variable: variable_of("SECRET", variable.lower().replace("_", "-"))}
    fields: Mapping[str, Any] = {
        "returns": returns,
        "schema": definition.output_schema,
        "timeout": definition.timeout,
        "defaults": {p.name: p.default for p in definition.parameters if not p.required} or None,
        "temperature": definition.temperature,
        "max_tokens": definition.max_tokens,
        "repairs": definition.repairs,
        "on": tuple(name for name in definition.retry.on if name != "Exception") or None,
        "never": definition.retry.never or None,
        "secrets": secrets or None,
    }
    described = {"adapter": adapter, "model": resolved.model, "options": options}
    model = [f"{name}={_literal(value, 3)}" for name, value in described.items()]
    lines = [
        f"text={definition.name}_text,",
        *([] if definition.system is None else [f"system={definition.name}_system,"]),
        *["model=Model(", *(f"    {part}," for part in model), "),"],
        *(f"{name}={_literal(value, 2)}," for name, value in fields.items() if value is not None),
    ]
    name = _literal(definition.name, 0)
    return "\n".join([f"    {name}: Described(", *(f"        {line}" for line in lines), "    ),"])


def _literal(value: Any, depth: int) -> str:
    """A JSON value, or a tuple of texts, as Python; what is long on lines of its own."""
    match value:
        case str():
            text = quoted(value)
        case dict():
            parts = [f"{quoted(key)}: {_literal(item, depth + 1)}" for key, item in value.items()]
            text = _enclosed("{", parts, "}", depth)
        case list():
            text = _enclosed("[", [_literal(item, depth + 1) for item in value], "]", depth)
        case tuple():
            text = f"({''.join(f'{_literal(item, depth)}, ' for item in value).rstrip()})"
        case _:
            text = repr(value)
    return text


def _enclosed(opening: str, parts: list[str], closing: str, depth: int) -> str:
    short = f"{opening}{', '.join(parts)}{closing}"
    if len(short) <= _SHORT and "\n" not in short:
        return short
    indent = "    " * (depth + 1)
    return "\n".join([opening, *(f"{indent}{part}," for part in parts), f"{'    ' * depth}{closing}"])
