"""Models of Amazon Bedrock, through Converse: one wire format for all of them."""

from __future__ import annotations

import asyncio
import json
import os
import random
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from skyloom.adapters.llm.base import (
    Completion,
    CompletionRequest,
    Finish,
    Json,
    ModelError,
    Usage,
    estimate_usage,
)
from skyloom.adapters.llm.bedrock_requests import FORMS, Form, body_of, first_form
from skyloom.adapters.llm.blocking import in_a_thread
from skyloom.adapters.llm.strict_schema import strict_schema
from skyloom.errors import ConfigError, Diagnostic, TaskTimedOut

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

ATTEMPTS = 3
"""How often a request is sent before a throttle, a server error or a lost connection is reported."""

_FIRST_DELAY = 0.5
"""Seconds before the second attempt; doubled for the third."""

_PASSING = {
    "InternalServerException",
    "ModelNotReadyException",
    "ModelTimeoutException",
    "ServiceUnavailableException",
    "ThrottlingException",
}
"""Errors that waiting may mend."""

_FINISH: dict[str, Finish] = {
    "content_filtered": "refusal",
    "guardrail_intervened": "refusal",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
}

_NOT_ABOUT_THE_FORM = ("too long", "too many", "identifier", "throughput", "access to the model")
"""Words of a refusal that asking in another form cannot mend."""

_CONNECT_SECONDS = 10.0
_CONNECTIONS = 50


