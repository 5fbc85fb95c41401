"""The prompts of this function."""

import json

from skyloom.adapters.hosts.prompts import Described, Model


def draft_answer_text(values):
    return f'Answer the customer\'s ticket with the help of one article.\n\nTicket: {values["ticket"]["body"]}\n\nArticle: {values["article"]["title"]}\n{values["article"]["text"]}\n\nEarlier tickets: {json.dumps(values["history"], ensure_ascii=False)}'


PROMPTS = {
    "draft_answer": Described(
        text=draft_answer_text,
        model=Model(
            adapter="skyloom.adapters.llm.vertex:VertexModel",
            model="gemini-3.6-flash",
            options={"provider": "vertex"},
        ),
        schema={"type": "string"},
        timeout=300.0,
        repairs=1,
    ),
}
