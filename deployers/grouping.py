"""Which tasks and prompts share a function, what each needs, and what each may do."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import requires as requirements_of
from pathlib import Path
from typing import Any, cast

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from skyloom.deployers.functions import (
    AskModel,
    FunctionGroup,
    Permission,
    ReadBucket,
    ReadSecret,
    SendQueue,
    WriteBucket,
)
from skyloom.deployers.modules import Needs, installed, needs_of
from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows import values
from skyloom.flows.app import App
from skyloom.flows.config import Config, ResolvedModel, resolve_model
from skyloom.flows.definitions import Definition, Flow, Prompt, Task
from skyloom.flows.frontend.load import location
from skyloom.flows.frontend.source import SourceFile
from skyloom.flows.ir.program import Program, PromptDefinition, TaskDefinition
from skyloom.flows.plain_types import plain_converter
from skyloom.flows.policy import DEFAULT_TASK_TIMEOUT
from skyloom.flows.resources import Bucket, Queue, Secret
from skyloom.flows.runner.locate import locate

PROVIDED = {
    "aws": frozenset({"boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"}),
}
"""Distributions that the runtime of a target's functions has, canonical names."""

ADAPTER_EXTRAS = {"bedrock": "aws", "foundry": "openai", "openai": "openai", "vertex": "vertex"}
"""The extra of Skyloom that brings what the adapter of a kind needs."""

TAKEN_KEYS = frozenset(
    {"api", "approvals", "decide", "events", "helper", "notify", "rotate", "services", "start", "status", "waits"}
)
"""Keys that the app's own functions have."""
_LONGEST_KEY = 40
_OWN_MODELS = {"bedrock": "region", "foundry": None, "vertex": "location"}
"""The kinds of providers that a target's own permissions open, and the option that says where a model is asked."""


@dataclass(frozen=True, slots=True)
class Member:
    """A task or a prompt, with what decides on its group."""

    name: str
    kind: str
    requires: tuple[str, ...]
    memory: int | None
    timeout: float
    permissions: tuple[Permission, ...]

    @property
    def group(self) -> tuple[Any, ...]:
        """Equal for those that share a function."""
        return (self.kind, self.requires, self.memory or 0, self.timeout, repr(self.permissions))


