"""Users' files: importing them as Python itself would, and finding the flow that is meant."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

from skyloom.errors import CheckFailed, Diagnostic, Span, UserError
from skyloom.flows.definitions import Definition, Flow, MisusedDecorator
from skyloom.flows.frontend.source import SourceFile, shown


@dataclass(frozen=True, slots=True)
class _Loaded:
    source: SourceFile
    module: ModuleType


_loaded: dict[Path, _Loaded] = {}


def load_file(path: Path) -> ModuleType:
    """Imports the file, and gives the same module again as long as the file does not change.

    Its folder comes first on `sys.path`, as with `python file.py`, and its module is called like the file; a file
    inside a package is imported as a part of it.

    Raises:
        CheckFailed: SKY001, not Python; SKY002, not readable; SKY003, its top level raised an exception.
    """
    path = path.resolve()
    source = SourceFile.read(path)
    known = _loaded.get(path)
    if known is not None and known.source is source and sys.modules.get(known.module.__name__) is known.module:
        return known.module
    root, name = location(path)
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    with _import_errors(source):
        parent = name.rpartition(".")[0]
        if parent:
            importlib.import_module(parent)
        module = _execute(name if _is_ours(name, path) else _private_name(path), source)
    _loaded[path] = _Loaded(source, module)
    return module


def split_target(target: str) -> tuple[Path, str | None]:
    """`review.py:answer` as file and flow; the flow is None where none is named."""
    file, colon, name = target.rpartition(":")
    if colon and name.isidentifier() and file:
        return Path(file), name
    return Path(target.removesuffix(":")), None


def pick_flow(module: ModuleType, name: str | None) -> Flow[..., Any]:
    """The flow `name` of `module`; without a name, the only flow that it defines.

    Raises:
        UserError: SKY005, there is no such flow; SKY006, there are several and none is named.
    """
    file = shown(Path(module.__file__ or module.__name__))
    own = [found for found in definitions_in(module) if isinstance(found, Flow)]
    names = [flow.name for flow in own]
    if name is None:
        if len(own) == 1:
            return own[0]
        if own:
            hint = f"name one: {file}:{names[0]}"
            raise UserError(Diagnostic("SKY006", f"the file has several flows: {', '.join(names)}", file, hint=hint))
        raise UserError(Diagnostic("SKY005", "the file has no flow", file, hint="mark a function with @flow"))
    found = getattr(module, name, None)
    if isinstance(found, Flow):
        return found
    raise UserError(Diagnostic("SKY005", f"the file has no flow `{name}`", file, hint=_flow_hint(found, name, names)))


def definitions_in(module: ModuleType) -> list[Definition[..., Any]]:
    """The flows, tasks and prompts that `module` itself defines, in the order of the source."""
    found = {
        id(item): item for item in vars(module).values() if isinstance(item, Definition) and not _imported(item, module)
    }
    return sorted(
        found.values(), key=lambda item: getattr(getattr(item.function, "__code__", None), "co_firstlineno", 0)
    )


def _imported(item: Definition[..., Any], module: ModuleType) -> bool:
    """Whether another module has `item` under its own name: that is where it was defined."""
    home = item.function.__module__
    return home != module.__name__ and getattr(sys.modules.get(home), item.function.__name__, None) is item


def _flow_hint(found: Any, name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, n=1)
    if isinstance(found, Definition):
        return f"`{name}` is a {type(found).__name__.lower()}"
    if found is not None:
        return f"`{name}` is not marked @flow"
    if close:
        return f"did you mean `{close[0]}`?"
    return f"its flows: {', '.join(names)}" if names else "mark a function with @flow"


def location(path: Path) -> tuple[Path, str]:
    """The folder to import from, and the module's full name there."""
    parts, folder = [path.stem], path.parent
    if path.stem == "__init__":
        parts = []
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(parts)


def _is_ours(name: str, path: Path) -> bool:
    """Whether `import name` means the file at `path`, and not a module of the same name that comes before it."""
    if not all(part.isidentifier() for part in name.split(".")):
        return False
    loaded = sys.modules.get(name)
    if loaded is not None:
        file = getattr(loaded, "__file__", None)
        return file is not None and Path(file).resolve() == path
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None and Path(spec.origin).resolve() == path


def _private_name(path: Path) -> str:
    """A name for a file whose own name is taken or no identifier; the same in every process."""
    return f"{path.stem}_{sha256(str(path).encode()).hexdigest()[:8]}"


def _execute(name: str, source: SourceFile) -> ModuleType:
    """Runs the file as module `name`. From the text that was read, so that a stale compiled file cannot be taken."""
    spec = importlib.util.spec_from_file_location(name, source.path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        exec(compile(source.text, str(source.path), "exec"), module.__dict__)
    except BaseException:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        raise
    return module


@contextmanager
def _import_errors(source: SourceFile) -> Iterator[None]:
    """Turns what the file raises at import into a diagnostic at the line of the file from which it came."""
    try:
        yield
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        raise CheckFailed(_import_diagnostic(error, source)) from error


def _import_diagnostic(error: BaseException, source: SourceFile) -> Diagnostic:
    kind, text = type(error).__name__, str(error)
    span = None
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.lineno is not None and Path(frame.filename) == source.path:
            line = source.line(frame.lineno)
            indent = len(line) - len(line.lstrip())
            span = Span(frame.lineno, indent + 1, frame.lineno, max(len(line), indent + 1) + 1)
    line_text = source.line(span.line) if span is not None else None
    if isinstance(error, MisusedDecorator):
        return Diagnostic("SKY517", error.message, source.name, span, error.hint, line_text)
    if isinstance(error, SyntaxError) and error.filename:
        text = f"{error.msg} ({shown(Path(error.filename))}:{error.lineno})"
    message = f"importing the file raises {kind}: {text}" if text else f"importing the file raises {kind}"
    return Diagnostic("SKY003", message, source.name, span, _import_hint(error), line_text)


def _import_hint(error: BaseException) -> str | None:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"install the distribution that has `{error.name}`, or import it inside the task that needs it"
    if isinstance(error, SystemExit):
        return 'put what should run as a program below `if __name__ == "__main__":`'
    return None
