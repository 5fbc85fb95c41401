"""Any server that speaks OpenAI's chat completions: OpenAI itself, Ollama, vLLM, llama.cpp and the like."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from skyloom.adapters.llm.base import (
    Completion,
    CompletionRequest,
    Finish,
    Json,
    Message,
    ModelError,
    Usage,
    estimate_usage,
)
from skyloom.adapters.llm.strict_schema import strict_schema
from skyloom.errors import ConfigError, Diagnostic, TaskTimedOut

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI
    from openai.types.chat import ChatCompletion

OPENAI_URL = "https://api.openai.com/v1"

Form = Literal["json_schema", "json_object", "text"]
"""How JSON is asked for: by schema, which the server enforces; as any object, or plainly, with the schema in words."""

FORMS: tuple[Form, ...] = ("json_schema", "json_object", "text")

ATTEMPTS = 3
"""How often a request is sent before a rate limit, a server error or a lost connection is reported."""

_FIRST_DELAY = 0.5
"""Seconds before the second attempt where the server names none; doubled for the third."""

_FINISH: dict[str, Finish] = {"length": "length", "content_filter": "refusal"}

_NOT_ABOUT_THE_FORM = {"context_length_exceeded", "content_filter", "content_policy_violation", "model_not_found"}
"""Codes of a 400 that asking in another form cannot mend."""


class OpenAICompatibleModel:
    """The models behind one endpoint.

    Args:
        base_url: the endpoint up to and with `/v1`; by default $OPENAI_BASE_URL, else OpenAI's own.
        api_key_env: the environment variable that holds the key. A server on this machine or in a private network
            needs none.
        provider: the provider's name in skyloom.toml, for messages.

    Raises:
        ConfigError: the `openai` package is missing, or a public endpoint has no key.
    """

    _key: str | Callable[[], Awaitable[str]]
    """The key, or what gives one for each request."""
    _not_accepted = "the key is not accepted ({status})"

    def __init__(
        self, base_url: str | None = None, api_key_env: str = "OPENAI_API_KEY", provider: str = "openai"
    ) -> None:
        url = base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL
        self._prepare(url, provider)
        self._key = os.environ.get(api_key_env, "")
        if not self._key:
            if not is_private(self.base_url):
                raise _missing_key(provider, api_key_env, self.base_url)
            self._key = "none"

    def _prepare(self, base_url: str, provider: str) -> None:
        """Sets everything but the key. Raises ConfigError."""
        if find_spec("openai") is None:
            raise _missing_package()
        self.base_url = base_url
        self.provider = provider
        # Reasoning models of OpenAI refuse `max_tokens`; most other servers know nothing else (November 2026).
        host = urlsplit(base_url).hostname or ""
        self._limit_field = (
            "max_completion_tokens" if host.endswith((".openai.com", ".openai.azure.com")) else "max_tokens"
        )
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncGenerator[AsyncOpenAI]] = WeakKeyDictionary()
        self._open: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncOpenAI] = WeakKeyDictionary()
        self._forms: dict[str, Form] = {}

    async def complete(self, request: CompletionRequest) -> Completion:
        try:
            async with asyncio.timeout(request.timeout) as limit:
                answer = await self._ask(request, limit)
        except TimeoutError:
            message = f"{self.provider}: {request.model} gave no answer within {request.timeout:g} s"
            raise TaskTimedOut(message) from None
        return self._completion(request, answer)

    async def _ask(self, request: CompletionRequest, limit: asyncio.Timeout) -> ChatCompletion:
        """Asks in the best form the server takes for the model, and remembers which that is."""
        from openai import BadRequestError, UnprocessableEntityError

        typed = request.output_schema is not None
        best = self._forms.get(request.model, FORMS[0]) if typed else "text"
        refused: APIStatusError | None = None
        for form in FORMS[FORMS.index(best) :]:
            try:
                answer = await self._send(request, self._body(request, form), limit)
            except (BadRequestError, UnprocessableEntityError) as error:
                if error.code in _NOT_ABOUT_THE_FORM:
                    raise self._service_error(request, error) from error
                refused = refused or error
            else:
                if typed:
                    self._forms[request.model] = form
                return answer
        assert refused is not None, "the loop ran at least once and every round failed"
        raise self._service_error(request, refused) from refused

    async def _send(self, request: CompletionRequest, body: dict[str, Any], limit: asyncio.Timeout) -> ChatCompletion:
        """One request, repeated after a rate limit, a server error or a lost connection.

        The SDK's own retries are off: they would wait beyond the deadline and hide the reason behind a timeout.
        A 400 or 422 passes through, for `_ask` to judge.
        """
        from openai import APIConnectionError, APIError, APIStatusError, BadRequestError, UnprocessableEntityError

        client = await self._client()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer: ChatCompletion = await client.chat.completions.create(**body, timeout=request.timeout)
                return answer
            except (BadRequestError, UnprocessableEntityError):
                raise
            except (APIConnectionError, APIStatusError) as error:
                delay = _delay(error, attempt)
                if delay is None or attempt == ATTEMPTS or _now() + delay >= (limit.when() or 0):
                    raise self._service_error(request, error, delay) from error
            except (APIError, ValueError) as error:
                raise ModelError(f"{self._where(request)}: the answer is no chat completion: {error}") from error
            await asyncio.sleep(delay)
        raise AssertionError("the last attempt returns or raises")

    def _body(self, request: CompletionRequest, form: Form) -> dict[str, Any]:
        """The arguments of `chat.completions.create`."""
        body: dict[str, Any] = {"model": request.model}
        schema = request.output_schema
        if schema is not None and form != "text":
            body["response_format"] = _response_format(schema, form)
        if schema is not None and form != "json_schema":
            request = replace(request, messages=_with_schema(request.messages, schema))
        body["messages"] = [{"role": message.role, "content": message.content} for message in request.messages]
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.max_tokens is not None:
            body[self._limit_field] = request.max_tokens
        return body

    def _completion(self, request: CompletionRequest, answer: ChatCompletion) -> Completion:
        # Compatible servers leave out what OpenAI always sends; the SDK builds its objects without checking them.
        choice = answer.choices[0] if getattr(answer, "choices", None) else None
        if choice is None or choice.message is None:
            raise ModelError(f"{self._where(request)}: the answer holds no choice")
        refusal = getattr(choice.message, "refusal", None)
        text = refusal or choice.message.content or ""
        finish = "refusal" if refusal else _FINISH.get(choice.finish_reason or "", "stop")
        usage = answer.usage
        if usage is None or usage.prompt_tokens is None or usage.completion_tokens is None:
            counted = estimate_usage(request.messages, text)
        else:
            counted = Usage(input_tokens=usage.prompt_tokens, output_tokens=usage.completion_tokens, estimated=False)
        return Completion(text=text, usage=counted, model=answer.model or request.model, finish=finish)

    async def _client(self) -> AsyncOpenAI:
        """The client of the running event loop: its connections belong to that loop alone."""
        loop = asyncio.get_running_loop()
        if loop not in self._open:
            opened = self._opened()
            self._clients[loop] = opened
            self._open[loop] = await anext(opened)
        return self._open[loop]

    async def _opened(self) -> AsyncGenerator[AsyncOpenAI]:
        """Opens a client, and closes it when the event loop shuts down: a loop then ends its open async generators."""
        try:
            from openai import AsyncOpenAI
        except ImportError as error:
            raise _missing_package() from error
        async with AsyncOpenAI(base_url=self.base_url, api_key=self._key, max_retries=0) as client:
            yield client

    def _where(self, request: CompletionRequest) -> str:
        return f"{self.provider}: {request.model} at {self.base_url}"

    def _service_error(self, request: CompletionRequest, error: Exception, delay: float | None = None) -> ModelError:
        """What went wrong, in words for the person who has to mend it."""
        from openai import APIConnectionError, APIStatusError

        where = self._where(request)
        if isinstance(error, APIConnectionError):
            return ModelError(f"{where}: connection failed: {error.__cause__ or error}")
        assert isinstance(error, APIStatusError), "only failed connections and statuses come here"
        status, reason = error.status_code, _reason(error)
        match status:
            case 429:
                asked = f" (the server asks to wait {delay:g} s)" if _retry_after(error) is not None else ""
                return ModelError(f"{where}: rate limit reached{asked}: {reason}")
            case 401 | 403:
                return ModelError(f"{where}: {self._not_accepted.format(status=status)}: {reason}")
            case 404:
                return ModelError(f"{where}: no such model or address (404): {reason}")
            case _ if status >= 500:
                return ModelError(f"{where}: server error {status}: {reason}")
            case _:
                return ModelError(f"{where}: request refused ({status}): {reason}")


def is_private(url: str) -> bool:
    """Whether `url` names this machine, a private network or a bare host name, where servers rarely want a key."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost"))


