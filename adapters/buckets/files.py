"""Objects as files of one's own machine, where a bucket is a folder: `$SKYLOOM_HOME/buckets/<name>`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from skyloom.adapters.buckets import BucketFailed


class Folder:
    """A bucket, by name."""

    def __init__(self, name: str) -> None:
        home = Path(os.environ.get("SKYLOOM_HOME") or Path.home() / ".skyloom")
        self._folder = home / "buckets" / name

    def put(self, key: str, content: bytes) -> None:
        """Writes a file. Who reads it at the same time sees the old one or the new one, whole."""
        file = self._folder / key
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, beside = tempfile.mkstemp(dir=file.parent, prefix=".")
            with os.fdopen(handle, "wb") as written:
                written.write(content)
            Path(beside).replace(file)
        except OSError as problem:
            raise BucketFailed(f"{file} cannot be written: {problem.strerror}") from None

    def get(self, key: str) -> bytes | None:
        """What a file holds."""
        file = self._folder / key
        try:
            return file.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as problem:
            raise BucketFailed(f"{file} cannot be read: {problem.strerror}") from None
