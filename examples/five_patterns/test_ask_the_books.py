"""RAG as plain Python: an index in an empty bucket, and questions that read it."""

import pytest
from ask_the_books import (
    Answer,
    Catalog,
    NothingFound,
    NothingIngested,
    Shelf,
    ask,
    books,
    catalog_of,
    index,
    ingest,
    make_catalog,
)

from skyloom.flows.testing import script


@pytest.fixture(autouse=True)
def library(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty bucket."""
    monkeypatch.setenv("SKYLOOM_HOME", str(tmp_path_factory.mktemp("home")))


def test_every_text_is_indexed_whole() -> None:
    with script():
        done = ingest()
    catalog = Catalog.model_validate_json(books.read(catalog_of("books")) or b"")
    shelves = [Shelf.model_validate_json(books.read(key) or b"") for key in catalog.shelves]
    assert [shelf.source for shelf in shelves] == sorted(shelf.source for shelf in shelves)
    assert (len(shelves), done.texts) == (5, 5)
    assert sum(len(shelf.passages) for shelf in shelves) == catalog.passages == done.passages
    for shelf in shelves:
        assert [passage.number for passage in shelf.passages] == list(range(1, len(shelf.passages) + 1))


def test_a_question_reads_what_another_run_has_kept_and_no_text() -> None:
    with script():
        ingest()
    with script() as run:
        assert ask("What makes bodies emit light?").sources
    assert {call.name for call in run.calls} == {"prepare", "search", "answer_from"}


def test_nothing_was_ingested() -> None:
    with script(), pytest.raises(NothingIngested, match="nothing was ingested into `films`"):
        ask("Why?", library="films")


def test_until_the_end_of_ingestion_the_old_library_answers() -> None:
    question = "Why did Ahab pursue the white whale?"
    with script():
        ingest()
        before = ask(question).given
        assert (
            index("books", "texts", "persuasion.txt", 250)
            in Catalog.model_validate_json(books.read(catalog_of("books")) or b"").shelves
        ), "what has not changed is kept where it was"
        shelf = index("books", "texts", "persuasion.txt", 100)
        assert ask(question).given == before
        make_catalog("books", [shelf])
        assert {name.split("#")[0] for name in ask(question).given} == {"[persuasion.txt"}


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("Why did Ahab pursue the white whale?", "moby_dick_the_chase.txt"),
        ("What makes bodies emit light?", "opticks_queries.txt"),
        ("Whom does Mr. Bingley dance with at the ball?", "pride_and_prejudice.txt"),
        ("Why must Sir Walter Elliot leave Kellynch Hall?", "persuasion.txt"),
        ("What does Queequeg do at the Spouter-Inn?", "moby_dick_ashore.txt"),
    ],
)
def test_the_passage_that_answers_comes_from_the_right_text(question: str, source: str) -> None:
    with script(prompts={"answer_from": lambda question, passages: Answer(text="…", sources=[])}):
        ingest()
        reply = ask(question, most=3)
    assert reply.given[0].startswith(f"[{source}#")
    assert reply.searched > 200


def test_only_sources_that_were_shown_are_named() -> None:
    answer = Answer(text="He wanted revenge.", sources=["[persuasion.txt#1]"])
    with script(prompts={"answer_from": answer}):
        ingest()
        reply = ask("Why did Ahab pursue the white whale?", most=2)
    assert reply.sources == []
    assert len(reply.given) == 2


def test_nothing_fits() -> None:
    with script():
        ingest()
        with pytest.raises(NothingFound, match="zzz qqq"):
            ask("zzz qqq")
