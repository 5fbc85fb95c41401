"""An AWS account for tests, on this machine: MiniStack in a process of its own, with the project's shims.

    with started(folder) as account:
        account.client("stepfunctions").create_state_machine(...)

Use the fixture `aws_account` (one process for all tests) or `aws` (the same process, an empty account of its own).
"""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

TESTS = Path(__file__).parent.parent.parent
ROLE = "arn:aws:iam::{account}:role/test"
START_SECONDS = 60.0

_numbers = itertools.count(100_000_000_001)
_making = threading.Lock()


@dataclass(frozen=True, slots=True)
class AwsAccount:
    """Where the account is, and how to speak with it."""

    endpoint: str
    id: str = "000000000000"
    region: str = "us-east-1"
    log: Path = field(default=Path(os.devnull), repr=False)

    @property
    def variables(self) -> dict[str, str]:
        """What a process needs in its environment so that the AWS SDK finds this account and no other."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            # The server takes the access key for the account.
            "AWS_ACCESS_KEY_ID": self.id,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    @property
    def role(self) -> str:
        """A role that may do everything."""
        return ROLE.format(account=self.id)

    def empty(self) -> AwsAccount:
        """Another account of the same server, with nothing in it."""
        return replace(self, id=str(next(_numbers)))

    @overload
    def client(self, service: Literal["stepfunctions"]) -> SFNClient: ...
    @overload
    def client(self, service: Literal["lambda"]) -> LambdaClient: ...
    @overload
    def client(self, service: Literal["s3"]) -> S3Client: ...
    @overload
    def client(self, service: Literal["dynamodb"]) -> DynamoDBClient: ...
    @overload
    def client(self, service: Literal["events"]) -> EventBridgeClient: ...
    @overload
    def client(self, service: Literal["cloudformation"]) -> CloudFormationClient: ...
    @overload
    def client(self, service: str) -> Any: ...
    def client(self, service: str) -> Any:
        """An SDK client for a service of this account."""
        return _client(self.endpoint, self.id, self.region, service)


@cache
def _client(endpoint: str, account: str, region: str, service: str) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(max_pool_connections=64, s3={"addressing_style": "path"}, retries={"total_max_attempts": 2})
    with _making:
        session = boto3.Session(account, "secret", region_name=region)
        return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]


@contextmanager
def started(folder: Path, *, bare: bool = False, **variables: str) -> Iterator[AwsAccount]:
    """Starts the server, and stops it with everything that it started.

    Args:
        folder: for its log and its state.
        bare: MiniStack as it is, without shims.
        variables: of its environment: `SFN_WAIT_SCALE` and `SFN_RETRY_SCALE` shorten waits and pauses before retries,
            `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` is where models are.
    """
    port, log = _free_port(), folder / "account.log"
    account = AwsAccount(f"http://127.0.0.1:{port}", log=log)
    environment = {
        **os.environ,
        **account.variables,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "TMPDIR": str(folder),
        "PYTHONPATH": str(TESTS),
        "SKYLOOM_BARE": "1" if bare else "",
        "LOG_LEVEL": "WARNING",
        "IOT_MTLS_ENABLED": "0",
        **variables,
    }
    environment.pop("SKYLOOM_TRACE", None)
    with log.open("wb") as output:
        command = [sys.executable, "-m", "engines.aws.server"]
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=folder)
        try:
            _wait_until_up(account, process)
            yield account
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_up(account: AwsAccount, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{account.endpoint}/_ministack/health", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if process.poll() is not None:
                break
            time.sleep(0.05)
    raise RuntimeError(f"the AWS account did not start:\n{account.log.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
