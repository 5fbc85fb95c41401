"""Definitions are checked when a state machine is made or changed.

AWS refuses one whose structure is not in order with InvalidDefinition
(https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html), also inside a stack;
MiniStack looks at the syntax of expressions only, and in stacks at nothing.
"""

from __future__ import annotations

import json
from typing import Any

from engines.aws.machine.checks import problems
from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions
from ministack.services.cloudformation import provisioners

Json = Any


def install() -> None:
    """Puts the shim in place."""
    create, update = stepfunctions._create_state_machine, stepfunctions._update_state_machine
    of_stack = provisioners._sfn_definition

    def refusal(text: str | None, kind: str) -> Json:
        found = problems(text or "{}", kind) if _is_jsonata(text) else []
        if not found:
            return None
        return error_response_json("InvalidDefinition", f"Invalid State Machine Definition: '{'; '.join(found)}'", 400)

    def create_checked(data: dict[str, Json]) -> Json:
        return refusal(data.get("definition"), data.get("type", "STANDARD")) or create(data)

    def update_checked(data: dict[str, Json]) -> Json:
        if "definition" not in data:
            return update(data)
        machine = stepfunctions._state_machines.get(data.get("stateMachineArn"), {})
        return refusal(data["definition"], machine.get("type", "STANDARD")) or update(data)

    def validate(data: dict[str, Json]) -> Json:
        found = problems(data.get("definition", ""), data.get("type", "STANDARD"))
        diagnostics = [
            {"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": problem, "location": place}
            for place, problem in (text.split(": ", 1) for text in found)
        ]
        return json_response({"result": "FAIL" if found else "OK", "diagnostics": diagnostics, "truncated": False})

    def definition_of_stack(properties: dict[str, Json]) -> str:
        text = str(of_stack(properties))
        found = problems(text, properties.get("StateMachineType", "STANDARD")) if _is_jsonata(text) else []
        if found:
            raise ValueError(f"Invalid State Machine Definition: '{'; '.join(found)}'")
        return text

    stepfunctions._create_state_machine = create_checked
    stepfunctions._update_state_machine = update_checked
    stepfunctions._validate_state_machine_definition = validate
    provisioners._sfn_definition = definition_of_stack


def _is_jsonata(text: str | None) -> bool:
    try:
        return bool(json.loads(text or "{}").get("QueryLanguage") == "JSONata")
    except (ValueError, AttributeError):
        return True
