"""The flow summarise_document of document_pipeline.py, as an orchestrator. Generated."""

from skyloom.adapters.hosts.durable import arguments, flow, orchestrated, prompt, task

REDUCE_SUMMARIES = prompt("reduce_summaries", 120, attempts=3)
SPLIT = task("split", 300, attempts=3, on=("OSError",))
SUMMARISE = prompt("summarise", 120, attempts=3)


@flow("condense")
def condense(run, texts, fan_in):
    """Reduces many summaries to one, so many at a time, level by level."""
    level = texts  # document_pipeline.py:85
    iteration = -1  # document_pipeline.py:86
    while len(level) > 1:  # document_pipeline.py:86
        iteration += 1  # document_pipeline.py:86
        groups = [level[start:start + fan_in] for start in range(0, len(level), fan_in)]  # document_pipeline.py:87
        # document_pipeline.py:88
        level = yield from run.map(
            f"reduce_summaries_map[{iteration}]",
            groups,
            lambda run, group: run.call("reduce_summaries", REDUCE_SUMMARIES, text="\n\n".join(group)),
            limit=16,
        )
    return level[0]  # document_pipeline.py:89


@flow("summarise_document")
def summarise_document(run, folder, document, words):
    """Summarises one text."""
    # document_pipeline.py:95
    parts = yield from run.call(
        "split",
        SPLIT.carried("reference", {"*": {"words": True}}),
        folder=folder,
        document=document,
        words=words,
    )
    # document_pipeline.py:96
    summaries = yield from run.map(
        "summarise_map",
        parts,
        lambda run, part: run.call("summarise", SUMMARISE, part=part),
        limit=8,
    )
    # document_pipeline.py:102
    _condense = yield from run.flow("condense", condense, texts=[summary["summary"] for summary in summaries], fan_in=6)
    # document_pipeline.py:97
    return {
        "document": document,
        "parts": len(parts),
        "words": sum(part["words"] for part in parts),
        "titles": [summary["title"] for summary in summaries],
        "summary": _condense,
    }


def orchestrator(context):
    """The orchestrator: a generator of tasks of Durable."""
    given = arguments(context)
    return (
        yield from orchestrated(
            context,
            summarise_document,
            folder=given["folder"],
            document=given["document"],
            words=given["words"],
        )
    )