class Grouping:
    """Groups the tasks and prompts of one app for one target."""

    def __init__(self, app: App, programs: Mapping[str, Program], config: Config, target: str) -> None:
        self._app = app
        self._programs = programs
        self._config = config
        self._target = target
        self._problems: dict[Diagnostic, None] = {}

    def groups(self) -> tuple[FunctionGroup, ...]:
        """The groups, sorted by key. Raises CheckFailed, ConfigError."""
        tasks = {name: task for program in self._programs.values() for name, task in program.tasks.items()}
        prompts = {name: prompt for program in self._programs.values() for name, prompt in program.prompts.items()}
        members = [*(self._task(task) for task in tasks.values()), *(self._prompt(p) for p in prompts.values())]
        if self._problems:
            raise CheckFailed(*self._problems)
        by_need: dict[tuple[Any, ...], list[Member]] = {}
        for member in sorted(members, key=lambda member: (member.kind, member.name)):
            by_need.setdefault(member.group, []).append(member)
        keys = _keys(list(by_need.values()))
        made = [_group(key, group) for key, group in zip(keys, by_need.values(), strict=True)]
        return tuple(sorted(made, key=lambda group: group.key))

    # --- tasks --------------------------------------------------------------------------------------------------

    def _task(self, definition: TaskDefinition) -> Member:
        task = cast(Task[..., Any], locate(definition))
        self._check_calls(definition, task)
        required = required_by(task, definition.requires, self._target)
        return Member(
            definition.name,
            "task",
            required,
            definition.memory,
            definition.timeout,
            tuple(sorted(self._granted(task), key=repr)),
        )

    def _granted(self, task: Task[..., Any]) -> Iterator[Permission]:
        for resource in self._app.resources:
            match resource:
                case Bucket(name=name, readers=readers, writers=writers):
                    if task in readers:
                        yield ReadBucket(name)
                    if task in writers:
                        yield WriteBucket(name)
                case Queue(name=name, senders=senders):
                    if task in senders:
                        yield SendQueue(name)
                case Secret(name=name, readers=readers):
                    if task in readers:
                        yield ReadSecret(name)

    def _check_calls(self, definition: TaskDefinition, task: Task[..., Any]) -> None:
        """A body that calls a prompt or a flow does what is a step of a flow: a function carries no engine."""
        source = SourceFile.read(file_of(task))
        for node in ast.walk(source.function(task.function)):
            called = _named(node.func, task.function.__globals__) if isinstance(node, ast.Call) else None
            if isinstance(called, Prompt | Flow):
                kind = type(called).__name__.lower()
                message = f"task `{definition.name}` calls the {kind} `{called.name}`, which is a step of a flow"
                span = source.span(node)
                hint = f"call `{called.name}` in the flow, and pass its result to the task"
                self._problems[Diagnostic("SKY530", message, source.name, span, hint, source.line(span.line))] = None

    # --- prompts ------------------------------------------------------------------------------------------------

    def _prompt(self, definition: PromptDefinition) -> Member:
        prompt = cast(Prompt[..., Any], locate(definition))
        resolved = resolve_model(self._config, definition.model, self._target)
        required = set(adapter_requirements(resolved, self._target))
        annotation = values.signature_types(prompt.function).get("return", Any)
        if annotation is not str:
            required.update(required_by(prompt, (), self._target))
        permissions: list[Permission] = []
        if resolved.kind in _OWN_MODELS:
            option = _OWN_MODELS[resolved.kind]
            region = resolved.options.get(option) if option else None
            permissions.append(AskModel(resolved.provider, resolved.model, str(region) if region else None))
        permissions += self._key(definition, resolved)
        return Member(
            definition.name,
            "prompt",
            tuple(sorted(required)),
            None,
            definition.timeout,
            tuple(sorted(permissions, key=repr)),
        )

    def _key(self, definition: PromptDefinition, resolved: ResolvedModel) -> Iterator[Permission]:
        """The secret that holds the key of the model's provider, where it needs one."""
        needed = key_variable(resolved)
        if needed is None:
            return
        name = needed.lower().replace("_", "-")
        if not any(isinstance(resource, Secret) and resource.name == name for resource in self._app.resources):
            message = f"prompt `{definition.name}`: the key of the provider `{resolved.provider}` is kept nowhere"
            hint = f'add `Secret("{name}")` to the app\'s resources: its value becomes ${needed} of the function'
            self._problems[Diagnostic("SKY529", message, definition.file, definition.span, hint)] = None
        yield ReadSecret(name, needed)


def key_variable(resolved: ResolvedModel) -> str | None:
    """The environment variable from which the adapter takes its key; None where it needs none."""
    if resolved.kind != "openai":
        return None
    from skyloom.adapters.llm.openai_compatible import OPENAI_URL, is_private

    if is_private(str(resolved.options.get("base_url") or OPENAI_URL)):
        return None
    return str(resolved.options.get("api_key_env") or "OPENAI_API_KEY")


def adapter_requirements(resolved: ResolvedModel, target: str) -> tuple[str, ...]:
    """What the adapter of a model needs installed at the target: an extra of Skyloom, or the plugin's distribution."""
    extra = ADAPTER_EXTRAS.get(resolved.kind)
    if extra is None:
        from importlib.metadata import entry_points

        found = [entry for entry in entry_points(group="skyloom.adapters") if entry.name == f"llm.{resolved.kind}"]
        names = [entry.dist.name for entry in found if entry.dist is not None and entry.dist.name != "skyloom"]
    else:
        parsed = [Requirement(text) for text in requirements_of("skyloom") or ()]
        names = [r.name for r in parsed if r.marker is not None and r.marker.evaluate({"extra": extra})]
        names = [name for name in names if not _is_core(name)]
    return pinned(name for name in names if canonicalize_name(name) not in _provided(target))


