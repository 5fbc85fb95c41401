"""Requirements as files: wheels for the platform of a cloud's functions, found by pip and unpacked.

Versions are those that are installed on this machine, as far as they have such wheels: what was tested is deployed, and
the same machine makes the same package again. What pip finds is kept in `$SKYLOOM_CACHE/wheels`.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.parser import Parser
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from skyloom.errors import SkyloomError

_SECONDS = 900.0
"""How long pip may take."""


class CannotPack(SkyloomError):
    """The requirements cannot be had for the platform; the message is pip's, shortened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Where functions run.

    Attributes:
        python: as "3.13".
        machine: "x86_64" or "aarch64".
        glibc: the oldest glibc that a wheel may want: 2.34 for Amazon Linux 2023.
    """

    python: str
    machine: str
    glibc: tuple[int, int]

    @property
    def tags(self) -> tuple[str, ...]:
        """The platform tags of wheels that run there, best first (PEP 600, and the older names for some)."""
        newest = self.glibc[1]
        numbers = [f"manylinux_2_{minor}_{self.machine}" for minor in range(newest, 4, -1)]
        older = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
        named = [f"{name}_{self.machine}" for minor, name in older.items() if minor <= newest]
        return (*numbers, *named, f"linux_{self.machine}")

    @property
    def markers(self) -> dict[str, str]:
        """The environment in which the markers of requirements are judged."""
        return {
            "implementation_name": "cpython",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
            "extra": "",
        }


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What requirements become: files by path, and the distributions with their versions."""

    files: Mapping[str, bytes]
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Wheel:
    """A distribution in a version, and the SHA-256 of its wheel, in hexadecimal."""

    name: str
    version: str
    digest: str


def resolved(requires: Iterable[str], platform: Platform) -> tuple[Wheel, ...]:
    """The wheels of the requirements and of all that they require, by name.

    Raises:
        CannotPack: pip finds no wheels for them.
    """
    wanted = sorted(set(requires))
    found = _wheels(wanted, platform) if wanted else []
    return tuple(sorted(Wheel(*_named(path), hashlib.sha256(path.read_bytes()).hexdigest()) for path in found))


def _named(wheel: Path) -> tuple[str, str]:
    name, version = wheel.name.split("-")[:2]
    return name.replace("_", "-").lower(), version


def unpacked(requires: Iterable[str], platform: Platform) -> Unpacked:
    """The files of the requirements and of all that they require.

    Raises:
        CannotPack: pip finds no wheels for them.
    """
    wanted = sorted(set(requires))
    if not wanted:
        return Unpacked({}, ())
    wheels = sorted(_wheels(wanted, platform), key=lambda path: path.name.lower())
    files: dict[str, bytes] = {}
    for wheel in wheels:
        files.update(_content(wheel))
    versions = tuple("==".join(_named(wheel)).lower() for wheel in wheels)
    return Unpacked(dict(sorted(files.items())), versions)


def pins(requires: Iterable[str], platform: Platform) -> dict[str, str]:
    """The versions installed here of the requirements and of all that they require."""
    found: dict[str, str] = {}
    open_requirements = [Requirement(text) for text in requires]
    while open_requirements:
        requirement = open_requirements.pop()
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        try:
            installed = distribution(requirement.name)
        except PackageNotFoundError:
            continue
        # A local version, `2.1+cpu`, is on no index.
        if "+" in installed.version or not requirement.specifier.contains(installed.version, prereleases=True):
            continue
        found[name] = installed.version
        open_requirements += _required(installed.requires or [], requirement.extras, platform)
    return dict(sorted(found.items()))


def _required(texts: Iterable[str], extras: Iterable[str], platform: Platform) -> list[Requirement]:
    required = []
    for text in texts:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        marker = requirement.marker
        cases = [platform.markers | {"extra": extra} for extra in ("", *extras)]
        if marker is None or any(marker.evaluate(case) for case in cases):
            required.append(requirement)
    return required


# --- pip --------------------------------------------------------------------------------------------------------


def _wheels(requires: list[str], platform: Platform) -> list[Path]:
    known = pins(requires, platform)
    text = "\n".join([*requires, *(f"{name}=={version}" for name, version in known.items()), repr(platform)])
    folder = cache_folder() / hashlib.sha256(text.encode()).hexdigest()[:32]
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as name:
            place = Path(name) / "wheels"
            place.mkdir()
            try:
                _complete(requires, known, platform, place)
            except CannotPack:
                # An installed version may have no wheel for the platform where another one has.
                if not known:
                    raise
                _complete(requires, {}, platform, place)
            _settle(place, folder)
    return list(folder.glob("*.whl"))


def _complete(requires: list[str], known: Mapping[str, str], platform: Platform, place: Path) -> None:
    """Downloads the requirements with everything that they require on the platform. pip judges markers such as
    `python_version < "3.12"` by the Python that it runs on, so what another one needs besides is asked for by name."""
    open_requirements = requires
    asked: set[str] = set()
    while open_requirements:
        asked.update(open_requirements)
        _download(sorted(asked), known, platform, place)
        there = {canonicalize_name(wheel.name.split("-")[0]) for wheel in place.glob("*.whl")}
        needed = [required for wheel in place.glob("*.whl") for required in _required(_requires(wheel), (), platform)]
        open_requirements = [str(r) for r in needed if canonicalize_name(r.name) not in there and str(r) not in asked]


def _requires(wheel: Path) -> list[str]:
    """The requirements that a wheel's metadata names."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode()).get_all("Requires-Dist") or []


def _settle(place: Path, folder: Path) -> None:
    """Puts what was downloaded in its place, unless another process was quicker."""
    try:
        place.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _download(requires: list[str], known: Mapping[str, str], platform: Platform, place: Path) -> None:
    constraints = place.parent / "constraints.txt"
    constraints.write_text("".join(f"{name}=={version}\n" for name, version in known.items()), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", platform.python]
    command += [part for tag in platform.tags for part in ("--platform", tag)]
    command += ["--dest", str(place), "--constraint", str(constraints), *requires]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise CannotPack(f"pip gave no answer within {_SECONDS:g} s") from None
    if done.returncode != 0:
        raise CannotPack(_complaint(done.stderr))


def _complaint(text: str) -> str:
    """What pip says is wrong, in a line."""
    lines = [line.partition("ERROR: ")[2] for line in text.splitlines() if "ERROR: " in line]
    told = lines[-1] if lines else " ".join(text.split())
    return told[:400] or "pip failed and did not say why"


def cache_folder() -> Path:
    """Where wheels are kept."""
    return Path(os.environ.get("SKYLOOM_CACHE") or "~/.cache/skyloom").expanduser() / "wheels"


# --- unpacking --------------------------------------------------------------------------------------------------

_LEFT_OUT = ("RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json")


def _content(wheel: Path) -> dict[str, bytes]:
    """The importable files of a wheel; scripts and headers have no use in a function."""
    files: dict[str, bytes] = {}
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            parts = PurePosixPath(entry.filename).parts
            if entry.is_dir() or not parts or ".." in parts or entry.filename.startswith("/"):
                continue
            if parts[0].endswith(".data"):
                if len(parts) < 3 or parts[1] not in ("purelib", "platlib"):
                    continue
                parts = parts[2:]
            if parts[0].endswith(".dist-info") and parts[-1] in _LEFT_OUT:
                continue
            files["/".join(parts)] = archive.read(entry)
    return files
