"""The picture of a program as Mermaid flowchart text, for documents that render it themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import assert_never

from skyloom.flows.graph.labels import Kind, Label, shorten
from skyloom.flows.graph.outline import Box, Chart, Choice, Drawn, Element, Group, Lane, charts, ends, goes_on
from skyloom.flows.ir.program import Program

_TITLE = 72
_CODE = 56
"""The most characters of a title and of a line of source."""
_MOST_LINES = 5

_ENDS: dict[Kind, tuple[str, str]] = {
    "start": ("([", "])"),
    "end": ("([", "])"),
    "return": ("([", "])"),
    "raise": ("([", "])"),
    "jump": ("([", "])"),
    "flow": ("[[", "]]"),
    "approval": ("[/", "/]"),
    "wait": ("{{", "}}"),
    "event": (">", "]"),
    "choice": ("{", "}"),
}
"""What stands around a node's text and gives it its form; a rectangle where nothing is said."""

_CLASSES: dict[Kind, str] = {
    "task": "fill:#dbeafe,stroke:#2563eb,color:#0f172a",
    "prompt": "fill:#ede9fe,stroke:#7c3aed,color:#0f172a",
    "flow": "fill:#dcfce7,stroke:#15803d,color:#0f172a",
    "approval": "fill:#fef3c7,stroke:#d97706,color:#0f172a",
    "wait": "fill:#ccfbf1,stroke:#0d9488,color:#0f172a",
    "event": "fill:#fce7f3,stroke:#db2777,color:#0f172a",
    "raise": "fill:#fee2e2,stroke:#dc2626,color:#0f172a",
    "data": "fill:#f8fafc,stroke:#94a3b8,color:#0f172a",
}

# A quote ends a label, `#` begins an entity, a backtick begins Markdown, `%%` a comment or directive.
_SPECIAL = re.compile(r"[\"#&<>`]|%(?=%)|(?<=%)%")


def mermaid(program: Program) -> str:
    """A `flowchart TD` of `program`; each flow that the main flow runs has a frame of its own, linked to its calls."""
    main, *others = charts(program)
    writer = _Writer()
    writer.flows = {chart.name: writer.free(f"flow_{chart.name}") for chart in others}
    lines = ["flowchart TD", *_indented(writer.chart(main))]
    for chart in others:
        lines += _indented(_frame(writer.flows[chart.name], escaped(f"flow {chart.name}"), writer.chart(chart)))
    lines += _indented(writer.links)
    kinds = [kind for kind in _CLASSES if kind in writer.members]
    lines += _indented(f"classDef {kind} {_CLASSES[kind]}" for kind in kinds)
    lines += _indented(f"class {','.join(writer.members[kind])} {kind}" for kind in kinds)
    return "\n".join(lines) + "\n"


def escaped(words: str) -> str:
    """`words` as the inside of a quoted Mermaid label that shows exactly them, on one line."""
    words = _SPECIAL.sub(lambda found: f"#{ord(found[0])};", " ".join(words.split()))
    # Between two `$$` stands a formula, even where they come from entities: a space of no width keeps them apart.
    return words.replace("$$", "$\u200b$")


def _identifier(name: str) -> str:
    """`name` in ASCII letters, digits and underscores."""
    return re.sub(r"\W", lambda found: f"u{ord(found[0]):x}", name, flags=re.ASCII)


def _indented(lines: Iterable[str]) -> list[str]:
    return ["  " + line for line in lines]


def _frame(node: str, title: str, inside: list[str]) -> list[str]:
    """A frame; a plain node where it would be empty."""
    if not inside:
        return [f'{node}["{title}"]']
    # Mermaid turns the direction of every inner frame unless it is told.
    return [f'subgraph {node}["{title}"]', *_indented(["direction TB", *inside]), "end"]


def _own_name(element: Element) -> str:
    """The step's id, or what the element is."""
    match element:
        case Box(step=str(step)) | Group(step=str(step)):
            return step
        case _:
            return element.label.kind


def _words(label: Label) -> str:
    """What stands on a node: up to a handful of lines."""
    code = label.code
    if label.kind != "data" and len(" ".join(code)) <= _CODE:
        code = (" ".join(code),)
    if len(code) > _MOST_LINES:
        code = (*code[: _MOST_LINES - 1], f"… {len(code) - _MOST_LINES + 1} more")
    lines = [shorten(label.title, _TITLE), *(shorten(line, _CODE) for line in code)]
    lines += [shorten(label.note, _TITLE), _listed(label.caption, _place(label))]
    return "<br/>".join(escaped(line) for line in lines if line)


