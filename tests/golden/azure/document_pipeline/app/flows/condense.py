"""The flow condense of document_pipeline.py, as an orchestrator. Generated."""

from skyloom.adapters.hosts.durable import arguments, flow, orchestrated, prompt

REDUCE_SUMMARIES = prompt("reduce_summaries", 120, attempts=3)


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


def orchestrator(context):
    """The orchestrator: a generator of tasks of Durable."""
    given = arguments(context)
    return (yield from orchestrated(context, condense, texts=given["texts"], fan_in=given["fan_in"]))
