"""Asks the deployed app what only it can do: starting a run, deciding an approval, sending an event.

Who may read the keys of its host may do all of it; no other permission is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.deployed import Deployed
from skyloom.deployers.azure.refusals import status
from skyloom.errors import EngineError
from skyloom.flows.outcome import Json

ROUTE = "skyloom/operate"


class Refused(Exception):
    """The app says no. `status` is that of HTTP."""

    def __init__(self, problem: str, status: int) -> None:
        super().__init__(problem)
        self.problem, self.status = problem, status


def ask(azure: Azure, deployed: Deployed, question: Mapping[str, Json]) -> dict[str, Any]:
    """What the app answers.

    Raises:
        Refused: it says no.
        EngineError: it does not answer as it should.
    """
    try:
        answer, _ = azure.app("POST", f"{deployed.main.host}/{ROUTE}", deployed.keys.functions, dict(question))
    except azure.refused as error:
        problem = _problem(error)
        if problem is None or status(error) not in (400, 409, 413, 503):
            raise
        raise Refused(problem, status(error)) from error
    if not isinstance(answer, dict):
        raise EngineError("the app does not answer operators as it should")
    return answer


def _problem(error: Exception) -> str | None:
    try:
        found = error.response.json()  # type: ignore[attr-defined]  # every refusal of HTTP has a response
    except (AttributeError, ValueError):
        return None
    return str(found["problem"]) if isinstance(found, dict) and "problem" in found else None
