"""The picture of a program as Mermaid flowchart text, for documents that render it themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from skyloom.flows.graph.labels import Kind, Label, shorten
from skyloom.flows.graph.outline import Box, Chart, Choice, Drawn, Element, Group, Lane, charts
from skyloom.flows.ir.program import Program

_TITLE = 60
_CODE = 48
_MOST_LINES = 5

_SHAPES: dict[Kind, tuple[str, str]] = {
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
    "data": ("[", "]"),
}
"""What stands around a node's text; a plain rectangle where nothing is said."""

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

# What Mermaid or its Markdown would read as something else than text.
_SPECIAL = re.compile(r"[^\w\s.,:;()=+/?'→…·“”-]|_", re.ASCII)
_LIST = re.compile(r"^(\d+)([.)])|^([-+])(?=\s)")


def mermaid(program: Program) -> str:
    """A `flowchart TD` of `program`; each flow that the main flow runs has a frame of its own below it."""
    main, *others = charts(program)
    writer = _Writer(flows={chart.name: _identifier(f"flow_{chart.name}") for chart in others})
    lines = ["flowchart TD", *_indented(writer.chart(main))]
    for chart in others:
        lines += _indented(writer.frame(writer.flows[chart.name], f"flow {chart.name}", writer.chart(chart)))
    lines += _indented(writer.links)
    kinds = [kind for kind in _CLASSES if kind in writer.members]
    lines += _indented(f"classDef {kind} {_CLASSES[kind]}" for kind in kinds)
    lines += _indented(f"class {','.join(writer.members[kind])} {kind}" for kind in kinds)
    return "\n".join(lines) + "\n"


def text(words: str) -> str:
    """`words` as the inside of a quoted Mermaid label that shows exactly them."""
    escaped = _SPECIAL.sub(lambda match: f"#{ord(match[0])};" , words)
    return _LIST.sub(lambda match: f"{match[1] or ''}#{ord(match[2] or match[3])};", escaped)


def _identifier(name: str) -> str:
    """`name` in ASCII letters, digits and underscores."""
    return re.sub(r"\W", lambda match: f"u{ord(match[0]):x}", name, flags=re.ASCII)


def _indented(lines: Iterator[str] | list[str]) -> list[str]:
    return ["  " + line for line in lines]


@dataclass(frozen=True, slots=True)
class _Way:
    """A way out of what was drawn: from this node, under this word."""

    node: str
    word: str = ""


@dataclass(slots=True)
class _Writer:
    """Writes charts; remembers the names of nodes and what is to be said at the end."""

    flows: dict[str, str]
    taken: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    members: dict[Kind, list[str]] = field(default_factory=dict)
    flow: str = ""

    def chart(self, chart: Chart) -> list[str]:
        self.flow = chart.name
        lines, _, _ = self.block((Box(label=chart.start), *chart.block))
        return lines

    def frame(self, identifier: str, title: str, inside: list[str]) -> list[str]:
        return [f'subgraph {identifier}["{text(title)}"]', *_indented(inside), "end"]
