"""Stable choices: numbers that depend on the prompt and the place in the answer, alike on every machine."""

from __future__ import annotations

from hashlib import sha256


class Seed:
    """A stable hash of a prompt; `number` derives one for each place."""

    def __init__(self, prompt: str) -> None:
        self._root = sha256(prompt.encode(errors="replace")).digest()

    def number(self, place: str, below: int) -> int:
        """A number from 0 to `below` - 1 for `place`."""
        return int.from_bytes(sha256(self._root + place.encode(errors="replace")).digest()[:16]) % below

    def hexadecimal(self, place: str, digits: int) -> str:
        """`digits` (at most 64) lower-case hexadecimal digits for `place`."""
        return sha256(self._root + place.encode(errors="replace")).hexdigest()[:digits]
