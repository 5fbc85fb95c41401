"""Models of Vertex AI, through `generateContent`: Gemini, and what else Google publishes behind it."""

from __future__ import annotations

import asyncio
import os
import random
import threading
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from skyloom.adapters.llm.base import (
    Completion,
    CompletionRequest,
    Finish,
    ModelError,
    Usage,
    estimate_usage,
)
from skyloom.adapters.llm.blocking import in_a_thread
from skyloom.adapters.llm.vertex_requests import FORMS, Form, config_of, contents_of
from skyloom.errors import ConfigError, Diagnostic, TaskTimedOut

if TYPE_CHECKING:
    from google.genai.errors import APIError
    from google.genai.types import GenerateContentResponse

ATTEMPTS = 3
"""How often a request is sent before a throttle, a server error or a lost connection is reported."""

LOCATION = "global"
"""Where models are asked by default: the endpoint that has all of them, wherever the app is."""

_FIRST_DELAY = 0.5
"""Seconds before the second attempt; doubled for the third."""

_PASSING = (408, 429, 500, 502, 503, 504)
"""Statuses that waiting may mend."""

_NOT_ABOUT_THE_FORM = ("too long", "token count", "exceeds the maximum", "billing", "location", "not found")
"""Words of a refusal that asking in another form cannot mend."""


class VertexModel:
    """The models of one project and location.

    Args:
        provider: the provider's name in skyloom.toml, for messages.
        project: the project that asks and pays; by default that of the environment or of the credentials.
        location: where the model is asked, `global` or a region.
        endpoint_url: another address than the service's own, such as that of a private endpoint.
        via: of no concern here; "function" tells compilers to let functions ask, where workflows could.

    Raises:
        ConfigError: `google-genai` is missing, or no project is known.
    """

    def __init__(
        self,
        provider: str = "vertex",
        project: str | None = None,
        location: str | None = None,
        endpoint_url: str | None = None,
        via: str | None = None,
    ) -> None:
        if not _installed():
            raise _missing_package()
        self.provider = provider
        self._location = location or LOCATION
        self._project = project or os.environ.get("GOOGLE_CLOUD_PROJECT") or _project_of_credentials()
        if self._project is None:
            raise _no_project(provider)
        self._forms: dict[str, Form] = {}
        self._lock = threading.Lock()
        self._client = self._made(endpoint_url)

    def _made(self, endpoint_url: str | None) -> Any:
        from google import genai

        options = genai.types.HttpOptions(api_version="v1", base_url=endpoint_url)
        return genai.Client(vertexai=True, project=self._project, location=self._location, http_options=options)

    async def complete(self, request: CompletionRequest) -> Completion:
        try:
            async with asyncio.timeout(request.timeout) as limit:
                return self._completion(request, await self._ask(request, limit))
        except TimeoutError:
            message = f"{self.provider}: {request.model} gave no answer within {request.timeout:g} s"
            raise TaskTimedOut(message) from None

    async def _ask(self, request: CompletionRequest, limit: asyncio.Timeout) -> GenerateContentResponse:
        """Asks in the best form that the model takes, and remembers which that is."""
        from google.genai.errors import APIError

        forms: tuple[Form, ...] = ("text",)
        if request.output_schema is not None:
            forms = FORMS[FORMS.index(self._forms.get(request.model, FORMS[0])) :]
        refused: APIError | None = None
        for form in forms:
            try:
                answer = await self._send(request, form, limit)
            except APIError as error:
                if form == forms[-1] or not _is_about_the_form(error):
                    raise self._service_error(request, refused or error) from error
                refused = refused or error
            else:
                if request.output_schema is not None:
                    self._forms[request.model] = form
                return answer
        raise AssertionError("the last form returns or raises")

    async def _send(self, request: CompletionRequest, form: Form, limit: asyncio.Timeout) -> GenerateContentResponse:
        """Sends the request, and sends it again after failures that may pass, as long as there is time. A refusal
        passes through, for `_ask` to judge."""
        from google.auth.exceptions import GoogleAuthError
        from google.genai.errors import APIError, UnknownApiResponseError

        for attempt in range(1, ATTEMPTS + 1):
            delay = _FIRST_DELAY * 2.0 ** (attempt - 1) * random.uniform(0.75, 1.25)
            last = attempt == ATTEMPTS or asyncio.get_running_loop().time() + delay >= (limit.when() or 0)
            try:
                return await in_a_thread(lambda: self._generate(request, form))
            except GoogleAuthError as error:
                raise _no_credentials(self.provider, error) from error
            except APIError as error:
                if last or error.code not in _PASSING:
                    raise
            except (UnknownApiResponseError, ValueError) as error:
                raise ModelError(f"{self._where(request)}: the answer is no completion: {error}") from error
            except _lost_connections() as error:
                if last:
                    raise ModelError(f"{self._where(request)}: no answer: {error}") from error
            await asyncio.sleep(delay)
        raise AssertionError("the last attempt returns or raises")

    def _generate(self, request: CompletionRequest, form: Form) -> GenerateContentResponse:
        from google.genai import types

        patience = types.HttpOptions(timeout=round(request.timeout * 1000))
        config = types.GenerateContentConfig(http_options=patience, **config_of(request, form))
        answer: GenerateContentResponse = self._client.models.generate_content(
            model=request.model, contents=contents_of(request), config=config
        )
        return answer

    def _completion(self, request: CompletionRequest, answer: GenerateContentResponse) -> Completion:
        candidate = answer.candidates[0] if answer.candidates else None
        blocked = answer.prompt_feedback is not None and answer.prompt_feedback.block_reason is not None
        if candidate is None and not blocked:
            raise ModelError(f"{self._where(request)}: the answer holds no candidate")
        parts = (candidate.content.parts or []) if candidate is not None and candidate.content is not None else []
        text = "".join(part.text for part in parts if part.text and not part.thought)
        counted = answer.usage_metadata
        if counted is None or counted.prompt_token_count is None:
            usage = estimate_usage(request.messages, text)
        else:
            # What a model thinks is paid for like what it says.
            given = (counted.candidates_token_count or 0) + (counted.thoughts_token_count or 0)
            usage = Usage(counted.prompt_token_count, given, estimated=False)
        reason = candidate.finish_reason.value if candidate is not None and candidate.finish_reason else None
        finish: Finish = "refusal" if blocked else _finish(reason)
        return Completion(text=text, usage=usage, model=answer.model_version or request.model, finish=finish)

    def _where(self, request: CompletionRequest) -> str:
        return f"{self.provider}: {request.model} in {self._location}"

    def _service_error(self, request: CompletionRequest, error: APIError) -> ModelError:
        """What went wrong, in words for the person who has to mend it."""
        where, reason = self._where(request), _shortened(error.message or "no reason given")
        match error.code:
            case 429:
                return ModelError(f"{where}: rate limit reached: {reason}")
            case 401 | 403:
                return ModelError(f"{where}: access denied ({error.code}): {reason}")
            case 404:
                return ModelError(f"{where}: no such model or address (404): {reason}")
            case status if status >= 500:
                return ModelError(f"{where}: server error {status}: {reason}")
        return ModelError(f"{where}: request refused ({error.code}): {reason}")


