"""The prompts of this function."""

from skyloom.adapters.hosts.prompts import Described, Model


def summarise_text(values):
    return f'Summarise this part of {values["part"]["document"]} in two sentences and give it a short title.\n\n{values["part"]["text"]}'


PROMPTS = {
    "summarise": Described(
        text=summarise_text,
        model=Model(
            adapter="skyloom.adapters.llm.vertex:VertexModel",
            model="gemini-3.5-flash-lite",
            options={"provider": "vertex"},
        ),
        returns="document_pipeline:summarise",
        schema={
            "properties": {
                "title": {"title": "Title", "type": "string"},
                "summary": {"title": "Summary", "type": "string"},
            },
            "required": ["title", "summary"],
            "title": "PartSummary",
            "type": "object",
        },
        timeout=120.0,
        repairs=1,
    ),
}
