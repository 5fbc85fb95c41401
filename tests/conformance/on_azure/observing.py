"""What a run did, from what the host tells of its orchestration."""

from __future__ import annotations

import json
from typing import Any

from conformance.case import TaskCall
from conformance.engines import Observed

Json = Any


def observed_of(ended: Json) -> Observed:
    """What a run did. Its output is JSON text, and the text of its failure holds the error as JSON."""
    calls = [TaskCall(task, arguments) for task, arguments in ended["calls"]]
    emitted = [(name, payload) for name, payload in ended["emitted"]]
    if ended["status"] == "Completed":
        return Observed(json.loads(ended["output"]), None, calls, emitted)
    told = ended["error"]
    try:
        error = json.loads(told[told.index("{") :])
        return Observed(None, (error["type"], error["message"]), calls, emitted)
    except (ValueError, KeyError):
        return Observed(None, ("not ours", told), calls, emitted)
