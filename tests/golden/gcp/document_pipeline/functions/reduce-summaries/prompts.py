"""The prompts of this function."""

from skyloom.adapters.hosts.prompts import Described, Model


def reduce_summaries_text(values):
    return f'These are summaries of consecutive parts of one text. Write one paragraph that sums them up.\n\n{values["text"]}'


PROMPTS = {
    "reduce_summaries": Described(
        text=reduce_summaries_text,
        model=Model(
            adapter="skyloom.adapters.llm.vertex:VertexModel",
            model="gemini-3.6-flash",
            options={"provider": "vertex"},
        ),
        schema={"type": "string"},
        timeout=120.0,
        repairs=1,
    ),
}
