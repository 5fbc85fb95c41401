"""Runs that are started once under a name, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from skyloom.deployers.services import starting_once
from skyloom.deployers.services.objects import NEW, Changed, Found
from skyloom.deployers.services.starting import Conflict, Starting
from skyloom.deployers.services.starting_once import StartsOnce


class InMemory:
    """Objects that are kept nowhere else."""

    def __init__(self) -> None:
        self.found: dict[str, Found] = {}

    def read(self, name: str) -> Found | None:
        return self.found.get(name)

    def write(
        self,
        name: str,
        document: Mapping[str, Any],
        *,
        before: str = NEW,
        until: float | None = None,
        marks: Mapping[str, str] | None = None,
    ) -> str:
        there = self.found.get(name)
        if before != (NEW if there is None else there.generation):
            raise Changed(name)
        self.found[name] = Found(dict(document), f"{int(before or 0) + 1}")
        return self.found[name].generation

    def listed(self, prefix: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        return iter([(name, {}) for name in self.found if name.startswith(prefix)])


class Cloud:
    """Starts runs, and knows which there are."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.once = StartsOnce(InMemory())

    def begin(self, given: Any = 1, fails: str = "", name: str = "n") -> None:
        def create() -> str:
            if fails == "before":
                raise OSError("not reached")
            self.runs.append(name)
            if fails == "after":
                raise OSError("no answer")
            if fails == "killed":
                raise KeyboardInterrupt
            return name

        self.once.begin("f", name, given, lambda: name if name in self.runs else None, create)


def test_a_name_starts_one_run() -> None:
    cloud = Cloud()
    for _ in range(3):
        cloud.begin()
    assert cloud.runs == ["n"]
    begun = cloud.once.known("f", "n")
    assert begun is not None and begun.execution == "n"
    assert cloud.once.known("f", "other") is None and cloud.once.known("g", "n") is None
    with pytest.raises(Conflict):
        cloud.begin(given=2)
    cloud.begin(name="other", given=2)
    assert cloud.runs == ["n", "other"]


@pytest.mark.parametrize("fails", ["before", "after"])
def test_a_start_that_failed_can_be_tried_again_at_once(fails: str) -> None:
    cloud = Cloud()
    for _ in range(2):
        with pytest.raises(OSError, match="not reached" if fails == "before" else "no answer"):
            cloud.begin(fails=fails)
        if fails == "after":
            break
    with pytest.raises(Conflict):
        cloud.begin(given=2)
    cloud.begin()
    # One that came through although its answer was lost is found.
    assert cloud.runs == ["n"]


def test_a_start_that_was_killed_is_gone_on_with_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud()
    with pytest.raises(KeyboardInterrupt):
        cloud.begin(fails="killed")
    with pytest.raises(Starting):
        cloud.begin()
    monkeypatch.setattr(starting_once, "_CUT_OFF_SECONDS", 0.0)
    cloud.begin()
    assert cloud.runs == ["n"]
