"""The prompts of this function."""

from skyloom.adapters.hosts.prompts import Described, Model


def reduce_summaries_text(values):
    return f'These are summaries of consecutive parts of one text. Write one paragraph that sums them up.\n\n{values["text"]}'


def summarise_text(values):
    return f'Summarise this part of {values["part"]["document"]} in two sentences and give it a short title.\n\n{values["part"]["text"]}'


PROMPTS = {
    "reduce_summaries": Described(
        text=reduce_summaries_text,
        model=Model(
            adapter="skyloom.adapters.llm.azure_foundry:FoundryModel",
            model="gpt-5.2",
            options={"provider": "foundry"},
        ),
        schema={"type": "string"},
        timeout=120.0,
        repairs=1,
    ),
    "summarise": Described(
        text=summarise_text,
        model=Model(
            adapter="skyloom.adapters.llm.azure_foundry:FoundryModel",
            model="gpt-5-mini",
            options={"provider": "foundry"},
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
