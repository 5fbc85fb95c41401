"""The one door to AWS: sessions, clients, and what their errors mean. Nothing else of Skyloom's own imports boto3.

Calls raise `ClientError` of the client in hand (`s3.exceptions.ClientError`), which callers may look into with `code`.
What they let pass becomes a `UserError` or an `EngineError` in `translated`, once, at the deployer's edge.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from skyloom.deployers.translating import translating
from skyloom.errors import ConfigError, Diagnostic, EngineError, UserError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

PLACE = "AWS"
"""What messages give as their place: these mistakes stand in no file."""

_ATTEMPTS = 6
"""How often boto3 tries a call again that was throttled or not answered."""

_EXPIRED = (
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
)
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")


class Aws:
    """One account in one region, as the caller's credentials and configuration say.

    Raises:
        ConfigError: SKY603, boto3 is not installed; SKY641, no usable credentials; SKY642, no region;
            SKY647, the credentials are for another account than the environment's.
    """

    def __init__(self, region: str | None = None, account: str | None = None) -> None:
        session = _session(region)
        if session.region_name is None:
            hint = "set AWS_REGION, or `region` of the app's Environment"
            raise ConfigError(Diagnostic("SKY642", "no AWS region is set", PLACE, hint=hint))
        self.region: str = session.region_name
        self._session = session
        with translated():
            if session.get_credentials() is None:
                raise _no_credentials("no AWS credentials were found")
            identity = self._client("sts").get_caller_identity()
        self.account: str = identity["Account"]
        self.partition: str = identity["Arn"].split(":")[1]
        if account is not None and account != self.account:
            message = f"the credentials are for account {self.account}, and the environment is deployed to {account}"
            raise ConfigError(
                Diagnostic("SKY647", message, PLACE, hint="choose other credentials, such as AWS_PROFILE")
            )

    def _client(self, service: str) -> Any:
        from botocore.config import Config

        config = Config(retries={"mode": "standard", "total_max_attempts": _ATTEMPTS}, user_agent_extra="skyloom")
        try:
            return self._session.client(service, config=config)
        except ValueError as error:
            # An address in AWS_ENDPOINT_URL that is none: botocore has no error of its own for it.
            raise EngineError(f"AWS cannot be called: {error}") from error

    @property
    def place(self) -> str:
        """Where this is, for people."""
        return f"account {self.account}, {self.region}"

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        return self._client("cloudformation")  # type: ignore[no-any-return]

    @cached_property
    def s3(self) -> S3Client:
        return self._client("s3")  # type: ignore[no-any-return]

    @cached_property
    def states(self) -> SFNClient:
        return self._client("stepfunctions")  # type: ignore[no-any-return]

    @cached_property
    def functions(self) -> LambdaClient:
        return self._client("lambda")  # type: ignore[no-any-return]

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        return self._client("logs")  # type: ignore[no-any-return]

    @cached_property
    def events(self) -> EventBridgeClient:
        return self._client("events")  # type: ignore[no-any-return]

    @cached_property
    def tables(self) -> DynamoDBClient:
        return self._client("dynamodb")  # type: ignore[no-any-return]

    def console(self, service: str, fragment: str) -> str:
        """The address of a page of the AWS console."""
        return f"https://{self.region}.console.aws.amazon.com/{service}/home?region={self.region}#/{fragment}"


def code(error: Exception) -> str:
    """The code of a `ClientError`, such as `ValidationError`; empty for every other error."""
    return str(_answer(error).get("Code", ""))


def reason(error: Exception) -> str:
    """What AWS says of a `ClientError`."""
    return str(_answer(error).get("Message") or error)


def _answer(error: Exception) -> dict[str, Any]:
    response = getattr(error, "response", None)
    return response.get("Error", {}) if isinstance(response, dict) else {}


def translated() -> AbstractContextManager[None]:
    """Turns what boto3 raises inside into errors that tell people what to do. All else passes."""
    return translating(_meaning)


def _meaning(error: Exception) -> UserError | EngineError | None:
    if not type(error).__module__.startswith("botocore"):
        return None
    from botocore import exceptions as aws

    match error:
        case aws.NoCredentialsError() | aws.PartialCredentialsError() | aws.CredentialRetrievalError():
            return _no_credentials(str(error))
        case aws.TokenRetrievalError() | aws.SSOError():
            return _no_credentials(f"signing in has lapsed: {error}")
        case aws.ClientError():
            return _refused(error)
        case aws.ConnectionError() | aws.HTTPClientError():
            return EngineError(f"AWS does not answer: {error}")
        case _:
            return EngineError(f"AWS cannot be called: {error}")


def _refused(error: Any) -> UserError | EngineError:
    operation = getattr(error, "operation_name", "a call")
    if code(error) in _EXPIRED:
        return _no_credentials(f"AWS does not accept the credentials: {reason(error)}")
    if code(error) in _DENIED:
        message = f"AWS does not allow {operation}: {reason(error)}"
        return ConfigError(Diagnostic("SKY653", message, PLACE, hint="docs/deploying.md says what a deploy needs"))
    return EngineError(f"AWS refused {operation}: {reason(error)} ({code(error)})")


def _no_credentials(problem: str) -> ConfigError:
    hint = "sign in (`aws sso login`, `aws configure`), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret"
    return ConfigError(Diagnostic("SKY641", problem, PLACE, hint=hint))


def _session(region: str | None) -> Any:
    try:
        import boto3
        from botocore import exceptions as aws
    except ImportError:
        raise ConfigError(
            Diagnostic("SKY603", "AWS needs the package boto3", PLACE, hint='pip install "skyloom[aws]"')
        ) from None
    try:
        # boto3 itself reads AWS_DEFAULT_REGION alone; the command line and the other SDKs of AWS prefer this one.
        return boto3.Session(region_name=region or os.environ.get("AWS_REGION"))
    except aws.BotoCoreError as error:
        # A profile that is not there, or a configuration that cannot be read.
        raise _no_credentials(str(error)) from error
