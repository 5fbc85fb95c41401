"""Colours and fonts of the picture, for light and dark screens."""

from __future__ import annotations

from dataclasses import dataclass

from skyloom.flows.graph.geometry import STYLES
from skyloom.flows.graph.labels import Kind

_SANS = "'Segoe UI',Roboto,'Helvetica Neue',Arial,'Liberation Sans',sans-serif"
_MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono','DejaVu Sans Mono',monospace"


@dataclass(frozen=True, slots=True)
class _Ink:
    """The colours of one kind: area, outline, caption."""

    fill: str
    stroke: str
    caption: str


@dataclass(frozen=True, slots=True)
class _Theme:
    """The colours of one kind of screen."""

    paper: str
    text: str
    muted: str
    line: str
    error: str
    frame: str
    band: str
    kinds: dict[Kind, _Ink]
    other: _Ink


_LIGHT = _Theme(
    paper="#ffffff",
    text="#0f172a",
    muted="#536279",
    line="#64748b",
    error="#dc2626",
    frame="#aab6c8",
    band="#f5f7fa",
    kinds={
        "task": _Ink("#eff6ff", "#3b82f6", "#1d4ed8"),
        "prompt": _Ink("#f5f3ff", "#8b5cf6", "#6d28d9"),
        "approval": _Ink("#fff7e6", "#f59e0b", "#a14a06"),
        "wait": _Ink("#effcf9", "#14b8a6", "#0f766e"),
        "event": _Ink("#fdf2f8", "#ec4899", "#be185d"),
        "flow": _Ink("#f0fdf4", "#22a355", "#15803d"),
        "raise": _Ink("#fef2f2", "#ef4444", "#b91c1c"),
        "data": _Ink("#f8fafc", "#cbd5e1", "#536279"),
        "choice": _Ink("#ffffff", "#64748b", "#536279"),
    },
    other=_Ink("#f1f5f9", "#475569", "#475569"),
)

_DARK = _Theme(
    paper="#0d1421",
    text="#e8edf5",
    muted="#9fb0c7",
    line="#8494ab",
    error="#f87171",
    frame="#43526b",
    band="#141d2d",
    kinds={
        "task": _Ink("#13264a", "#4f8ff7", "#93bbfd"),
        "prompt": _Ink("#251c4a", "#9775fa", "#c4b1fd"),
        "approval": _Ink("#3a280b", "#f0a72b", "#fbcf6e"),
        "wait": _Ink("#0b322f", "#2bbcab", "#6fe0d2"),
        "event": _Ink("#3c1730", "#f065ab", "#f7a8d2"),
        "flow": _Ink("#0f3020", "#37bd6c", "#84e3a8"),
        "raise": _Ink("#3d1517", "#f26a6a", "#fca9a9"),
        "data": _Ink("#141d2e", "#3a495f", "#9fb0c7"),
        "choice": _Ink("#0d1421", "#8494ab", "#9fb0c7"),
    },
    other=_Ink("#1b2639", "#9fb0c7", "#9fb0c7"),
)


def style_sheet() -> str:
    """The CSS of a picture; every rule holds inside `.skyloom` only."""
    return "".join([*_fonts(), *_colours(_LIGHT), "@media (prefers-color-scheme:dark){", *_colours(_DARK), "}"])


def _fonts() -> list[str]:
    rules = [f".skyloom text{{font-family:{_SANS}}}"]
    for role, style in STYLES.items():
        parts = [f"font-size:{style.size:g}px"]
        if style.bold:
            parts.append("font-weight:600")
        if style.mono:
            parts.append(f"font-family:{_MONO}")
        if style.spacing:
            parts.append(f"letter-spacing:{style.spacing:g}px")
        rules.append(f".skyloom .{role}-text{{{';'.join(parts)}}}")
    rules.append(".skyloom .box,.skyloom .pill,.skyloom .diamond,.skyloom .line{stroke-width:1.5}")
    rules.append(".skyloom .line{fill:none}.skyloom .to-error .line,.skyloom .to-again .line{stroke-dasharray:5 4}")
    return rules


def _colours(theme: _Theme) -> list[str]:
    """The theme's colours; a later rule wins over an earlier one."""
    rules = [
        f".skyloom .paper{{fill:{theme.paper}}}",
        f".skyloom text{{fill:{theme.text}}}",
        f".skyloom .note-text,.skyloom .line-text,.skyloom .edge-text{{fill:{theme.muted}}}",
        f".skyloom rect:not(.paper),.skyloom .box path{{fill:{theme.other.fill};stroke:{theme.other.stroke}}}",
        f".skyloom .caption-text{{fill:{theme.other.caption}}}",
        f".skyloom .line{{stroke:{theme.line}}}.skyloom .head{{fill:{theme.line}}}",
        f".skyloom .to-error .line{{stroke:{theme.error}}}.skyloom .to-error .head{{fill:{theme.error}}}",
        f".skyloom .bar rect{{fill:{theme.line};stroke:none}}",
        f".skyloom .frame rect,.skyloom .stack rect{{fill:{theme.band};stroke:{theme.frame}}}",
        f".skyloom .region rect{{fill:{theme.paper};stroke:{theme.frame};stroke-dasharray:4 3}}",
        f".skyloom .region.alarm rect{{stroke:{theme.error}}}.skyloom .region.alarm .note-text{{fill:{theme.error}}}",
    ]
    for kind, ink in theme.kinds.items():
        area = f".skyloom .{kind} rect,.skyloom .{kind} path"
        rules.append(
            f"{area}{{fill:{ink.fill};stroke:{ink.stroke}}}.skyloom .{kind} .caption-text{{fill:{ink.caption}}}"
        )
    return rules
