"""Where the app departs from what policy scanners ask, and why. The reasons stand in the configuration, in the comment
of each resource, and the gates count nothing as found that is accepted there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from skyloom.deployers.gcp.resources.words import Json, Resources, comment, noted


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A finding that is accepted.

    Attributes:
        rules: the ids of the scanners' rules.
        type: the type of resources that it is accepted for.
        reason: why, for whoever reviews the configuration.
        where: which resources of that type, by address and content.
    """

    rules: tuple[str, ...]
    type: str
    reason: str
    where: Callable[[str, Json], bool] = lambda address, made: True


ACCEPTED: tuple[Accepted, ...] = ()


def excused(resources: Resources) -> Resources:
    """The resources, each with the reasons for what is accepted of it."""
    return {address: _with_reasons(address, made) for address, made in resources.items()}


def _with_reasons(address: str, made: dict[str, Json]) -> dict[str, Json]:
    type_ = address.partition(".")[0]
    fitting = [one for one in ACCEPTED if one.type == type_ and one.where(address, made)]
    reasons = {rule: one.reason for one in fitting for rule in one.rules}
    return noted(made, accepted=dict(sorted(reasons.items()))) if reasons else made


def accepted(made: Json) -> frozenset[str]:
    """The rules whose findings are accepted of a resource."""
    return frozenset(comment(made).get("accepted", {}))
