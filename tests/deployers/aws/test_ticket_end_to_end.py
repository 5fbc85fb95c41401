"""The ticket example on AWS, from the request to the answer: started by HTTP, approved through the link in a mail."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from clouds.tickets import (
    ANSWER,
    TRIAGE,
    begin,
    is_rejected,
    refuses_forgeries,
    refuses_what_does_not_fit,
    tickets_app,
    was_sent_once,
)
from engines.aws.account import AwsAccount, started
from servers.bedrock_server import BedrockServer, Request, answer, typed
from servers.model_server import Response

from skyloom.deployers.aws.compiling import compile_app
from skyloom.deployers.aws.deployer import AwsDeployer
from skyloom.deployers.aws.functions import FunctionSettings
from skyloom.deployers.services import links
from skyloom.flows.app import EmailNotifier, Environment

HERE = FunctionSettings(python=f"3.{sys.version_info.minor}", architecture="x86_64")


def models(request: Request) -> Response:
    """Every ticket is urgent, and every draft the same."""
    if request.schema is not None:
        return typed(TRIAGE)(request)
    return answer(ANSWER)(request)


class Tickets:
    """The deployed app, as the world outside sees it."""

    def __init__(self, account: AwsAccount, outputs: dict[str, str]) -> None:
        self.account = account
        self.api = urlsplit(outputs["ApiUrl"]).hostname.partition(".")[0]  # type: ignore[union-attr]
        port = urlsplit(account.endpoint).port
        self.http = httpx.Client(
            base_url=account.endpoint, headers={"Host": f"{self.api}.execute-api.localhost:{port}"}, timeout=60
        )
        self._mailbox = self._subscribed()

    def _subscribed(self) -> str:
        """A queue that gets what people get by mail."""
        sns, sqs = self.account.client("sns"), self.account.client("sqs")
        queue = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        [topic] = [found["TopicArn"] for found in sns.list_topics()["Topics"] if "Approvals" in found["TopicArn"]]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return str(queue)

    def link(self) -> str:
        """The link in the next mail, without the API's address, which leads nowhere here."""
        sqs = self.account.client("sqs")
        until = time.monotonic() + 90
        while time.monotonic() < until:
            for message in sqs.receive_message(QueueUrl=self._mailbox, WaitTimeSeconds=1).get("Messages", []):
                sqs.delete_message(QueueUrl=self._mailbox, ReceiptHandle=message["ReceiptHandle"])
                text: str = json.loads(message["Body"])["Message"]
                [link] = [line for line in text.splitlines() if line.startswith("https://")]
                return link[link.index("/approvals/") :]
        raise AssertionError("no mail came")


@pytest.fixture(scope="module")
def tickets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tickets]:
    app = tickets_app(EmailNotifier(address="leads@example.com", to="support-leads"))
    folder = tmp_path_factory.mktemp("tickets")
    with (
        pytest.MonkeyPatch.context() as patch,
        BedrockServer(then=models) as bedrock,
        started(folder, AWS_ENDPOINT_URL_BEDROCK_RUNTIME=bedrock.url, SFN_RETRY_SCALE="0.1") as account,
    ):
        for name, value in account.variables.items():
            patch.setenv(name, value)
        deployer = AwsDeployer(app.name, "dev", Environment())
        for _ in deployer.apply(deployer.plan(compile_app(app, "dev", HERE).bundle)):
            pass
        yield Tickets(account, dict(deployer.status().outputs))


def test_a_ticket_is_answered_after_somebody_approved(tickets: Tickets) -> None:
    url = begin(tickets.http)
    link = tickets.link()
    assert tickets.http.get(url).json()["status"] == "running"
    page = tickets.http.get(link)
    assert page.status_code == 200
    assert "Send this answer to Noor Haddad?" in page.text
    assert "Both payments of your bank account" in page.text
    refuses_forgeries(tickets.http, link)
    decided = tickets.http.post(link, data={"decision": "approve", "by": "Ada", "comment": "fine"})
    assert (decided.status_code, "You have approved this" in decided.text) == (200, True)
    was_sent_once(tickets.http, url, link)


def test_a_rejected_answer_is_not_sent(tickets: Tickets) -> None:
    url = begin(tickets.http)
    is_rejected(tickets.http, url, tickets.link())


def test_an_expired_link_is_refused(tickets: Tickets) -> None:
    begin(tickets.http)
    path, _, query = tickets.link().partition("?")
    secrets = tickets.account.client("secretsmanager")
    [name] = [found["Name"] for found in secrets.list_secrets()["SecretList"] if "LinkKey" in found["Name"]]
    key = secrets.get_secret_value(SecretId=name)["SecretString"].encode()
    assert len(key) == 64
    wait = path.rpartition("/")[2]
    assert parse_qs(query)["s"] == [links.signature(key, wait, int(parse_qs(query)["e"][0]))]
    expired = links.link("", key, wait, int(time.time()) - 1)
    assert tickets.http.get(expired).status_code == 410
    assert tickets.http.post(expired, data={"decision": "approve", "by": "Ada"}).status_code == 410


def test_a_ticket_that_does_not_fit_starts_nothing(tickets: Tickets) -> None:
    refuses_what_does_not_fit(tickets.http)
