"""Packages of function code: file trees, the same bytes for the same input, and what they are made of."""

from __future__ import annotations

import ast
import functools
import importlib.util
import io
import marshal
import sys
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest date that a zip file can say."""
_UNIX = 3
_READABLE = 0o100644 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The code of one function.

    Attributes:
        files: path -> content, sorted by path.
        handler: `module.function`, where the cloud's runtime begins.
        requires: the requirements that were packed, with their versions, for people to read.
    """

    files: Mapping[str, bytes]
    handler: str
    requires: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Its bytes, unzipped."""
        return sum(map(len, self.files.values()))

    def zipped(self) -> bytes:
        """The package as a zip file."""
        return zipped(self.files)


def zipped(files: Mapping[str, bytes], *, compressed: bool = True) -> bytes:
    """A zip file of `files` that depends on paths and contents alone: sorted, one date, one set of permissions.

    Compressed, it also depends on the library that compresses, which is not the same on every machine.
    """
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=6) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _DATE)
            entry.create_system = _UNIX
            entry.external_attr = _READABLE
            entry.compress_type = method
            archive.writestr(entry, files[path], compresslevel=6)
    return buffer.getvalue()


def with_bytecode(files: Mapping[str, bytes], python: str) -> dict[str, bytes]:
    """The files with the bytecode of every module beside it, where this Python can write that of `python` ("3.13").

    A function's code lies on a disk that cannot be written to, so without it every cold start compiles every module
    that it loads. The bytecode is of the kind (PEP 552) that is taken without a look at the source: nothing in it
    depends on time or place.
    """
    if python != running_python():
        return dict(sorted(files.items()))
    tag = sys.implementation.cache_tag
    compiled = dict(files)
    for path, content in files.items():
        if not path.endswith(".py"):
            continue
        code = _bytecode(path, content)
        if code is not None:
            folder, _, name = path.rpartition("/")
            prefix = f"{folder}/" if folder else ""
            compiled[f"{prefix}__pycache__/{name.removesuffix('.py')}.{tag}.pyc"] = code
    return dict(sorted(compiled.items()))


def running_python() -> str:
    """The Python that runs here, as "3.13"."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


_OWN = "skyloom/"
_UNCHECKED = (1).to_bytes(4, "little")


@functools.lru_cache(maxsize=4096)
def _bytecode(path: str, source: bytes) -> bytes | None:
    """Kept, as the functions of an app have most of their files in common, and compiling is half of what takes time."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source, path)
            # Skyloom's own are for those who read its source; without them a function is smaller and starts sooner.
            readable = _without_docstrings(tree) if path.startswith(_OWN) else tree
            code = compile(readable, path, "exec", dont_inherit=True, optimize=0)
        # Later versions of the format say which objects are shared, and that depends on what else the process holds.
        content = marshal.dumps(code, 2)
    except (SyntaxError, ValueError, RecursionError):
        # A file for another Python, or a template: whoever imports it will be told.
        return None
    return importlib.util.MAGIC_NUMBER + _UNCHECKED + importlib.util.source_hash(source) + content


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """The module without the texts that say what things are; lines keep their numbers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            kept = [statement for statement in node.body if not _is_text(statement)]
            node.body = kept or [ast.copy_location(ast.Pass(), node.body[0])] if node.body else []
    return tree


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
