"""What happens while a plan is applied, in one form for every cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from skyloom.deployers.plan import Action


@dataclass(frozen=True, slots=True)
class Said:
    """Something to know that is no change: what is waited for, what is repaired."""

    text: str


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file is where the cloud can take it from. `new` is False where it was there already."""

    name: str
    size: int
    new: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One thing begins to change, has changed, or could not be changed. `undoing`: on the way back after an error."""

    action: Action
    kind: str
    name: str
    state: Literal["started", "done", "failed"]
    reason: str = ""
    undoing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Everything has happened. `outputs` is what the app can be reached by; `version` the bundle's digest."""

    text: str
    version: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)


Event = Said | Uploaded | Changed | Finished
