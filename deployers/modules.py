"""What a module needs to be imported somewhere else: local modules, data files, distributions, parts of Skyloom."""

from __future__ import annotations

import ast
import functools
import importlib.util
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path, PurePosixPath

from skyloom.errors import CheckFailed
from skyloom.flows.frontend.source import SourceFile

OWN = "skyloom"


@dataclass(frozen=True, slots=True)
class Imported:
    """One name that a file imports: `from a.b import c` is `a.b.c`, where only `a.b` need be a module."""

    name: str
    parent: str
    """What is a module for sure."""
    inner: bool
    """Whether it is imported inside a function: only when that runs."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What modules need, and what the modules that they import need.

    Attributes:
        files: local modules and data files: path below the root of imports -> file.
        distributions: names of distributions that are imported as soon as a module is.
        own: names that are imported from Skyloom.
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    distributions: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()

    def __or__(self, other: Needs) -> Needs:
        return Needs({**self.files, **other.files}, self.distributions | other.distributions, self.own | other.own)


def needs_of(path: Path, root: Path) -> Needs:
    """What the module in the file `path` needs, found by reading: nothing is imported.

    Args:
        root: the folder from which the file is imported, where local modules are looked for first.
    """
    return _Walk(root).run(path)


def installed(distribution: str) -> str | None:
    """The version of a distribution on this machine; None where it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def imports_of(tree: ast.Module, module: str, *, is_package: bool) -> Iterator[Imported]:
    """What a module imports, blocks below `if TYPE_CHECKING:` left out.

    Args:
        module: its own name, for relative imports.
        is_package: whether it is the `__init__` of a package.
    """
    for node, inner in _statements(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Imported(alias.name, alias.name, inner)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                kept = parts[: len(parts) - node.level + (1 if is_package else 0)]
                base = ".".join([*kept, base] if base else kept)
            for alias in node.names:
                yield Imported(f"{base}.{alias.name}" if alias.name != "*" else base, base, inner)


def _statements(tree: ast.AST, inner: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and _is_type_checking(node.test):
            yield from (pair for other in node.orelse for pair in _self_and_below(other, inner))
            continue
        yield from _self_and_below(node, inner)


def _self_and_below(node: ast.AST, inner: bool) -> Iterator[tuple[ast.AST, bool]]:
    yield node, inner
    yield from _statements(node, inner or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))


def _is_type_checking(test: ast.expr) -> bool:
    return getattr(test, "attr", getattr(test, "id", "")) == "TYPE_CHECKING"


class _Walk:
    """Goes through a module and the local modules that it imports."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._files: dict[str, Path] = {}
        self._distributions: set[str] = set()
        self._own: set[str] = set()

    def run(self, path: Path) -> Needs:
        self._file(path.resolve(), self._root)
        return Needs(dict(sorted(self._files.items())), frozenset(self._distributions), frozenset(self._own))

    def _file(self, path: Path, root: Path) -> None:
        relative = path.relative_to(root).as_posix()
        if relative in self._files:
            return
        self._files[relative] = path
        for package in path.relative_to(root).parents:
            init = root / package / "__init__.py"
            if package != Path() and init.is_file():
                self._file(init, root)
        source = _read(path)
        if source is None:
            return
        for name, data in data_files(source.tree, path.parent).items():
            self._files[(PurePosixPath(relative).parent / name).as_posix()] = data
        module = relative.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for imported in imports_of(source.tree, module, is_package=path.stem == "__init__"):
            self._imported(imported, root)

    def _imported(self, imported: Imported, root: Path) -> None:
        top = imported.name.partition(".")[0]
        if top == OWN:
            self._own.add(imported.name)
            return
        for folder in dict.fromkeys((root, self._root)):
            if self._local(imported, folder):
                return
        if top in sys.stdlib_module_names or top in sys.builtin_module_names:
            return
        elsewhere = _folder_of(top)
        if elsewhere is not None and self._local(imported, elsewhere):
            return
        if not imported.inner:
            self._distributions.update(_distributions().get(top, [])[:1])

    def _local(self, imported: Imported, folder: Path) -> bool:
        """Takes what is imported along, if it is a file below `folder`."""
        found = False
        for name in dict.fromkeys((imported.name, imported.parent)):
            file = _module_file(folder, name)
            if file is not None:
                found = True
                self._file(file, folder)
        return found


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def _folder_of(top: str) -> Path | None:
    """The folder that a top-level module is imported from, where it belongs to no distribution: a source folder on the
    path, or a project that is installed in place."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    places = [spec.origin] if spec is not None and spec.has_location and spec.origin else []
    places += (
        [f"{place}/__init__.py" for place in (spec.submodule_search_locations or [])] if spec and not places else []
    )
    for place in places:
        path = Path(place).resolve()
        if not any(path.is_relative_to(folder) for folder in _foreign_folders()):
            return path.parents[1] if path.stem == "__init__" else path.parent
    return None


@functools.cache
def _foreign_folders() -> tuple[Path, ...]:
    """Where Python itself and installed distributions are."""
    return tuple({Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def _module_file(folder: Path, name: str) -> Path | None:
    if not name:
        return None
    place = folder.joinpath(*name.split("."))
    candidates = (place / "__init__.py", place.with_name(f"{place.name}.py"))
    return next((candidate.resolve() for candidate in candidates if candidate.is_file()), None)


def _read(path: Path) -> SourceFile | None:
    try:
        return SourceFile.read(path)
    except CheckFailed:
        return None


# --- data files -------------------------------------------------------------------------------------------------

_NEVER = (".py", ".pyc", ".pyo", ".pem", ".key", ".toml")
"""Suffixes that are never data: code, keys, configuration."""


def data_files(tree: ast.Module, folder: Path) -> dict[str, Path]:
    """The files beside a module that its source names: `Path(__file__).parent / "articles.md"`. A folder that it names
    comes with all that is in it. Hidden files, code, keys and configuration never come.

    A module that does not ask for its own place has no data files.
    """
    if not any(isinstance(node, ast.Name) and node.id == "__file__" for node in ast.walk(tree)):
        return {}
    names = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    found: dict[str, Path] = {}
    for name in sorted(names):
        found.update(_named(name, folder))
    return found


def _named(name: str, folder: Path) -> dict[str, Path]:
    parts = PurePosixPath(name).parts
    if not parts or len(name) > 255 or "\0" in name or name.startswith("/") or any(p in ("..", ".") for p in parts):
        return {}
    place = folder / name
    try:
        files: Iterable[Path] = [place] if place.is_file() else place.rglob("*") if place.is_dir() else []
        return {path.relative_to(folder).as_posix(): path.resolve() for path in sorted(files) if _is_data(path, folder)}
    except OSError:
        return {}


def _is_data(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
    return path.is_file() and not hidden and path.suffix not in _NEVER