def _heading(label: Label) -> str:
    """What stands on a frame: Mermaid leaves room for one line."""
    said = _listed(" ".join(word for word in (label.title, *label.code) if word), label.note)
    return escaped(_listed(label.caption, shorten(said, _TITLE), _place(label)))


def _place(label: Label) -> str:
    return f"line {label.line}" if label.line is not None else ""


def _listed(*words: str) -> str:
    return " · ".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class _Way:
    """A way on from what was drawn: out of this node, under this word."""

    node: str
    word: str = ""

    def to(self, node: str) -> str:
        return f"{self.node} -->|{self.word}| {node}" if self.word else f"{self.node} --> {node}"


@dataclass(slots=True)
class _Writer:
    """Writes charts; remembers which names of nodes are taken, and what is to be said at the end."""

    flows: dict[str, str] = field(default_factory=dict)
    """The frames of the flows that have one."""
    taken: dict[str, int] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    members: dict[Kind, list[str]] = field(default_factory=dict)
    flow: str = ""

    def chart(self, chart: Chart) -> list[str]:
        self.flow = chart.name
        lines: list[str] = []
        self.block((Box(label=chart.start), *chart.block), (), lines)
        return lines

    def block(self, block: Drawn, ways: tuple[_Way, ...], lines: list[str]) -> tuple[_Way, ...]:
        """Writes `block`, reached by `ways`; the ways that lead on from it."""
        for element in block:
            ways = self.element(element, ways, lines)
        return ways

    def element(self, element: Element, ways: tuple[_Way, ...], lines: list[str]) -> tuple[_Way, ...]:
        node = self.free(f"{self.flow}_{_own_name(element)}")
        match element:
            case Box(label=label):
                self.node(node, label, lines)
                lines += (way.to(node) for way in ways)
                if element.calls in self.flows:
                    self.links.append(f"{node} -.-> {self.flows[element.calls]}")
                return () if element.ends else (_Way(node),)
            case Choice(label=label, yes=yes, no=no):
                self.node(node, label, lines)
                lines += (way.to(node) for way in ways)
                return (
                    *self.block(yes, (_Way(node, "yes"),), lines),
                    *self.block(no, (_Way(node, "no"),), lines),
                )
            case Group():
                inside = self.attempt(element, node) if element.label.kind == "try" else self.inside(element.lanes)
                lines += _frame(node, _heading(element.label), inside)
                lines += (way.to(node) for way in ways)
                return () if ends(element) else (_Way(node),)
            case _:
                assert_never(element)

    def inside(self, lanes: Iterable[Lane]) -> list[str]:
        """What stands in a frame. A `yes` or `no` that leads to its end gets a node to end at."""
        lines: list[str] = []
        for lane in lanes:
            asked = [way for way in self.block(lane.block, (), lines) if way.word]
            if asked:
                node = self.free(f"{self.flow}_done")
                lines += [f"{node}((done))", *(way.to(node) for way in asked)]
        return lines

    def attempt(self, group: Group, node: str) -> list[str]:
        """What stands in the frame of a `try`: a frame for each of its blocks."""
        lines: list[str] = []
        ways: list[str] = []
        body = ""
        for lane in group.lanes:
            frame = self.free(f"{node}_{lane.role}")
            lines += _frame(frame, escaped(lane.caption), self.inside((lane,)))
            match lane.role:
                case "handler":
                    lines.append(f"{body} -.->|error| {frame}")
                case "body":
                    body = frame
                case "else":
                    lines.append(f"{body} --> {frame}")
                    ways.remove(body)
                case "final":
                    lines += (f"{way} --> {frame}" for way in ways or [body])
                case "branch":
                    pass
            if goes_on(lane.block):
                ways.append(frame)
        return lines

    def node(self, node: str, label: Label, lines: list[str]) -> None:
        opening, closing = _ENDS.get(label.kind, ("[", "]"))
        lines.append(f'{node}{opening}"{_words(label)}"{closing}')
        if label.kind in _CLASSES:
            self.members.setdefault(label.kind, []).append(node)

    def free(self, wanted: str) -> str:
        """A name that no node has yet."""
        name = wanted = _identifier(wanted)
        while name in self.taken:
            number = self.taken[wanted] = self.taken.get(wanted, 1) + 1
            name = f"{wanted}_{number}"
        self.taken.setdefault(name, 1)
        return name
