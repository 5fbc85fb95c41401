"""The diagnostic codes: what each says. `docs/diagnostics.md` is written from this table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of diagnostic: a title of a few words, and one sentence on what it means."""

    title: str
    meaning: str


RANGES: tuple[tuple[str, str], ...] = (
    ("0", "Source files"),
    ("1", "Syntax outside the language"),
    ("2", "Names and types"),
    ("3", "Use of constructs"),
    ("4", "Ownership of values"),
    ("5", "Definitions of flows, tasks and prompts"),
    ("6", "Input and configuration"),
    ("7", "Engines"),
)
"""First digit of a code, and what its codes are about."""

SOURCE = {
    "SKY001": Code("not Python", "The file does not parse; the message is Python's own."),
    "SKY002": Code("unreadable file", "The file is missing, cannot be read, or is not UTF-8 text."),
    "SKY003": Code("error at import", "The file's own top level raised an exception while it was imported."),
    "SKY004": Code("no source", "A flow, task or prompt was not written in a file, so its source cannot be read."),
    "SKY005": Code("no such flow", "The file has no flow of that name, or no flow at all."),
    "SKY006": Code("several flows", "The file has several flows, and the command does not say which one."),
}

DEFINITIONS = {
    "SKY501": Code("no annotation", "A parameter or a result has no annotation, so nothing can check or convert it."),
    "SKY502": Code("no JSON form", "An annotation cannot be resolved, or its values cannot cross a step as JSON."),
    "SKY503": Code("not that kind of function", "A lambda, class, generator or `async def` stands where it cannot."),
    "SKY504": Code("not at module level", "An engine finds a definition by module and name; this one it cannot find."),
    "SKY505": Code("a flow calls itself", "A flow reaches itself through its sub-flows; engines cannot carry that."),
    "SKY506": Code("parameter kind", "`*args`, `**kwargs` and positional-only parameters have no place in JSON input."),
    "SKY507": Code("default value", "A default value is not JSON, or not of the parameter's type."),
    "SKY508": Code("option out of range", "A retry, timeout or other option of a decorator has an impossible value."),
    "SKY509": Code("requirement", "An entry of `requires` is no requirement as pip understands it."),
    "SKY510": Code("name taken", "Two definitions of one program have the same name."),
    "SKY511": Code("prompt with a body", "A prompt's text is its template; its body must be `...`."),
    "SKY512": Code("template syntax", "Braces in a prompt's template are unbalanced, or hold no parameter."),
    "SKY513": Code("unknown in template", "A prompt's template names a parameter, field or key that does not exist."),
    "SKY514": Code("value in template", "A value cannot stand in a prompt's template in this form."),
    "SKY515": Code("second decorator", "A flow or prompt has another decorator, which its source does not explain."),
    "SKY516": Code("ambiguous error", "Two exception classes of one name are in use; errors are told apart by name."),
}

CONFIGURATION = {
    "SKY601": Code("no such plugin", "Nothing is registered under that name."),
    "SKY602": Code("broken plugin", "A plugin is registered but cannot be imported."),
    "SKY603": Code("extra not installed", "A provider needs a package that an extra of Skyloom brings."),
    "SKY604": Code("no key", "A provider needs a key, and the environment variable for it is not set."),
    "SKY610": Code("input", "The input is not JSON, or does not fit the flow's parameters."),
    "SKY611": Code("answer", "The answer to an approval or event does not fit, came twice, or came too late."),
    "SKY620": Code("not JSON", "An input given on the command line is not JSON."),
    "SKY621": Code("file not readable", "A file that a command was given cannot be read or written."),
    "SKY622": Code("no JSON object", "An input must be a JSON object, with a key for each parameter."),
    "SKY624": Code("nothing waits", "No run waits for that event."),
    "SKY625": Code("several wait", "Several runs or steps wait for that event, and the command does not say which."),
    "SKY627": Code("folder taken", "A new project needs a folder of its own."),
    "SKY630": Code("not TOML", "The file `skyloom.toml` cannot be read, or is not TOML."),
    "SKY631": Code("unknown setting", "A key, target or option of `skyloom.toml` is not known."),
    "SKY632": Code("wrong setting", "A value of `skyloom.toml`, or of a variable in its place, is of the wrong form."),
    "SKY633": Code("no such environment", "The chosen environment is not in `skyloom.toml`."),
    "SKY634": Code("no such model", "A prompt's model is no alias of `skyloom.toml` for the target."),
    "SKY635": Code("no such provider", "A model's provider, or a provider's kind, is not known."),
}

CODES: dict[str, Code] = {**SOURCE, **DEFINITIONS, **CONFIGURATION}
"""Every code, by its text."""


def markdown() -> str:
    """The page that lists every code, for `docs/diagnostics.md`."""
    lines = [
        "# Diagnostics",
        "",
        "Every mistake that Skyloom finds has a code, a place, a message and, where there is one, a way out:",
        "",
        "```",
        "review.py:14:5: SKY501 parameter `ticket` of task `search` has no annotation",
        "   14 | def search(ticket) -> list[str]:",
        "      |            ^^^^^^",
        "hint: write `ticket: str`, or whatever it takes",
        "```",
    ]
    for digit, title in RANGES:
        codes = [code for code in sorted(CODES) if code[3] == digit]
        if codes:
            lines += ["", f"## {title}", "", "| code | what | meaning |", "|---|---|---|"]
            lines += [f"| {code} | {CODES[code].title} | {CODES[code].meaning} |" for code in codes]
    return "\n".join(lines) + "\n"
