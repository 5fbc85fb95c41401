"""The Mermaid text keeps to what its parser takes: every line of one known form, every node declared once."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

from skyloom.flows.graph import mermaid
from skyloom.flows.graph.mermaid import escaped
from skyloom.flows.ir.nodes import If
from skyloom.flows.ir.program import Program

NODE = r"[a-z]+_\w+"
LABEL = r'"(?:[^"#<`]|#\d+;|<br/>)+"'
ENDS = [(r"\(\[", r"\]\)"), (r"\[\[", r"\]\]"), (r"\[/", r"/\]"), (r"\{\{", r"\}\}"), (">", r"\]"), (r"\{", r"\}")]
FORMS = "|".join(f"{opening}{LABEL}{closing}" for opening, closing in [*ENDS, (r"\[", r"\]")])
DECLARED = re.compile(rf"\s+(?:subgraph )?({NODE})(?:{FORMS}|\(\(done\)\))", re.ASCII)
ARROW = re.compile(rf"\s+({NODE}) (?:-->|-\.->)(?:\|(?:yes|no|error)\|)? ({NODE})", re.ASCII)
OTHER = re.compile(rf"flowchart TD|\s+(?:end|direction TB|classDef [a-z]+ [\w:#,]+|class {NODE}(?:,{NODE})* [a-z]+)")


def test_every_line_has_a_form_that_the_parser_takes(program: Program) -> None:
    lines = mermaid(program).splitlines()
    assert [line for line in lines if not any(form.fullmatch(line) for form in (DECLARED, ARROW, OTHER))] == []
    assert sum(line.strip().startswith("subgraph ") for line in lines) == sum(line.strip() == "end" for line in lines)


def test_every_node_is_declared_once_and_every_arrow_has_its_ends(program: Program) -> None:
    lines = mermaid(program).splitlines()
    declared = [found[1] for line in lines if (found := DECLARED.fullmatch(line))]
    arrows = [found.groups() for line in lines if (found := ARROW.fullmatch(line))]
    assert len(declared) == len(set(declared))
    assert {node for arrow in arrows for node in arrow} <= set(declared)
    assert len(arrows) > len(declared) / 2


def test_the_triage_reads_like_its_source(written: ModuleType) -> None:
    assert mermaid(written.triage()).splitlines()[:27] == [
        "flowchart TD",
        '  answer_start(["answer<br/>(ticket: Ticket) → Reply<br/>flow · line 30"])',
        '  answer_triage["triage<br/>(ticket) → kind<br/>model fast<br/>prompt · line 31"]',
        "  answer_start --> answer_triage",
        '  subgraph answer_parallel["parallel · side by side → articles, history · line 32"]',
        "    direction TB",
        '    answer_search["search<br/>(kind.topic)<br/>up to 4 attempts<br/>task · line 32"]',
        '    answer_load_history["load_history<br/>(ticket.customer)<br/>up to 4 attempts<br/>task · line 32"]',
        "  end",
        "  answer_triage --> answer_parallel",
        '  subgraph answer_draft_map["map · for each a in articles → drafts · at most 8 at once · line 33"]',
        "    direction TB",
        '    answer_draft["draft<br/>(ticket, a)<br/>model fast<br/>prompt · line 33"]',
        "  end",
        "  answer_parallel --> answer_draft_map",
        '  answer_pick["pick<br/>(drafts, history) → best<br/>up to 4 attempts<br/>task · line 34"]',
        "  answer_draft_map --> answer_pick",
        '  answer_choice{"kind.urgency == #34;high#34;?<br/>if · line 35"}',
        "  answer_pick --> answer_choice",
        '  answer_approval[/"Send this to {ticket.customer}?<br/>show best → decision<br/>'
        'to support-leads · within 24 h<br/>approval · line 36"/]',
        "  answer_choice -->|yes| answer_approval",
        '  answer_choice_2{"not decision.approved?<br/>if · line 37"}',
        "  answer_approval --> answer_choice_2",
        '  answer_return(["return<br/>Reply(status=#34;rejected#34;, reason=decision.comment)<br/>line 38"])',
        "  answer_choice_2 -->|yes| answer_return",
        '  answer_return_2(["return<br/>Reply(status=#34;sent#34;, text=best.text)<br/>line 39"])',
        "  answer_choice_2 -->|no| answer_return_2",
    ]


def test_errors_lead_to_their_handlers_and_all_ways_to_finally(written: ModuleType) -> None:
    arrows = [line.strip() for line in mermaid(written.saga()).splitlines() if " order_try" in line and "-" in line]
    assert [arrow for arrow in arrows if "subgraph" not in arrow] == [
        "order_try_body -.->|error| order_try_handler",
        "order_try_body -.->|error| order_try_handler_2",
        "order_try_body --> order_try_final",
        "order_data --> order_try",
        "order_try --> order_race",
    ]


def test_a_call_of_a_flow_is_linked_to_its_frame(written: ModuleType) -> None:
    lines = mermaid(written.saga()).splitlines()
    assert '  subgraph flow_notify["flow notify"]' in lines
    assert "  order_notify -.-> flow_notify" in lines


def test_a_way_to_the_end_of_a_frame_ends_at_a_node(written: ModuleType) -> None:
    ask = If(test=written.var("a"), body=(written.task("go", line=3),), span=written.at(2))
    loop = written.While(test=written.var("b"), body=(ask,), span=written.at(1))
    lines = mermaid(written.program_of(written.flow_of("f", (loop,)))).splitlines()
    assert "    f_done((done))" in lines
    assert "    f_choice -->|no| f_done" in lines


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("plain {a} [b] | c_d", "plain {a} [b] | c_d"),
        ('"a" & <b>', "#34;a#34; #38; #60;b#62;"),
        ("# `x`", "#35; #96;x#96;"),
        ("50% %%{init: x}%%", "50% #37;#37;{init: x}#37;#37;"),
        ("$$x$$ $$$", "$\u200b$x$\u200b$ $\u200b$$"),
        ("two\nlines", "two lines"),
    ],
)
def test_what_mermaid_would_read_is_escaped(words: str, expected: str) -> None:
    assert escaped(words) == expected