class BedrockModel:
    """The models of one account and region.

    Args:
        provider: the provider's name in skyloom.toml, for messages.
        region: the region to ask in; by default that of the AWS configuration.
        endpoint_url: another address than the service's own, such as that of an interface endpoint.
        via: of no concern here; "function" tells compilers to let functions ask, where state machines could.

    Raises:
        ConfigError: `boto3` is missing, or no region is known.
    """

    def __init__(
        self,
        provider: str = "bedrock",
        region: str | None = None,
        endpoint_url: str | None = None,
        via: str | None = None,
    ) -> None:
        if find_spec("boto3") is None:
            raise _missing_package()
        import boto3

        self.provider = provider
        # The SDK itself reads AWS_DEFAULT_REGION only.
        self._session = boto3.Session(region_name=region or os.environ.get("AWS_REGION"))
        if self._session.region_name is None:
            raise _no_region(provider)
        self._endpoint = endpoint_url
        self._clients: dict[float, Any] = {}
        self._forms: dict[str, Form] = {}
        self._lock = threading.Lock()

    async def complete(self, request: CompletionRequest) -> Completion:
        try:
            async with asyncio.timeout(request.timeout) as limit:
                return self._completion(request, await self._ask(request, limit))
        except TimeoutError:
            message = f"{self.provider}: {request.model} gave no answer within {request.timeout:g} s"
            raise TaskTimedOut(message) from None

    async def _ask(self, request: CompletionRequest, limit: asyncio.Timeout) -> Json:
        """Asks in the best form that the model takes, and remembers which that is."""
        from botocore.exceptions import ClientError

        forms = self._forms_for(request)
        refused: ClientError | None = None
        for form in forms:
            try:
                answer = await self._send(request, body_of(request, form), limit)
            except ClientError as error:
                if form == forms[-1] or not _is_about_the_form(error):
                    raise self._service_error(request, refused or error) from error
                refused = refused or error
            else:
                if request.output_schema is not None:
                    self._forms[request.model] = form
                return answer
        raise AssertionError("the last form returns or raises")

    def _forms_for(self, request: CompletionRequest) -> tuple[Form, ...]:
        if request.output_schema is None:
            return ("text",)
        first = FORMS.index(self._forms.get(request.model) or first_form(request.model))
        forms = FORMS[first:]
        return forms[1:] if forms[0] == "schema" and strict_schema(request.output_schema) is None else forms

    async def _send(self, request: CompletionRequest, body: dict[str, Json], limit: asyncio.Timeout) -> Json:
        """Sends the request, and sends it again after failures that may pass, as long as there is time. A refusal
        passes through, for `_ask` to judge."""
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
        from botocore.parsers import ResponseParserError

        for attempt in range(1, ATTEMPTS + 1):
            delay = _FIRST_DELAY * 2.0 ** (attempt - 1) * random.uniform(0.75, 1.25)
            last = attempt == ATTEMPTS or asyncio.get_running_loop().time() + delay >= (limit.when() or 0)
            try:
                return await in_a_thread(lambda: self._client(request.timeout).converse(**body))
            except NoCredentialsError as error:
                raise _no_credentials(self.provider) from error
            except ClientError as error:
                if last or error.response["Error"]["Code"] not in _PASSING:
                    raise
            except ResponseParserError as error:
                raise ModelError(f"{self._where(request)}: the answer is no completion: {error}") from error
            except (BotoCoreError, ValueError) as error:
                if last:
                    raise ModelError(f"{self._where(request)}: no answer: {error}") from error
            await asyncio.sleep(delay)
        raise AssertionError("the last attempt returns or raises")

    def _client(self, timeout: float) -> Any:
        """The client whose patience is `timeout`. The SDK's own retries are off: they would wait beyond the deadline
        and hide the reason behind a timeout."""
        from botocore.config import Config

        with self._lock:
            if timeout not in self._clients:
                config = Config(
                    connect_timeout=min(timeout, _CONNECT_SECONDS),
                    read_timeout=timeout,
                    retries={"total_max_attempts": 1},
                    max_pool_connections=_CONNECTIONS,
                )
                self._clients[timeout] = self._session.client(
                    "bedrock-runtime", endpoint_url=self._endpoint, config=config
                )
            return self._clients[timeout]

    def _completion(self, request: CompletionRequest, answer: Json) -> Completion:
        message = (answer.get("output") or {}).get("message")
        if message is None:
            raise ModelError(f"{self._where(request)}: the answer holds no message")
        blocks = message.get("content") or []
        used = [block["toolUse"]["input"] for block in blocks if "toolUse" in block]
        text = "".join(block["text"] for block in blocks if "text" in block)
        if used:
            text = json.dumps(used[0], ensure_ascii=False)
        usage = answer.get("usage") or {}
        if "inputTokens" in usage and "outputTokens" in usage:
            counted = Usage(usage["inputTokens"], usage["outputTokens"], estimated=False)
        else:
            counted = estimate_usage(request.messages, text)
        finish = _FINISH.get(answer.get("stopReason", ""), "stop")
        return Completion(text=text, usage=counted, model=request.model, finish=finish)

    def _where(self, request: CompletionRequest) -> str:
        return f"{self.provider}: {request.model} in {self._session.region_name}"

    def _service_error(self, request: CompletionRequest, error: ClientError) -> ModelError:
        """What went wrong, in words for the person who has to mend it."""
        where = self._where(request)
        code = error.response["Error"]["Code"]
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        reason = _shortened(error.response["Error"].get("Message") or "no reason given")
        if code == "ThrottlingException":
            return ModelError(f"{where}: rate limit reached: {reason}")
        if code in ("AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException"):
            return ModelError(f"{where}: access denied ({status}): {reason}")
        if status == 404:
            return ModelError(f"{where}: no such model or address (404): {reason}")
        if status >= 500 or code in _PASSING:
            return ModelError(f"{where}: server error {status}: {reason}")
        return ModelError(f"{where}: request refused ({status}): {reason}")


def _is_about_the_form(error: ClientError) -> bool:
    """Whether another form may mend what the service refuses."""
    message = error.response["Error"].get("Message", "").lower()
    return error.response["Error"]["Code"] == "ValidationException" and not any(
        words in message for words in _NOT_ABOUT_THE_FORM
    )


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else line[:299] + "…"


def _missing_package() -> ConfigError:
    return ConfigError(
        Diagnostic("SKY603", "the `boto3` package is not installed", "skyloom.toml", hint='pip install "skyloom[aws]"')
    )


def _no_region(provider: str) -> ConfigError:
    hint = f"set AWS_REGION, or `region` in [providers.{provider}]"
    return ConfigError(Diagnostic("SKY604", f"provider `{provider}`: no AWS region is set", "skyloom.toml", hint=hint))


def _no_credentials(provider: str) -> ModelError:
    return ModelError(f"{provider}: no AWS credentials were found; `aws configure` sets them")
