"""The page on which a person decides, as HTML: the question, what is shown, the form, the decision.

Every text that comes from outside goes through `escape`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from skyloom.deployers.services.form import Field, shown
from skyloom.deployers.services.page import framed, moment
from skyloom.deployers.services.waiting import Wait

Json = Any

ANSWER = "answer."
"""What stands before the name of a form's field in the name of its input."""
LONGEST_NAME, LONGEST_COMMENT = 200, 10_000
"""Characters of a person's name and comment."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person typed so far, and what is wrong with it: both by the name of the input."""

    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


def question(wait: Wait, form: Sequence[Field], typed: Typed, action: str, app: str) -> str:
    """The page. `action` is the address that the form is sent to."""
    message, to, show = str(wait.asked["message"]), wait.asked.get("to"), wait.asked.get("show")
    name = _Input("by", "Your name", typed, required=True)
    comment = _Input("comment", "Comment", typed)
    body = [
        f'<p class="quiet">{escape(f"{app} asks {to}" if to else f"{app} asks")}:</p>',
        f"<h1>{escape(message)}</h1>",
        *([f"<section>{_value(show)}</section>"] if show is not None else []),
        _summary(typed, form),
        f'<form method="post" action="{escape(action)}">',
        # Enter in an input presses the first button: this one does nothing, so that nobody decides by accident.
        '<button type="submit" disabled hidden></button>',
        *(["<h2>To approve, fill in</h2>"] if form else []),
        *(_field(inner, typed) for inner in form),
        "<h2>Your decision</h2>",
        name.around(f'<input type="text" maxlength="{LONGEST_NAME}" autocomplete="name" {name.value} {name.marks}>'),
        comment.around(
            f'<textarea rows="3" maxlength="{LONGEST_COMMENT}" {comment.marks}>\n{escape(comment.text)}</textarea>'
        ),
        '<div class="buttons"><button class="yes" name="decision" value="approve">Approve</button>'
        '<button class="no" name="decision" value="reject" formnovalidate>Reject</button></div>',
        "</form>",
        f'<p class="quiet">Open until {moment(wait.expires)}. '
        f"Flow {escape(wait.flow)}, run {escape(wait.run)}, step {escape(wait.step)}.</p>",
    ]
    return framed(message, "".join(body))


def _value(value: Json) -> str:
    """A value for people: text as it is, an object as a table, anything nested in it as JSON."""
    if isinstance(value, dict) and value:
        rows = (f'<tr><th scope="row">{escape(key)}</th><td>{_cell(inner)}</td></tr>' for key, inner in value.items())
        return f"<table>{''.join(rows)}</table>"
    return _cell(value)


def _cell(value: Json) -> str:
    if isinstance(value, str):
        return f'<div class="text">{escape(value)}</div>'
    if isinstance(value, (dict, list)):
        return f"<pre>{escape(json.dumps(value, ensure_ascii=False, indent=2))}</pre>"
    return escape(json.dumps(value))


def _summary(typed: Typed, form: Sequence[Field]) -> str:
    """The problems, each a link to its input, announced by screen readers."""
    if not typed.problems:
        return ""
    labels = {ANSWER + inner.name: inner.label for inner in form} | {"by": "Your name", "comment": "Comment"}
    links = (
        f'<li><a href="#{escape(name)}">{escape(f"{labels.get(name, name)} {problem}")}</a></li>'
        for name, problem in typed.problems.items()
    )
    return f'<div class="summary" role="alert"><p>Nothing is decided yet:</p><ul>{"".join(links)}</ul></div>'


class _Input:
    """What every input has: a label, a hint, a problem, and the attributes that tie them together."""

    def __init__(
        self, name: str, label: str, typed: Typed, *, required: bool = False, hint: str = "", default: str = ""
    ) -> None:
        problem = typed.problems.get(name, "")
        notes = [("hint", hint)] * bool(hint) + [("problem", problem)] * bool(problem)
        described = " ".join(f"{name}-{kind}" for kind, _ in notes)
        self.name = escape(name)
        self.text = typed.values.get(name, default)
        self.value = f'value="{escape(self.text)}"'
        self.label = escape(label) + ("" if required else " (optional)")
        self.notes = "".join(f'<p class="{kind}" id="{self.name}-{kind}">{escape(text)}</p>' for kind, text in notes)
        self.about = f' aria-describedby="{escape(described)}"' if described else ""
        flags = f"{' required' if required else ''}{' aria-invalid=true' if problem else ''}"
        self.marks = f'id="{self.name}" name="{self.name}"{flags}{self.about}'

    def around(self, control: str) -> str:
        """The control with its label and notes."""
        return f'<div class="field"><label for="{self.name}">{self.label}</label>{self.notes}{control}</div>'


def _field(inner: Field, typed: Typed) -> str:
    required = inner.required and not inner.nullable
    hint = " ".join(part for part in (inner.description, _expected(inner)) if part)
    default = shown(inner, inner.default)
    around = _Input(ANSWER + inner.name, inner.label, typed, required=required, hint=hint, default=default)
    if inner.kind == "boolean" and required:
        return _yes_or_no(around)
    return around.around(_control(inner, around))


def _expected(inner: Field) -> str:
    """What is to be typed, in words: `A whole number, at least 1.`"""
    match inner.kind:
        case "json":
            kind = "Written as JSON"
        case "number":
            kind = "A whole number" if inner.whole else "A number"
        case "text":
            kind = _FORMATS.get(inner.format, "")
        case "choice" | "boolean":
            return ""
    parts = [part for part in (kind, *inner.bounds) if part]
    text = ", ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


_FORMATS = {
    "date": "A date such as 2026-01-31",
    "time": "A time of day such as 14:30:00",
    "date-time": "A date and time such as 2026-01-31T14:30:00Z",
}


def _control(inner: Field, around: _Input) -> str:
    match inner.kind:
        case "choice":
            return _select([(str(index), str(choice)) for index, choice in enumerate(inner.choices)], around)
        case "boolean":
            return _select([("yes", "Yes"), ("no", "No")], around)
        case "json":
            return f'<textarea rows="6" spellcheck="false" {around.marks}>\n{escape(around.text)}</textarea>'
        case "number":
            # Inputs of type "number" let browsers drop what is typed wrongly, and change numbers when scrolled.
            mode = "numeric" if inner.whole else "decimal"
            return f'<input type="text" inputmode="{mode}" {around.value} {around.marks}>'
        case "text":
            kind = "date" if inner.format == "date" else "text"
            limits = "".join(f'{name}="{escape(limit)}" ' for name, limit in inner.limits)
            return f'<input type="{kind}" {limits}{around.value} {around.marks}>'


def _select(choices: Sequence[tuple[str, str]], around: _Input) -> str:
    options = (
        f'<option value="{value}"{" selected" if value == around.text else ""}>{escape(text)}</option>'
        for value, text in [("", ""), *choices]
    )
    return f"<select {around.marks}>{''.join(options)}</select>"


def _yes_or_no(around: _Input) -> str:
    """Two radio buttons, neither of them pressed: a box that nobody touched would look like a "no"."""
    radios = []
    for value, words in (("yes", "Yes"), ("no", "No")):
        marks = f'name="{around.name}" value="{value}" required{" checked" if around.text == value else ""}'
        identity = f' id="{around.name}"' if value == "yes" else ""
        radios.append(f'<label><input type="radio" {marks}{identity}> {words}</label>')
    inside = f"<legend>{around.label}</legend>{around.notes}{''.join(radios)}"
    return f'<fieldset class="field"{around.about}>{inside}</fieldset>'
