"""`Retry` and `Catch`: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from engines.aws.machine.failure import StateFailure, matches
from engines.aws.machine.scope import Visit

Json = Any


def with_policies(visit: Visit, attempt: Callable[[], Json]) -> tuple[Json, str | None]:
    """The output of a Task, Parallel or Map and the state that follows, after its retriers and catchers."""
    used: dict[int, int] = {}
    while True:
        try:
            output = attempt()
        except StateFailure as failure:
            pause = _pause(visit.state.get("Retry", []), failure, used)
            if pause is None:
                return _caught(visit, failure)
            visit.scope.stop.sleep(pause * visit.scope.execution.retry_pace)
            visit.retries += 1
        else:
            return output, visit.state.get("Next")


def _pause(retriers: list[dict[str, Any]], failure: StateFailure, used: dict[int, int]) -> float | None:
    """The seconds before the next attempt, or None: the first retrier that matches decides, also when it is used up."""
    for index, retrier in enumerate(retriers):
        if not matches(retrier["ErrorEquals"], failure):
            continue
        count = used.get(index, 0)
        if count >= retrier.get("MaxAttempts", 3):
            return None
        used[index] = count + 1
        pause = float(retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** count)
        pause = min(pause, retrier.get("MaxDelaySeconds", pause))
        return random.uniform(0, pause) if retrier.get("JitterStrategy", "NONE") == "FULL" else pause
    return None


def _caught(visit: Visit, failure: StateFailure) -> tuple[Json, str]:
    for index, catcher in enumerate(visit.state.get("Catch", [])):
        if matches(catcher["ErrorEquals"], failure):
            output = failure.output
            return visit.leave(catcher, output, f"Catch[{index}]/", errorOutput=output), catcher["Next"]
    raise failure