def _finish(reason: str | None) -> Finish:
    """Everything but a complete answer and one that was cut off is a reason not to give one: safety, a block list,
    recitation, and what may be added to them."""
    if reason in (None, "STOP", "FINISH_REASON_UNSPECIFIED"):
        return "stop"
    return "length" if reason == "MAX_TOKENS" else "refusal"


def _is_about_the_form(error: APIError) -> bool:
    """Whether another form may mend what the service refuses."""
    message = (error.message or "").lower()
    return error.code == 400 and not any(words in message for words in _NOT_ABOUT_THE_FORM)


def _lost_connections() -> tuple[type[Exception], ...]:
    """What the SDK's HTTP clients raise, whichever of them it uses."""
    names = [name for name in ("httpx", "httpx2") if find_spec(name) is not None]
    return tuple(import_module(name).HTTPError for name in names)


def _installed() -> bool:
    try:
        return find_spec("google.genai") is not None
    except ModuleNotFoundError:
        return False


def _project_of_credentials() -> str | None:
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    try:
        project: str | None = google.auth.default()[1]
    except GoogleAuthError:
        return None
    return project


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else line[:299] + "…"


def _missing_package() -> ConfigError:
    problem, hint = "the `google-genai` package is not installed", 'pip install "skyloom[gcp]"'
    return ConfigError(Diagnostic("SKY603", problem, "skyloom.toml", hint=hint))


def _no_project(provider: str) -> ConfigError:
    hint = f"set GOOGLE_CLOUD_PROJECT, or `project` in [providers.{provider}]"
    problem = f"provider `{provider}`: no project of Google Cloud is known"
    return ConfigError(Diagnostic("SKY604", problem, "skyloom.toml", hint=hint))


def _no_credentials(provider: str, error: Exception) -> ModelError:
    return ModelError(
        f"{provider}: no credentials of Google Cloud: {_shortened(str(error))}; "
        "`gcloud auth application-default login` sets them"
    )
