"""What Lambda brings along for Python functions: the runtime and boto3, and nothing else of this machine.

Functions run on the interpreter below the virtual environment, without its packages: what is missing in a function's
own package is missing here too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

BROUGHT_ALONG = ("awslambdaric", "boto3")


def interpreter() -> tuple[str, ...]:
    """The interpreter without site packages. `-S` leaves `PYTHONPATH` as the only place where packages are found."""
    return (getattr(sys, "_base_executable", sys.executable), "-S", "-s")


def folder_of(distributions: Iterable[str], into: Path) -> Path:
    """A folder of links to these distributions and all that they need, as they are installed here."""
    into.mkdir(parents=True, exist_ok=True)
    for name in sorted(set(_closure(distributions))):
        distribution = metadata.distribution(name)
        for file in distribution.files or ():
            top = file.parts[0]
            if top in ("..", "__pycache__") or (into / top).is_symlink():
                continue
            (into / top).symlink_to(Path(str(distribution.locate_file(top))))
    return into


def _closure(names: Iterable[str]) -> Iterator[str]:
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        yield name
        for text in metadata.requires(name) or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