def _is_core(name: str) -> bool:
    parsed = [Requirement(text) for text in requirements_of("skyloom") or ()]
    return any(r.name == name and (r.marker is None or r.marker.evaluate({"extra": ""})) for r in parsed)


def _provided(target: str) -> frozenset[str]:
    return PROVIDED.get(target, frozenset())


def required_by(definition: Definition[..., Any], named: Iterable[str], target: str) -> tuple[str, ...]:
    """The requirements of a function that runs `definition` at the target: those that it names, and every distribution
    that is imported with its module, in the version that is installed here."""
    asked = {canonicalize_name(Requirement(text).name): text for text in named}
    imported = set(needs_of_definition(definition).distributions)
    if not _is_plain(definition):
        imported.add("pydantic")
    missing = (name for name in imported if canonicalize_name(name) not in asked.keys() | _provided(target))
    return tuple(sorted({*asked.values(), *pinned(missing)}))


def pinned(names: Iterable[str]) -> tuple[str, ...]:
    """Requirements for the installed versions of distributions."""
    versions = ((canonicalize_name(name), installed(name)) for name in names)
    return tuple(sorted(f"{name}=={version}" if version else name for name, version in versions))


def needs_of_definition(definition: Definition[..., Any]) -> Needs:
    """What the module of a definition needs."""
    path = file_of(definition)
    root, _ = location(path)
    return needs_of(path, root)


def file_of(definition: Definition[..., Any]) -> Path:
    """The file that a definition was written in."""
    return Path(cast(Any, definition.function).__code__.co_filename).resolve()


def _is_plain(definition: Definition[..., Any]) -> bool:
    """Whether pydantic is not needed to check what the definition takes and gives."""
    hints = values.signature_types(definition.function)
    return all(plain_converter(hint) is not None for hint in hints.values())


def _named(node: ast.expr, names: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return names.get(node.id)
    return getattr(_named(node.value, names), node.attr, None) if isinstance(node, ast.Attribute) else None


# --- keys -------------------------------------------------------------------------------------------------------


def _group(key: str, members: list[Member]) -> FunctionGroup:
    first = members[0]
    names = tuple(sorted(member.name for member in members))
    group = FunctionGroup(
        key=key,
        requires=first.requires,
        memory=first.memory,
        timeout=first.timeout,
        permissions=first.permissions,
    )
    return replace(group, tasks=names) if first.kind == "task" else replace(group, prompts=names)


def _keys(groups: list[list[Member]]) -> list[str]:
    """A key for each group: the name of its only member, or what sets it apart."""
    wanted = [_slug(group[0].name) if len(group) == 1 else _described(group[0]) for group in groups]
    keys = []
    for position, key in enumerate(wanted):
        digest = hashlib.sha256(repr(groups[position][0].group).encode()).hexdigest()[:6]
        unique = wanted.count(key) == 1 and len(key) <= _LONGEST_KEY and key not in TAKEN_KEYS
        keys.append(key if unique else f"{key[: _LONGEST_KEY - 7].rstrip('-')}-{digest}")
    return keys


def _described(member: Member) -> str:
    parts = [f"{member.kind}s"]
    if member.timeout != DEFAULT_TASK_TIMEOUT:
        parts.append(f"{member.timeout:g}s".replace(".", "-"))
    if member.memory is not None:
        parts.append(f"{member.memory}mb")
    parts += [_slug(next(iter(_words(permission)))) for permission in member.permissions]
    return _slug("-".join(parts))


def _words(permission: Permission) -> Iterator[str]:
    match permission:
        case ReadBucket(bucket=name):
            yield f"reads-{name}"
        case WriteBucket(bucket=name):
            yield f"writes-{name}"
        case SendQueue(queue=name):
            yield f"sends-{name}"
        case ReadSecret(secret=name):
            yield name
        case AskModel(model=name):
            yield name.rpartition("/")[2].rpartition(".")[2].partition(":")[0]


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
