"""The pipeline as plain Python: on a small folder with scripted models, and on the shipped texts."""

from pathlib import Path

import pytest
from document_pipeline import NothingToRead, PartSummary, split, summarise_folder

from skyloom.flows.testing import script

TEXTS = Path(__file__).parent / "texts"


def test_parts_are_whole_paragraphs_and_lose_nothing() -> None:
    for path in sorted(TEXTS.glob("*.txt")):
        parts = split("texts", path.name, 900)
        assert [part.number for part in parts] == list(range(1, len(parts) + 1))
        words = path.read_text(encoding="utf-8").split()
        assert " ".join(part.text for part in parts).split() == words
        assert sum(part.words for part in parts) == len(words)


def test_summaries_are_reduced_level_by_level(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n\n".join(f"Paragraph {n}." for n in range(8)))
    (tmp_path / "b.txt").write_text("Only one paragraph.")
    models = {
        "summarise": lambda part: PartSummary(title=f"{part.document} {part.number}", summary=part.text[:12]),
        "reduce_summaries": lambda text: f"({len(text.splitlines()) // 2 + 1})",
    }
    with script(prompts=models) as run:
        report = summarise_folder(str(tmp_path), 2)
    first, second = report.documents
    assert (first.document, first.parts, first.words, first.summary) == ("a.txt", 8, 16, "(2)")
    assert first.titles[0] == "a.txt 1"
    assert (second.parts, second.summary) == (1, "Only one par")
    assert report.overview == "(2)"
    assert [call.name for call in run.calls].count("reduce_summaries") == 4


def test_an_empty_folder_is_an_error_of_its_own(tmp_path: Path) -> None:
    with script(), pytest.raises(NothingToRead, match=r"no \.txt file"):
        summarise_folder(str(tmp_path))


def test_the_shipped_texts_with_the_offline_model() -> None:
    with script():
        report = summarise_folder()
    assert len(report.documents) == len(list(TEXTS.glob("*.txt")))
    assert report.words > 40_000
    assert all(document.summary for document in report.documents)
    assert report.overview
