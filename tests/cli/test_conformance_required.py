"""`skyloom conformance`: how many cases an engine carries, and what it has to carry."""

from __future__ import annotations

import pytest
from cli.conftest import Invoke, Plugin
from cli.test_conformance_command import WRONG

from skyloom.conformance import suite

NOTHING = """
    capabilities = frozenset()

    @contextmanager
    def deployed(self, file, programs):
        yield Refuses(programs)


class Refuses:
    def __init__(self, programs):
        self._programs = programs

    def run(self, flow, *asked):
        definition = self._programs[flow].flow
        raise CheckFailed(Diagnostic("ELS002", "nothing runs here", definition.file, definition.span, hint="go on"))
"""


def test_the_last_line_says_how_many_cases_are_carried(plugin: Plugin, invoke: Invoke) -> None:
    plugin(NOTHING)
    result = invoke("conformance", "--deployer", "elsewhere", "--cases", "approving/*")
    many = len([name for found in suite.selected().values() for name in found])
    assert result.stdout.splitlines()[-1] == f"0 of 21 cases carried, of {many} that there are"
    assert result.exit_code == 0, "only a part was tried"


def test_an_engine_that_carries_nothing_is_no_success(
    plugin: Plugin, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(NOTHING)
    everything = suite.selected("approving/*")
    monkeypatch.setattr(suite, "selected", lambda pattern="*": everything)
    result = invoke("conformance", "--deployer", "elsewhere")
    assert result.stdout.splitlines()[-1] == "0 of 21 cases carried"
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("declared", "required", "told"),
    [
        ("", "approvals", ""),
        ("", "approvals, race", "required: elsewhere does not declare `race`"),
        ("", "approvals,prompts", "required: of the 0 cases tried that need `prompts`, elsewhere carries none"),
        (NOTHING, "approvals", "required: elsewhere does not declare `approvals`"),
        (
            "    gaps = {f'approving/ask-{n}': Gap('notyet', 'no', reference='x') for n in ('approved', 'no-reason', "
            "'rejected')}\n" + WRONG.replace("{how}", "1, None, [], []"),
            "approvals",
            "required: of the 3 cases tried that need `approvals`, elsewhere carries none",
        ),
    ],
)
def test_what_is_required_has_to_be_carried(
    declared: str, required: str, told: str, plugin: Plugin, invoke: Invoke
) -> None:
    plugin(declared)
    chosen = ("--cases", "approving/ask-*", "--require", required)
    result = invoke("conformance", "--deployer", "elsewhere", *chosen)
    assert result.exit_code == (1 if told else 0), result.output
    assert told in result.stderr and ("required" in result.stderr) == bool(told)
