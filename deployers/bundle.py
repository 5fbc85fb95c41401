"""A bundle: the files that a compile writes. The same program gives the same bytes, on every machine.

    build/aws/    manifest.json  template.json  workflows/<flow>.asl.json  functions/<key>/...

`manifest.json` names every other file with its digest, so that a bundle that was changed by hand is noticed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from skyloom.errors import Diagnostic, UserError
from skyloom.flows.outcome import Json

MANIFEST = "manifest.json"
FORMAT = 1
"""The version of the manifest. Raised whenever an old reader would misunderstand a new bundle."""

SHOWN_DIGITS = 12
"""Digits of a digest that people see: enough to tell the versions of one app apart."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that a deploy needs, for one app in one environment of one target.

    Attributes:
        files: content by path, relative, with `/`; without the manifest.
        account: where alone it may be deployed; None: wherever the caller's credentials are for.
        region: where it is deployed; None: where the target's own configuration says.
    """

    target: str
    app: str
    environment: str
    files: Mapping[str, bytes]
    account: str | None = None
    region: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over all files and what the bundle is for, in hexadecimal."""
        head = json.dumps([FORMAT, self.target, self.app, self.environment])
        return sha256(f"{head}\n{tree_digest(self.files)}".encode()).hexdigest()

    @property
    def version(self) -> str:
        """The beginning of the digest, as people see it."""
        return self.digest[:SHOWN_DIGITS]

    def below(self, folder: str) -> dict[str, bytes]:
        """The files below the folder, by their paths in it."""
        start = f"{folder}/"
        return {path.removeprefix(start): data for path, data in self.files.items() if path.startswith(start)}

    def folders(self, folder: str) -> list[str]:
        """The names of the folders directly below `folder`, sorted."""
        return sorted({path.partition("/")[0] for path in self.below(folder) if "/" in path})

    def manifest(self) -> bytes:
        """The text of `manifest.json`."""
        document: dict[str, Json] = {
            "format": FORMAT,
            "target": self.target,
            "app": self.app,
            "environment": self.environment,
            "account": self.account,
            "region": self.region,
            "digest": self.digest,
            "files": {path: sha256(data).hexdigest() for path, data in sorted(self.files.items())},
        }
        return json_bytes(document)

    def write(self, folder: Path) -> None:
        """Writes all files below the folder; an older bundle there is replaced whole.

        Raises:
            UserError: SKY627, the folder holds something else; SKY621, it cannot be written.
        """
        try:
            _check_free(folder)
            fresh = folder.with_name(f"{folder.name}.{os.getpid()}.new")
            _write_files(fresh, {**self.files, MANIFEST: self.manifest()})
            if folder.exists():
                shutil.rmtree(folder)
            fresh.rename(folder)
        except OSError as error:
            problem = f"the bundle cannot be written: {error.strerror or error}"
            raise UserError(Diagnostic("SKY621", problem, str(folder))) from None

    @staticmethod
    def read(folder: Path) -> Bundle:
        """Reads what `write` wrote.

        Raises:
            UserError: SKY649, it is no bundle, of another format, or its files are not those of its manifest.
        """
        try:
            document = json.loads((folder / MANIFEST).read_bytes())
            if document["format"] != FORMAT:
                raise _unreadable(folder, f"the bundle has format {document['format']}, and this is format {FORMAT}")
            paths = sorted(path for path in folder.rglob("*") if path.is_file())
            files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
            of = {name: document[name] for name in ("target", "app", "environment", "account", "region")}
            bundle = Bundle(files=_without_manifest(files), **of)
            expected = document["files"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise _unreadable(folder, f"this is no bundle: {reason}") from None
        _check_files(folder, bundle, expected)
        return bundle


def tree_digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over the paths and contents of a tree of files, in hexadecimal."""
    lines = (f"{sha256(data).hexdigest()} {path}\n" for path, data in sorted(files.items()))
    return sha256("".join(lines).encode()).hexdigest()


def json_bytes(document: Json) -> bytes:
    """JSON as the files of a bundle are written: indented, keys as they stand, with a line end."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def is_bundle(folder: Path) -> bool:
    """Whether there is a bundle in the folder."""
    return (folder / MANIFEST).is_file()


def _without_manifest(files: dict[str, bytes]) -> dict[str, bytes]:
    return {path: data for path, data in files.items() if path != MANIFEST}


def _check_free(folder: Path) -> None:
    if folder.is_dir() and not is_bundle(folder) and any(folder.iterdir()):
        problem = "the folder holds something that is no bundle, and nothing in it was changed"
        raise UserError(Diagnostic("SKY627", problem, str(folder), hint="choose another one with --out"))


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        assert ".." not in PurePosixPath(path).parts and not path.startswith("/"), path
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


def _check_files(folder: Path, bundle: Bundle, expected: Mapping[str, str]) -> None:
    found = {path: sha256(data).hexdigest() for path, data in bundle.files.items()}
    wrong = sorted(path for path in found.keys() | expected.keys() if found.get(path) != expected.get(path))
    if wrong:
        named = ", ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")
        raise _unreadable(folder, f"the files are not those that were compiled: {named}")


def _unreadable(folder: Path, problem: str) -> UserError:
    return UserError(Diagnostic("SKY649", problem, str(folder), hint="compile it again: skyloom compile --out DIR"))
