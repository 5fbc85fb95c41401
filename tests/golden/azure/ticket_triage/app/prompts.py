"""The prompts of this function."""

import json

from skyloom.adapters.hosts.prompts import Described, Model


def draft_answer_text(values):
    return f'Answer the customer\'s ticket with the help of one article.\n\nTicket: {values["ticket"]["body"]}\n\nArticle: {values["article"]["title"]}\n{values["article"]["text"]}\n\nEarlier tickets: {json.dumps(values["history"], ensure_ascii=False)}'


def triage_text(values):
    return f'Classify this support ticket.\n\nSubject: {values["ticket"]["subject"]}\n\n{values["ticket"]["body"]}'


def triage_system(values):
    return "You sort tickets of an online shop. Tickets about lost money or locked accounts are urgent."


PROMPTS = {
    "draft_answer": Described(
        text=draft_answer_text,
        model=Model(
            adapter="skyloom.adapters.llm.azure_foundry:FoundryModel",
            model="gpt-5.2",
            options={"provider": "foundry"},
        ),
        schema={"type": "string"},
        timeout=300.0,
        repairs=1,
    ),
    "triage": Described(
        text=triage_text,
        system=triage_system,
        model=Model(
            adapter="skyloom.adapters.llm.azure_foundry:FoundryModel",
            model="gpt-5-mini",
            options={"provider": "foundry"},
        ),
        returns="ticket_triage:triage",
        schema={
            "properties": {
                "urgency": {"enum": ["low", "high"], "title": "Urgency", "type": "string"},
                "topic": {
                    "enum": ["billing", "delivery", "account", "product"],
                    "title": "Topic",
                    "type": "string",
                },
            },
            "required": ["urgency", "topic"],
            "title": "Triage",
            "type": "object",
        },
        timeout=300.0,
        repairs=1,
    ),
}
