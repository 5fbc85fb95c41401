"""What the commands say of the examples is what is committed."""

from __future__ import annotations

import pytest
from golden.reports import EXAMPLES, kept, reports


@pytest.mark.parametrize("name", EXAMPLES)
def test_reports_of_the_examples(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SKYLOOM_ENV", "COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    found, expected = reports(name), kept(name)
    hint = f"`python tests/golden/reports.py {name}` writes them anew"
    assert sorted(found) == sorted(expected), hint
    for path, text in found.items():
        assert text == expected[path], f"{name}/{path}: {hint}"
