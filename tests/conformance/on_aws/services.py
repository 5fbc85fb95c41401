"""What every app brings along for what runs wait for: the table, and the functions that open and answer waits."""

from __future__ import annotations

import json
from typing import Any

from engines.aws.account import AwsAccount
from engines.aws.driving import make_function, zipped

from skyloom.deployers.aws.workflow import WAITS, Invoke, PutEvents
from skyloom.deployers.own import own_files

Json = Any

TABLE, BUS, APP, BUCKET = "waits", "conformance", "conformance", "conformance-values"
SERVICES = ("waits", "decide", "events")


class AppServices:
    """The services of an account. All apps of the suite share them."""

    def __init__(self, account: AwsAccount) -> None:
        self._lambda = account.client("lambda")
        account.client("events").create_event_bus(Name=BUS)
        account.client("s3").create_bucket(Bucket=BUCKET)
        account.client("dynamodb").create_table(
            TableName=TABLE,
            AttributeDefinitions=[
                {"AttributeName": "subject", "AttributeType": "S"},
                {"AttributeName": "id", "AttributeType": "S"},
            ],
            KeySchema=[{"AttributeName": "subject", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
            BillingMode="PAY_PER_REQUEST",
        )
        key = account.client("secretsmanager").create_secret(Name="link-key", SecretString="{}")["ARN"]
        variables = {
            "SKYLOOM_TABLE": TABLE,
            "SKYLOOM_LINK_KEY": key,
            "SKYLOOM_API": "https://api.example",
            "SKYLOOM_APP": APP,
            "SKYLOOM_ENV": "test",
        }
        module = "skyloom.deployers.aws.services"
        package = zipped(own_files([f"{module}.{name}.handler" for name in SERVICES]))
        self._functions = {
            name: make_function(account, name, package, handler=f"{module}.{name}.handler", variables=variables)
            for name in SERVICES
        }
        self.substitutions = {Invoke(WAITS).placeholder: self._functions["waits"], PutEvents().placeholder: BUS}

    def approvals(self) -> list[dict[str, Json]]:
        """The open approvals, the oldest first."""
        found: list[dict[str, Json]] = self._call("decide", {"action": "list"})["approvals"]
        return found

    def decide(self, approval: str, **decision: Json) -> None:
        """Decides an approval."""
        answer = self._call("decide", {"action": "decide", "id": approval, **decision})
        assert answer["status"] == "decided", answer

    def send(self, event: str, key: str | None, payload: Json, run: str) -> None:
        """An event arrives for a run."""
        self._call("events", {"detail-type": event, "detail": {"payload": payload, "key": key, "run": run}})

    def _call(self, name: str, event: Json) -> Any:
        answer = self._lambda.invoke(FunctionName=self._functions[name], Payload=json.dumps(event).encode())
        result = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, result
        return result
