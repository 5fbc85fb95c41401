"""What `skyloom doctor` looks at. Each examination gives findings and never raises."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from skyloom.errors import EngineError, UserError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

    from skyloom.flows.config import Config, ResolvedModel

_OLDEST_PYTHON = (3, 11)
_LITTLE_DISK, _NO_DISK = 1_000_000_000, 50_000_000
"""Free bytes below which the disk is a warning, and a failure. A Prefect database alone takes some 10 MB."""
_ENDPOINT_SECONDS = 2.0
"""How long a model's address may take to answer anything at all."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    check: str
    state: Literal["ok", "warn", "fail"]
    found: str
    hint: str = ""


def examine() -> list[Finding]:
    """Everything that there is to find, in the order of the table below."""
    return [finding for examination in EXAMINATIONS for finding in examination()]


def python() -> Iterator[Finding]:
    """The Python that runs Skyloom."""
    found = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info >= _OLDEST_PYTHON:
        yield Finding("Python", "ok", f"{found} ({sys.executable})")
    else:
        yield Finding("Python", "fail", found, "Skyloom needs Python 3.11 or newer")


def packages() -> Iterator[Finding]:
    """The distributions that Skyloom needs, and its extras, against their pins."""
    from packaging.requirements import Requirement

    try:
        needed = [Requirement(text) for text in requires("skyloom") or []]
        yield Finding("skyloom", "ok", version("skyloom"))
    except PackageNotFoundError:
        yield Finding("skyloom", "warn", "not installed, only importable", "install it: pip install skyloom")
        return
    for requirement in needed:
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _package(requirement)
    for extra in sorted({extra for requirement in needed for extra in _extras(requirement)} - {"dev"}):
        yield _extra(extra, [requirement for requirement in needed if extra in _extras(requirement)])


def _extras(requirement: Requirement) -> set[str]:
    import re

    return set(re.findall(r"""extra == ['"]([\w-]+)['"]""", str(requirement.marker or "")))


def _package(requirement: Requirement) -> Finding:
    found = _installed(requirement.name)
    again = f"""pip install "{requirement.name}{requirement.specifier}\""""
    if found is None:
        return Finding(requirement.name, "fail", "not installed", again)
    if not requirement.specifier.contains(found, prereleases=True):
        return Finding(requirement.name, "fail", f"{found}, needs {requirement.specifier}", again)
    return Finding(requirement.name, "ok", found)


def _extra(name: str, needed: list[Requirement]) -> Finding:
    found = [(requirement, _installed(requirement.name)) for requirement in needed]
    install = f"""pip install "skyloom[{name}]\""""
    if any(installed is None for _, installed in found):
        return Finding(f"extra {name}", "ok", "not installed", f"only where it is wanted: {install}")
    for requirement, installed in found:
        if not requirement.specifier.contains(installed or "", prereleases=True):
            problem = f"{requirement.name} {installed}, needs {requirement.specifier}"
            return Finding(f"extra {name}", "warn", problem, install)
    return Finding(f"extra {name}", "ok", ", ".join(f"{r.name} {installed}" for r, installed in found))


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def home_folder() -> Iterator[Finding]:
    """Where runs are kept: writable, with room, and readable as a database."""
    from skyloom.flows.runner.store import RunStore, home

    hint = "set SKYLOOM_HOME to a folder you own"
    try:
        folder = home()
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"skyloom")
        yield Finding("SKYLOOM_HOME", "ok", str(folder))
    except (EngineError, OSError) as error:
        yield Finding("SKYLOOM_HOME", "fail", str(error), hint)
        return
    yield _disk(folder)
    try:
        count = len(RunStore().runs(limit=1000))
        yield Finding("runs", "ok", "none yet" if not count else f"{count}" + (" or more" if count == 1000 else ""))
    except EngineError as error:
        yield Finding("runs", "fail", str(error), f"move {folder / 'runs.db'} away to start anew")


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:.1f} GB free"
    if free < _NO_DISK:
        return Finding("disk", "fail", text, f"make room below {folder}: runs cannot be recorded")
    if free < _LITTLE_DISK:
        return Finding("disk", "warn", text, f"make room below {folder}")
    return Finding("disk", "ok", text)