def _response_format(schema: dict[str, Json], form: Form) -> dict[str, Json]:
    if form == "json_object":
        return {"type": "json_object"}
    strict = strict_schema(schema)
    title = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in str(schema.get("title", "")))
    named = {"name": title[:64] or "answer", "schema": strict or schema, "strict": strict is not None}
    return {"type": "json_schema", "json_schema": named}


def _with_schema(messages: tuple[Message, ...], schema: dict[str, Json]) -> tuple[Message, ...]:
    """The conversation with the schema in its system text."""
    words = (
        "Answer with nothing but JSON that fits this JSON Schema, without code fences:\n"
        f"{json.dumps(schema, ensure_ascii=False)}"
    )
    if messages and messages[0].role == "system":
        return (Message("system", f"{messages[0].content}\n\n{words}"), *messages[1:])
    return (Message("system", words), *messages)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _delay(error: Exception, attempt: int) -> float | None:
    """Seconds until the request is worth sending again; None when it never is."""
    from openai import APIStatusError

    if isinstance(error, APIStatusError):
        if error.status_code not in (408, 409, 429) and error.status_code < 500:
            return None
        # An exhausted quota is a 429 too, but waiting does not fill it.
        if error.code == "insufficient_quota":
            return None
        asked = _retry_after(error)
        if asked is not None:
            return asked
    return _FIRST_DELAY * 2.0 ** (attempt - 1) * random.uniform(0.75, 1.25)


def _retry_after(error: APIStatusError) -> float | None:
    """The seconds that the server asks to wait. Its other form, a date, is not used by these servers."""
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _reason(error: APIStatusError) -> str:
    """The server's own words, shortened."""
    words = error.body.get("message") if isinstance(error.body, dict) else error.body
    line = " ".join(str(words or error.message).split())
    return line if len(line) <= 300 else line[:299] + "…"


def _missing_package() -> ConfigError:
    return ConfigError(
        Diagnostic(
            "SKY603", "the `openai` package is not installed", "skyloom.toml", hint='pip install "skyloom[openai]"'
        )
    )


def _missing_key(provider: str, variable: str, url: str) -> ConfigError:
    message = f"provider `{provider}` at {url} needs a key, and ${variable} is not set"
    hint = f"set {variable}, or name another variable with api_key_env in [providers.{provider}]"
    return ConfigError(Diagnostic("SKY604", message, "skyloom.toml", hint=hint))
