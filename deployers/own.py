"""The part of Skyloom that a function carries: the modules it imports, and those that they import as they load."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

import skyloom
from skyloom.deployers.modules import OWN, imports_of
from skyloom.flows import HOMES
from skyloom.flows.frontend.source import SourceFile

_ROOT = Path(skyloom.__file__).parent
_LANGUAGE = "skyloom.flows"

_LEADS_AWAY = frozenset(
    {
        "skyloom.adapters.hosts.invocation",
        "skyloom.adapters.hosts.jobs",
        "skyloom.flows.definitions",
        "skyloom.flows.session",
    }
)
"""Modules whose imports inside functions are not for functions in a cloud: they lead to compilers and engines, or to
what a function is made of only where it needs it. Those of all others come along."""

_FOR_MODELS = frozenset({"skyloom.flows.converters", "skyloom.flows.records"})
"""What reads and writes models, with pydantic. A function that requires nothing has none: `plain_types` does."""

_READERS = (
    "skyloom.adapters.secrets.aws_secrets_manager",
    "skyloom.adapters.secrets.azure_key_vault",
    "skyloom.adapters.secrets.google_secret_manager",
)
"""Modules that are imported by name, from a table."""

_STAND_IN = '''"""Stands in for what runs flows as plain calls, which a function does not carry."""

from skyloom.errors import SkyloomError


class PlainSession:
    """Refuses to be one."""

    @classmethod
    def for_call(cls, definition):
        raise SkyloomError(f"{definition.name} is a step of a flow: a task in a function cannot call it")
'''


_AT_HOME = {
    "aws": frozenset({"skyloom.adapters.buckets.amazon_s3", "skyloom.adapters.secrets.aws_secrets_manager"}),
    "azure": frozenset(
        {
            "skyloom.adapters.buckets.azure_blobs",
            "skyloom.adapters.hosts.azure_values",
            "skyloom.adapters.secrets.azure_key_vault",
        }
    ),
    "gcp": frozenset(
        {
            "skyloom.adapters.buckets.google_storage",
            "skyloom.adapters.hosts.google_values",
            "skyloom.adapters.secrets.google_secret_manager",
        }
    ),
    "here": frozenset({"skyloom.adapters.buckets.files"}),
}
"""Modules that functions of one target alone come to, though others name them."""


def own_files(names: Iterable[str], *, models: bool = True, target: str | None = None) -> dict[str, bytes]:
    """The files of Skyloom, by path in a package, that are needed to import `names`: modules, or names in modules.

    Args:
        models: whether there may be pydantic models.
        target: the cloud that the package is for; what is there for others only stays behind.
    """
    files: dict[str, bytes] = {}
    abroad = frozenset().union(*(there for home, there in _AT_HOME.items() if target not in (None, home)))
    left_out = abroad | (frozenset() if models else _FOR_MODELS)
    for module in sorted(_closure(names, left_out)):
        path = _file(module)
        if path is not None:
            inside = path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else Path(*module.split(".")[1:])
            files[f"{OWN}/{inside.as_posix()}"] = path.read_bytes()
    files[f"{OWN}/flows/plain.py"] = _STAND_IN.encode()
    return files


def _closure(names: Iterable[str], left_out: frozenset[str]) -> set[str]:
    found: set[str] = set()
    open_names = list(names)
    while open_names:
        for module in _modules(open_names.pop()):
            if module not in found and module not in left_out:
                found.add(module)
                open_names += _imports(module)
    return found


def _modules(name: str) -> Iterator[str]:
    """The modules behind an imported name, with the packages around them."""
    if name == _LANGUAGE:
        # `import skyloom.flows as sf`: any of its names may be meant.
        yield from set(HOMES.values())
    parts = name.split(".")
    modules = [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
    yield from (module for module in modules if _file(module) is not None)
    if parts[:-1] == _LANGUAGE.split(".") and parts[-1] in HOMES:
        yield HOMES[parts[-1]]


@functools.cache
def _imports(module: str) -> tuple[str, ...]:
    path = _file(module)
    assert path is not None, "only modules that there are come here"
    is_package = path.stem == "__init__"
    tree = SourceFile.read(path).tree
    found = [
        imported
        for imported in imports_of(tree, module, is_package=is_package)
        if imported.parent.partition(".")[0] == OWN and (not imported.inner or module not in _LEADS_AWAY)
    ]
    # `from skyloom.flows import session` names a module of the package, not all that the package has.
    names = [imported.name for imported in found if imported.name != _LANGUAGE]
    return (*names, *(_READERS if module == "skyloom.adapters.secrets" else ()))


def _file(module: str) -> Path | None:
    parts = module.split(".")
    if parts[0] != OWN:
        return None
    place = _ROOT.joinpath(*parts[1:])
    init = place / "__init__.py"
    if init.is_file():
        return init
    file = place.with_name(f"{place.name}.py")
    return file if parts[1:] and file.is_file() else None
