"""What a deploy would change: the clouds' own previews, in one form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from skyloom.flows.outcome import Json

Action = Literal["create", "update", "replace", "delete", "import", "keep"]
"""`replace`: made anew, the old one is deleted. `import`: it is there already and is taken over with what it holds.
`keep`: it stays when all else is deleted."""

ACTIONS: tuple[Action, ...] = ("create", "import", "update", "replace", "delete", "keep")
"""In the order in which summaries count them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one thing.

    Attributes:
        kind: a word that a person knows: flow, function, table, bucket, queue, role, ...
        name: its name in the app, where it has one there; otherwise the cloud's.
        details: what of it changes, for people: `code`, `memory 256 -> 512`.
        certain: False where the cloud decides only on the way whether it changes at all.
        holds_data: whether it holds what cannot be made again: objects, rows, secrets.
    """

    action: Action
    kind: str
    name: str
    details: tuple[str, ...] = ()
    certain: bool = True
    holds_data: bool = False

    @property
    def loses_data(self) -> bool:
        """Whether what it holds is gone afterwards."""
        return self.holds_data and self.action in ("delete", "replace")

    def to_json(self) -> dict[str, Json]:
        """The change for programs."""
        return {
            "action": self.action,
            "kind": self.kind,
            "name": self.name,
            "details": list(self.details),
            "certain": self.certain,
            "holds_data": self.holds_data,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a deploy, a rollback or a destroy would do. The same object is shown and applied.

    Attributes:
        place: where, for people: `account 123456789012, eu-central-1`.
        version: the bundle's digest; empty where everything is deleted.
        first: whether nothing of the app is there yet.
        notes: what else to know before saying yes.
        handle: what the cloud calls the plan, for its deployer only.
    """

    target: str
    app: str
    environment: str
    place: str
    version: str
    changes: tuple[Change, ...]
    first: bool = False
    notes: tuple[str, ...] = ()
    handle: object = field(default=None, compare=False, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether what is deployed is what is wanted."""
        return all(change.action == "keep" for change in self.changes)

    @property
    def summary(self) -> str:
        """`2 to create, 1 to update`; or `no changes`."""
        counts = Counter(change.action for change in self.changes)
        parts = [f"{counts[action]} to {action}" for action in ACTIONS if counts[action]]
        return ", ".join(parts) if not self.is_empty else "no changes"

    def to_json(self) -> dict[str, Json]:
        """The plan for programs."""
        return {
            "target": self.target,
            "app": self.app,
            "environment": self.environment,
            "place": self.place,
            "version": self.version or None,
            "first": self.first,
            "changes": [change.to_json() for change in self.changes],
            "notes": list(self.notes),
        }


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes by what happens, by kind and by name."""
    return tuple(sorted(changes, key=lambda change: (ACTIONS.index(change.action), change.kind, change.name)))
