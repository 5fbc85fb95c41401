"""Takes pages of the documentation apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the language behind its fence, the heading above it, and its text."""

    language: str
    heading: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of the page, in their order."""
    heading, language = "", ""
    inside: list[str] | None = None
    for line in page.read_text(encoding="utf-8").splitlines(keepends=True):
        if inside is not None:
            if line.startswith("```"):
                yield Block(language, heading, "".join(inside))
                inside = None
            else:
                inside.append(line)
        elif line.startswith("```"):
            language, inside = line[3:].strip(), []
        elif line.startswith("#"):
            heading = line.strip("# \n")


def block(page: Path, heading: str, language: str, number: int = 0) -> str:
    """The text of one block."""
    found = [b.text for b in blocks(page) if (b.heading, b.language) == (heading, language)]
    assert len(found) > number, f"{page.name} has no {language or 'plain'} block {number + 1} below {heading!r}"
    return found[number]


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"(?ms)^```.*?^```\n", "", page.read_text(encoding="utf-8"))


def section(page: Path, heading: str) -> str:
    """What stands below a heading, up to the next one of its level, without fenced blocks."""
    found = re.search(rf"(?ms)^(#+) {re.escape(heading)}\n(.*?)(?=^\1 |\Z)", prose(page))
    assert found, f"{page.name} has no heading {heading!r}"
    return found.group(2)


def code_spans(text: str) -> list[str]:
    """The `code` in prose and tables."""
    return [span.replace("\\|", "|") for span in re.findall(r"`([^`\n]+)`", text)]


def table(text: str) -> list[list[str]]:
    """The cells of the rows of the first table, without its head."""
    rows = []
    for line in text.splitlines():
        if line.startswith("|"):
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif rows:
            break
    return rows[2:]


def anchors(page: Path) -> set[str]:
    """The anchors of the page's headings, as GitHub makes them."""
    headings = re.findall(r"(?m)^#+ (.*)$", prose(page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