def prefect_server() -> Iterator[Finding]:
    """The server that runs are carried by."""
    from skyloom.flows.runner import server

    try:
        found = server.status()
        match found.state:
            case "running":
                yield Finding("Prefect server", "ok", f"running at {found.api_url}")
            case "starting":
                yield Finding("Prefect server", "warn", "starting", f"it writes {found.log}")
            case "stopped":
                yield Finding("Prefect server", "ok", "stopped", "`skyloom run` starts it, within half a minute")
            case "external":
                server.ensure_server(lambda line: None)
                yield Finding("Prefect server", "ok", f"PREFECT_API_URL {found.api_url} answers")
    except EngineError as error:
        yield Finding("Prefect server", "fail", str(error), "start it, or unset PREFECT_API_URL")
    except OSError as error:
        yield Finding("Prefect server", "fail", str(error))


def configuration() -> Iterator[Finding]:
    """The skyloom.toml of the working folder, and the models that it names for this machine."""
    from skyloom.flows.config import DEFAULT_ALIASES, load_config

    try:
        config = load_config()
    except UserError as error:
        yield from _wrong("skyloom.toml", error)
        return
    where = "none, so every model is the offline stand-in" if config.file is None else str(config.file.path)
    yield Finding("skyloom.toml", "ok", f"{where} (environment {config.environment})")
    for alias in sorted({*DEFAULT_ALIASES, *config.settings.models.get("local", {})}):
        yield _model(config, alias)


def _model(config: Config, alias: str) -> Finding:
    from skyloom.flows.config import language_model, resolve_model

    check = f"model {alias}"
    try:
        resolved = resolve_model(config, alias)
        language_model(resolved)
    except UserError as error:
        return next(_wrong(check, error))
    name = f"{resolved.provider}:{resolved.model}" if resolved.model else resolved.provider
    if resolved.kind == "offline":
        return Finding(check, "ok", f"{name}, the stand-in that understands nothing")
    if resolved.kind == "foundry":
        return _deployment(check, name, resolved)
    url = resolved.options.get("base_url")
    if not isinstance(url, str):
        return Finding(check, "ok", f"{name}, not asked")
    problem = _unreachable(url)
    if problem is None:
        return Finding(check, "ok", f"{name}, {url} answers")
    return Finding(check, "fail", f"{name}, {url} does not answer: {problem}", "start it, or name another model")


def _deployment(check: str, name: str, resolved: ResolvedModel) -> Finding:
    """Whether a model of Microsoft Foundry is deployed, as far as its project tells."""
    from skyloom.adapters.llm.azure_foundry_project import deployments, is_project
    from skyloom.adapters.llm.base import ModelError

    endpoint = str(resolved.options.get("endpoint", ""))
    if not is_project(endpoint):
        return Finding(check, "ok", f"{name}, not asked")
    try:
        known = deployments(endpoint)
    except UserError as error:
        return next(_wrong(check, error))
    except ModelError as error:
        return Finding(check, "fail", str(error), "sign in: az login")
    if resolved.model in known:
        return Finding(check, "ok", f"{name}, deployed as {known[resolved.model] or 'a model'}")
    hint = f"it has: {', '.join(sorted(known)) or 'none'}"
    return Finding(check, "fail", f"{name}: the project has no such deployment", hint)


def _unreachable(url: str) -> str | None:
    """Why nothing answers at the address; None where something does, whatever it says."""
    import httpx

    try:
        httpx.get(url, timeout=_ENDPOINT_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return str(error) or type(error).__name__
    return None


def _wrong(check: str, error: UserError) -> Iterator[Finding]:
    for diagnostic in error.diagnostics:
        place = "" if diagnostic.span is None else f":{diagnostic.span.line}"
        text = f"{diagnostic.file}{place}: {diagnostic.code} {diagnostic.message}"
        yield Finding(check, "fail", text, diagnostic.hint or "")


EXAMINATIONS: tuple[Callable[[], Iterator[Finding]], ...] = (
    python,
    packages,
    home_folder,
    prefect_server,
    configuration,
)
