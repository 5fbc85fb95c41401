"""The SVG is a whole file by itself: valid XML, accessible, the same bytes every time, light and dark."""

from __future__ import annotations

import re
from collections import Counter
from types import ModuleType
from xml.etree import ElementTree

from skyloom.flows.graph import svg
from skyloom.flows.ir.program import Program

SVG = "{http://www.w3.org/2000/svg}"


def test_it_is_valid_and_carries_no_script_font_or_link_to_the_outside(program: Program) -> None:
    text = svg(program)
    root = ElementTree.fromstring(text)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "g", "a", "path", "text"}
    assert re.findall(r"url\(|@import|@font-face|https?://(?!www\.w3\.org/2000/svg)|\son\w+=", text) == []
    assert all(link.get("href", "").startswith("#flow-") for link in root.iter(f"{SVG}a"))


def test_its_ids_are_unique_and_every_link_has_its_end(program: Program) -> None:
    root = ElementTree.fromstring(svg(program))
    ids = Counter(element.get("id") for element in root.iter() if element.get("id"))
    assert {name: count for name, count in ids.items() if count > 1} == {}
    wanted = {link.get("href", "")[1:] for link in root.iter(f"{SVG}a")} | set(root.get("aria-labelledby", "").split())
    assert wanted <= set(ids)


def test_it_has_a_title_and_a_description_in_words(written: ModuleType) -> None:
    root = ElementTree.fromstring(svg(written.triage()))
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "Flow answer"
    described = (root.findtext(f"{SVG}desc") or "").split("\n")
    assert described[:3] == [
        "flow answer (ticket: Ticket) → Reply, line 30",
        "Answers one support ticket.",
        "  prompt triage (ticket) → kind (model fast), line 31",
    ]


def test_every_step_is_a_box_of_its_kind_with_name_and_line(written: ModuleType) -> None:
    root = ElementTree.fromstring(svg(written.triage()))
    boxes = [
        [group.get("class"), *(text.text for text in group.findall(f"{SVG}text"))]
        for group in root.iter(f"{SVG}g")
        if (group.get("class") or "").startswith("box")
    ]
    assert boxes == [
        ["box prompt", "prompt", "line 31", "triage", "(ticket) → kind", "model fast"],
        ["box task", "task", "line 32", "search", "(kind.topic)", "up to 4 attempts"],
        ["box task", "task", "line 32", "load_history", "(ticket.customer)", "up to 4 attempts"],
        ["box prompt", "prompt", "line 33", "draft", "(ticket, a)", "model fast"],
        ["box task", "task", "line 34", "pick", "(drafts, history) → best", "up to 4 attempts"],
        [
            "box approval",
            "approval",
            "line 36",
            "Send this to",
            "{ticket.customer}?",
            "show best → decision",
            "to support-leads · within 24 h",
        ],
    ]


def test_a_call_of_a_flow_leads_to_its_picture(written: ModuleType) -> None:
    root = ElementTree.fromstring(svg(written.saga()))
    assert [link.get("href") for link in root.iter(f"{SVG}a")] == ["#flow-notify"]


def test_the_same_program_gives_the_same_bytes(written: ModuleType) -> None:
    assert svg(written.saga()) == svg(written.saga())
    assert svg(written.saga()) != svg(written.triage())


def test_each_kind_has_colours_for_light_and_dark(written: ModuleType) -> None:
    style = ElementTree.fromstring(svg(written.saga())).findtext(f"{SVG}style") or ""
    light, dark = style.split("@media (prefers-color-scheme:dark){")
    for kind in ("task", "prompt", "approval", "wait", "event", "flow", "raise", "data", "choice"):
        in_light, in_dark = (re.findall(rf"\.{kind} rect[^}}]*fill:(#\w{{6}})", part) for part in (light, dark))
        assert len(in_light) == len(in_dark) == 1
        assert in_light != in_dark


def test_text_can_be_read_on_its_box(written: ModuleType) -> None:
    style = ElementTree.fromstring(svg(written.saga())).findtext(f"{SVG}style") or ""
    for part in style.split("@media (prefers-color-scheme:dark){"):
        ink = re.search(r"\.skyloom text\{fill:(#\w{6})", part)
        muted = re.search(r"\.edge-text\{fill:(#\w{6})", part)
        assert ink
        assert muted
        areas = re.findall(r"\.skyloom \.\w+ rect[^}]*\{fill:(#\w{6});stroke:#", part)
        assert len(areas) == 11
        for area in areas:
            assert contrast(ink[1], area) >= 7
            assert contrast(muted[1], area) >= 4.5
        for area, caption in re.findall(r"rect,[^{]*\{fill:(#\w{6});[^}]*\}[^{]*caption-text\{fill:(#\w{6})", part):
            assert contrast(caption, area) >= 4.5


def contrast(a: str, b: str) -> float:
    """The contrast of two colours as WCAG 2 defines it."""
    dark, light = sorted(luminance(colour) for colour in (a, b))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
