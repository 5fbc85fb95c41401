"""RAG of the five patterns in every cloud: what a run of `ingest` keeps in the bucket, a run of `ask` reads."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Invoke
from clouds.cloud import Cloud

EXAMPLE = Path(__file__).parents[2] / "examples" / "five_patterns"
QUESTION = "Why did Ahab pursue the white whale?"
HERE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
OFFLINE = "".join(f'[models.{target}]\nfast = "offline"\nsmart = "offline"\n\n' for target in ("aws", "azure", "gcp"))


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example in the working folder, with models that say the same everywhere, for functions on this machine."""
    source = (EXAMPLE / "ask_the_books.py").read_text(encoding="utf-8")
    here = source.replace("import App,", "import App, Environment,").replace(
        "    resources=[books],\n",
        '    resources=[books],\n    environments={"dev": Environment(architecture=HERE)},\n',
    )
    assert here.count("Environment") == 2
    (tmp_path / "ask_the_books.py").write_text(here.replace("=HERE", f'="{HERE}"'), encoding="utf-8")
    shutil.copytree(EXAMPLE / "texts", tmp_path / "texts")
    (tmp_path / "skyloom.toml").write_text(OFFLINE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.timeout(600)
def test_questions_read_what_another_run_has_ingested(
    cloud: Cloud, books: None, invoke: Invoke, document: Callable[..., Any]
) -> None:
    name = cloud.name
    deployed = invoke("deploy", name, "ask_the_books.py", "--yes", "--quiet")
    assert deployed.exit_code == 0, deployed.output
    asked = ("invoke", name, "books:ask", "--input", json.dumps({"question": QUESTION, "most": 2}), "--json", "-q")
    assert document(*asked, code=1)["error"]["type"] == "NothingIngested"
    done = document("invoke", name, "books:ingest", "--input", "{}", "--json", "-q")
    assert done["result"] == {"library": "books", "texts": 5, "passages": 233}
    reply = document(*asked)["result"]
    assert reply["given"] == ["[moby_dick_the_chase.txt#18]", "[moby_dick_the_chase.txt#12]"]
    assert reply["searched"] == 233
