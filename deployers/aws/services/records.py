"""The records of what runs wait for, in the table that `SKYLOOM_TABLE` names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from skyloom.deployers.services.waiting import KEPT_SECONDS, NotOpen, Wait

Json = Any

LONGEST_RUN_SECONDS = 366 * 24 * 3600
"""How long a wait without a timeout may last: as long as an execution.
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


class Records:
    """Reads and writes the records of what runs wait for (`skyloom.deployers.services.waiting.Waits`). `client` is a
    DynamoDB client."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def open(self, wait: Wait) -> Wait:
        """Writes down an open wait, and gives it as it stands: where the same one is open already, that one with the
        new token (`skyloom.deployers.services.waiting.is_repeated`)."""
        taken = self._client.exceptions.ConditionalCheckFailedException
        try:
            return self._retoken(wait)
        except taken:
            pass
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_item(wait),
                ConditionExpression=f"attribute_not_exists(id) OR NOT ({_REPEATED})",
                ExpressionAttributeNames=_REPEATED_NAMES,
                ExpressionAttributeValues=_repeated(wait),
            )
        except taken:
            return self._retoken(wait)
        return wait

    def _retoken(self, wait: Wait) -> Wait:
        values = {":token": {"S": wait.token}, **_repeated(wait)}
        names = {"#token": "token", **_REPEATED_NAMES}
        return self._update(wait, "SET #token = :token", values, names, condition=_REPEATED)

    def get(self, subject: str, wait: str) -> Wait | None:
        """One record, as it stands now."""
        found = self._client.get_item(
            TableName=self._table, Key={"subject": {"S": subject}, "id": {"S": wait}}, ConsistentRead=True
        )
        return _wait(found["Item"]) if "Item" in found else None

    def unsettled(self, subject: str) -> Iterator[Wait]:
        """The records of a subject that are open, or answered with the answer not handed over yet."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="subject = :subject",
            FilterExpression="#state = :open OR (#state = :answered AND delivered = :no)",
            ExpressionAttributeNames=_STATE,
            ExpressionAttributeValues={
                ":subject": {"S": subject},
                ":open": {"S": "open"},
                ":answered": {"S": "answered"},
                ":no": {"BOOL": False},
            },
        )
        for page in pages:
            yield from map(_wait, page["Items"])

    def answer(self, wait: Wait, answer: Json, now: float) -> Wait:
        """Writes down the answer.

        Raises:
            NotOpen: somebody else was first.
        """
        values = {
            ":open": {"S": "open"},
            ":answered": {"S": "answered"},
            ":answer": {"S": _dump(answer)},
            ":now": _number(now),
            ":no": {"BOOL": False},
        }
        change = "SET #state = :answered, answer = :answer, answered = :now, delivered = :no"
        try:
            return self._update(wait, change, values, _STATE, condition="#state = :open")
        except self._client.exceptions.ConditionalCheckFailedException:
            raise NotOpen(self.get(wait.subject, wait.id)) from None

    def told(self, wait: Wait) -> None:
        """Notes that people have been told."""
        self._update(wait, "SET told = :yes", {":yes": {"BOOL": True}}, {})

    def delivered(self, wait: Wait) -> None:
        """Notes that the run has its answer."""
        self._update(wait, "SET delivered = :yes", {":yes": {"BOOL": True}}, {})

    def abandoned(self, wait: Wait) -> None:
        """Notes that the run does not wait any more, and never took an answer."""
        self._update(wait, "SET #state = :abandoned", {":abandoned": {"S": "abandoned"}}, _STATE)

    def _update(
        self,
        wait: Wait,
        change: str,
        values: Mapping[str, Any],
        names: Mapping[str, str],
        condition: str = "attribute_exists(id)",
    ) -> Wait:
        updated = self._client.update_item(
            TableName=self._table,
            Key={"subject": {"S": wait.subject}, "id": {"S": wait.id}},
            UpdateExpression=change,
            ConditionExpression=condition,
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
            **({"ExpressionAttributeNames": names} if names else {}),
        )
        return _wait(updated["Attributes"])


_STATE = {"#state": "state"}
_REPEATED = "#state = :open AND #execution = :execution AND #expires > :now"
_REPEATED_NAMES = {"#execution": "execution", "#expires": "expires", **_STATE}


def _repeated(wait: Wait) -> dict[str, Any]:
    return {":open": {"S": "open"}, ":execution": {"S": wait.execution}, ":now": _number(wait.opened)}


def _item(wait: Wait) -> dict[str, Any]:
    texts = {
        "subject": wait.subject,
        "id": wait.id,
        "state": wait.state,
        "token": wait.token,
        "execution": wait.execution,
        "run": wait.run,
        "flow": wait.flow,
        "step": wait.step,
        "asked": _dump(wait.asked),
        "answer": _dump(wait.answer),
    }
    end = wait.opened + LONGEST_RUN_SECONDS if wait.deadline is None else max(wait.expires, wait.deadline)
    numbers: dict[str, float] = {"opened": wait.opened, "expires": wait.expires, "ttl": int(end) + KEPT_SECONDS}
    if wait.deadline is not None:
        numbers["deadline"] = wait.deadline
    item: dict[str, Any] = {name: {"S": text} for name, text in texts.items()}
    item |= {name: _number(number) for name, number in numbers.items()}
    return item | {"told": {"BOOL": wait.told}, "delivered": {"BOOL": wait.delivered}}


def _wait(item: Mapping[str, Any]) -> Wait:
    texts = {name: item[name]["S"] for name in ("subject", "id", "token", "execution", "run", "flow", "step", "state")}
    return Wait(
        **texts,
        asked=json.loads(item["asked"]["S"]),
        answer=json.loads(item["answer"]["S"]),
        opened=float(item["opened"]["N"]),
        expires=int(item["expires"]["N"]),
        deadline=float(item["deadline"]["N"]) if "deadline" in item else None,
        answered=float(item["answered"]["N"]) if "answered" in item else None,
        told=bool(item["told"]["BOOL"]),
        delivered=bool(item["delivered"]["BOOL"]),
    )


def _number(value: float) -> dict[str, str]:
    # DynamoDB numbers have 38 digits; the text of a Python float always fits.
    return {"N": str(value)}


def _dump(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
