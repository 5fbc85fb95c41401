"""examples/document_pipeline as an orchestrator written by hand: all parts of all texts in one wave, then level by
level what they are reduced to."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

from benchmarks.azure_by_hand.calls import call, value

FAN_IN = 6


def orchestrator(context: Any) -> Generator[Any, Any, str]:
    """Summarises every text file of a folder, and the folder as a whole."""
    given = context.get_input()
    folder, words = given.get("folder", "texts"), given.get("words", 900)
    names = value((yield call(context, "task", "list_texts", folder=folder)))
    split = [call(context, "task", "split", folder=folder, document=name, words=words) for name in names]
    texts = list(map(value, (yield context.task_all(split))))
    parts = [part for text in texts for part in text]
    asked = [call(context, "prompt", "summarise", part=part) for part in parts]
    found = iter(list(map(value, (yield context.task_all(asked)))))
    summaries = [[next(found) for _ in text] for text in texts]
    reduced = yield from _condensed(context, [[one["summary"] for one in listed] for listed in summaries])
    documents = [
        {
            "document": name,
            "parts": len(text),
            "words": sum(part["words"] for part in text),
            "titles": [one["title"] for one in listed],
            "summary": summary,
        }
        for name, text, listed, summary in zip(names, texts, summaries, reduced, strict=True)
    ]
    (overview,) = yield from _condensed(context, [reduced])
    total = sum(document["words"] for document in documents)
    return json.dumps({"documents": documents, "words": total, "overview": overview})


def _condensed(context: Any, levels: list[list[str]]) -> Generator[Any, Any, list[str]]:
    """Reduces each list of texts to one text, all lists side by side."""
    while any(len(level) > 1 for level in levels):
        groups = [
            [level[at : at + FAN_IN] for at in range(0, len(level), FAN_IN)] if len(level) > 1 else []
            for level in levels
        ]
        asked = [call(context, "prompt", "reduce_summaries", text="\n\n".join(g)) for many in groups for g in many]
        found = iter(list(map(value, (yield context.task_all(asked)))))
        levels = [[next(found) for _ in many] if many else level for many, level in zip(groups, levels, strict=True)]
    return [level[0] for level in levels]
