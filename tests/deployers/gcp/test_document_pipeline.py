"""The example with large texts on Google Cloud: its shipped texts are more than the variables of an execution take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conformance.case import Case
from conformance.on_gcp.app import deploy
from conformance.on_gcp.case_run import CaseRun
from conformance.on_gcp.surroundings import google

from skyloom.flows.frontend import load_file

EXAMPLE = Path(__file__).parents[3] / "examples" / "document_pipeline" / "document_pipeline.py"
VARIABLES = 524_288
"""Bytes of all variables of an execution. https://cloud.google.com/workflows/quotas"""

pytestmark = pytest.mark.timeout(300)


def test_the_shipped_texts_are_summarised(tmp_path: Path) -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in (EXAMPLE.parent / "texts").glob("*.txt")}
    assert sum(map(len, texts.values())) > VARIABLES / 2, "they are large"
    flow: Any = load_file(EXAMPLE).summarise_folder
    case = Case(flow=flow, name="shipped texts", input={})
    with google(tmp_path) as variables:
        deployed = deploy(EXAMPLE, {flow.name: flow.program}, tmp_path, variables)
        try:
            assert deployed.refusals == {}
            handlers = {key: service.answer for key, service in deployed.services.items()}
            run = CaseRun(case, deployed.workflows[flow.name], handlers)
            try:
                ended = run.ended()
            finally:
                run.close()
        finally:
            deployed.close()
    assert ended.state == "SUCCEEDED", ended.error
    report = ended.result
    assert [document["document"] for document in report["documents"]] == sorted(texts)
    counts = [len(texts[name].split()) for name in sorted(texts)]
    assert [document["words"] for document in report["documents"]] == counts
    assert all(document["summary"] and document["titles"] for document in report["documents"])
    assert report["overview"]
