"""Answers requests for approvals with pages: who may see the question, who decided, what went wrong.

Of `/approvals/{id}?e=<expiry>&s=<signature>`:

| request | answer |
|---|---|
| GET | 200, the question with its form. Changes nothing: mail scanners open links too. |
| POST | 200, the decision is taken |
| a form that does not fit, no name | 422, the page again with what is wrong |
| a signature that is missing or wrong | 403 |
| the link's time is over; the run stopped waiting; a newer link was sent | 410 |
| decided before | 409 |
| no such approval | 404 |
| the run could not be told; trying again is safe | 503 |

The inputs: `decision` (`approve`, `reject`), `by`, `comment`, and `answer.<field>` for the form's fields.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from skyloom.deployers.services import form, links
from skyloom.deployers.services.deciding import Deciding, Decision
from skyloom.deployers.services.delivery import Gone
from skyloom.deployers.services.exchange import Request, Response
from skyloom.deployers.services.log import log
from skyloom.deployers.services.page import HEADERS, message, moment
from skyloom.deployers.services.question import ANSWER, LONGEST_COMMENT, LONGEST_NAME, Typed, question
from skyloom.deployers.services.schema import Misfit
from skyloom.deployers.services.waiting import NotOpen, Wait

Json = Any

_MOST_INPUTS = 500


class DecisionPage:
    """The page of approvals. `app` is the app's name, for people."""

    def __init__(self, deciding: Deciding, keys: links.Keys, app: str) -> None:
        self._deciding = deciding
        self._keys = keys
        self._app = app

    def respond(self, request: Request, now: float) -> Response:
        """The page for a request."""
        wait_id = request.parameters.get("id", "")
        try:
            expiry = self._check(wait_id, request, now)
        except links.Forged:
            return _says(
                403, "This link is not valid", "It is incomplete or was changed. Open it as it was sent to you."
            )
        except links.Expired:
            return _says(410, "This link has expired", "The time to decide is over.")
        wait = self._deciding.get(wait_id)
        if wait is None:
            return _says(404, "There is no such question", "It was answered long ago, or its app is gone.")
        if wait.expires != expiry:
            return _says(
                410, "This link was replaced", "The question was asked anew; use the link of the latest message."
            )
        if wait.state != "open":
            return _ended(wait)
        if request.method == "POST":
            return self._post(wait, request)
        return self._asks(200, wait, Typed(), request)

    def _check(self, wait: str, request: Request, now: float) -> int:
        expiry, signed = request.query.get("e", ""), request.query.get("s", "")
        try:
            return links.check(self._keys.accepted(), wait, expiry, signed, now)
        except links.Forged:
            return links.check(self._keys.accepted(fresh=True), wait, expiry, signed, now)

    def _asks(self, status: int, wait: Wait, typed: Typed, request: Request) -> Response:
        fields = form.fields(wait.asked["form"]) if wait.asked.get("form") else ()
        action = f"?{urlencode({'e': request.query['e'], 's': request.query['s']})}"
        return Response(status, question(wait, fields, typed, action, self._app), HEADERS)

    def _post(self, wait: Wait, request: Request) -> Response:
        try:
            values = _inputs(request)
        except ValueError:
            return _says(400, "This cannot be read", "Go back, and send the form again.")
        try:
            decision = _decision(wait, values)
            self._deciding.decide(wait, decision)
        except _Problems as found:
            return self._asks(422, wait, Typed(values, found.problems), request)
        except Misfit as misfit:
            return self._asks(422, wait, Typed(values, _by_input(wait, misfit)), request)
        except NotOpen as before:
            return _says(404, "There is no such question") if before.wait is None else _ended(before.wait)
        except Gone:
            return _ended(None)
        except Exception as problem:
            log("decision not handed over", approval=wait.id, error=type(problem).__name__)
            return _says(
                503,
                "The run could not be told",
                "Load this page again in a minute. Your decision is taken once, however often you send it.",
            )
        return _says(200, _thanks(decision), "The run goes on. You can close this page.")


class _Problems(Exception):
    """What is wrong, by the name of the input."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(str(problems))
        self.problems = problems


def _inputs(request: Request) -> dict[str, str]:
    """What stands in the inputs. Raises ValueError where the body is no form."""
    if request.media_type != "application/x-www-form-urlencoded":
        raise ValueError(request.media_type)
    pairs = parse_qsl(
        request.body.decode("ascii"),
        keep_blank_values=True,
        strict_parsing=True,
        errors="strict",
        max_num_fields=_MOST_INPUTS,
    )
    # Browsers send line ends as CR LF.
    return {name: value.replace("\r\n", "\n") for name, value in pairs}


def _decision(wait: Wait, values: dict[str, str]) -> Decision:
    """The decision in the inputs. Raises _Problems, Misfit."""
    chosen, by, comment = (values.get(name, "").strip() for name in ("decision", "by", "comment"))
    problems = {}
    if chosen not in ("approve", "reject"):
        problems["decision"] = "approve or reject"
    if not by:
        problems["by"] = "is missing"
    elif len(by) > LONGEST_NAME:
        problems["by"] = f"is longer than {LONGEST_NAME} characters"
    if len(comment) > LONGEST_COMMENT:
        problems["comment"] = f"is longer than {LONGEST_COMMENT} characters"
    answer = None
    try:
        answer = _answer(wait, values)
    except Misfit as misfit:
        if chosen == "approve":
            problems |= _by_input(wait, misfit)
    if problems:
        raise _Problems(problems)
    return Decision(approved=chosen == "approve", comment=comment, by=by, answer=answer)


def _answer(wait: Wait, values: dict[str, str]) -> Json:
    schema = wait.asked.get("form")
    if schema is None:
        return None
    typed = {name.removeprefix(ANSWER): value for name, value in values.items() if name.startswith(ANSWER)}
    return form.read(schema, typed)


def _by_input(wait: Wait, misfit: Misfit) -> dict[str, str]:
    found = form.by_field(wait.asked.get("form") or {}, misfit.problems)
    return {f"{ANSWER}{name}" if name else "form": problem for name, problem in found.items()}


def _thanks(decision: Decision) -> str:
    return "You have approved this" if decision.approved else "You have rejected this"


def _ended(wait: Wait | None) -> Response:
    """The page of a question that is not open any more."""
    if wait is None or wait.state != "answered" or wait.answered is None:
        return _says(410, "The run does not wait any more", "It went on without a decision, or was stopped.")
    value = wait.answer["value"]
    verb = "approved" if value["approved"] else "rejected"
    by = f" by {value['by']}" if value["by"] else ""
    return _says(409, f"This was {verb} before", f"It was {verb}{by} on {moment(wait.answered)}. A link counts once.")


def _says(status: int, title: str, *paragraphs: str) -> Response:
    return Response(status, message(title, *paragraphs), HEADERS)
