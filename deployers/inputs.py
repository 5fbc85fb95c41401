"""The input of runs that a deployed app starts by itself."""

from __future__ import annotations

from typing import Any

from skyloom.flows import values
from skyloom.flows.outcome import Json
from skyloom.flows.triggers import Schedule


def scheduled_input(schedule: Schedule) -> dict[str, Json]:
    """The input of the schedule's flow in canonical form: workflows take it as it is. Checked with the app."""
    types = values.signature_types(schedule.flow.function)
    return {
        name: values.to_json(values.from_json(given, types.get(name, Any)), types.get(name, Any))
        for name, given in schedule.input.items()
    }
