"""Bundles: written, read back, and not mistaken for anything else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from skyloom.deployers.bundle import Bundle, tree_digest
from skyloom.errors import UserError

FILES = {"template.json": b"{}", "workflows/a.asl.json": b"[]", "functions/b/handler.py": b"pass\n"}
BUNDLE = Bundle("aws", "shop", "dev", FILES, account="123456789012")


def code_of(error: UserError) -> str:
    return error.diagnostics[0].code


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    folder = tmp_path / "build" / "aws"
    BUNDLE.write(folder)
    found = Bundle.read(folder)
    assert found == BUNDLE and found.digest == BUNDLE.digest
    assert json.loads((folder / "manifest.json").read_bytes())["files"].keys() == FILES.keys()
    assert [path.name for path in folder.parent.iterdir()] == ["aws"]


def test_an_older_bundle_is_replaced_whole(tmp_path: Path) -> None:
    BUNDLE.write(tmp_path / "aws")
    Bundle("aws", "shop", "dev", {"template.json": b"{}"}).write(tmp_path / "aws")
    assert sorted(path.name for path in (tmp_path / "aws").rglob("*")) == ["manifest.json", "template.json"]


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError) as raised:
        BUNDLE.write(tmp_path)
    assert code_of(raised.value) == "SKY627"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("functions/b/handler.py", "import evil\n"),
        ("functions/b/more.py", ""),
        ("manifest.json", "{}"),
        ("manifest.json", "no JSON"),
        ("manifest.json", '{"format": 99}'),
    ],
)
def test_a_bundle_that_was_changed_by_hand_is_refused(tmp_path: Path, path: str, content: str) -> None:
    BUNDLE.write(tmp_path / "aws")
    (tmp_path / "aws" / path).write_text(content)
    with pytest.raises(UserError) as raised:
        Bundle.read(tmp_path / "aws")
    assert code_of(raised.value) == "SKY649"


def test_a_missing_file_is_noticed(tmp_path: Path) -> None:
    BUNDLE.write(tmp_path / "aws")
    (tmp_path / "aws" / "template.json").unlink()
    with pytest.raises(UserError, match=r"template\.json"):
        Bundle.read(tmp_path / "aws")


def test_digests_tell_content_paths_and_purpose_apart() -> None:
    others = [
        Bundle("aws", "shop", "prod", FILES),
        Bundle("aws", "cafe", "dev", FILES),
        Bundle("aws", "shop", "dev", FILES | {"template.json": b"[]"}),
        Bundle("aws", "shop", "dev", {f"{path}x": data for path, data in FILES.items()}),
    ]
    assert len({bundle.digest for bundle in [BUNDLE, *others]}) == len(others) + 1
    assert tree_digest({"a": b"1", "b": b"2"}) == tree_digest({"b": b"2", "a": b"1"})
    assert tree_digest({"a": b"1", "b": b"2"}) != tree_digest({"a": b"2", "b": b"1"})


def test_parts_of_a_bundle() -> None:
    assert BUNDLE.below("functions/b") == {"handler.py": b"pass\n"}
    assert BUNDLE.folders("functions") == ["b"]
    assert BUNDLE.digest.startswith(BUNDLE.version)
