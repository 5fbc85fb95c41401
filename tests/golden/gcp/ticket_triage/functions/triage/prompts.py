"""The prompts of this function."""

from skyloom.adapters.hosts.prompts import Described, Model


def triage_text(values):
    return f'Classify this support ticket.\n\nSubject: {values["ticket"]["subject"]}\n\n{values["ticket"]["body"]}'


def triage_system(values):
    return "You sort tickets of an online shop. Tickets about lost money or locked accounts are urgent."


PROMPTS = {
    "triage": Described(
        text=triage_text,
        system=triage_system,
        model=Model(
            adapter="skyloom.adapters.llm.vertex:VertexModel",
            model="gemini-3.5-flash-lite",
            options={"provider": "vertex"},
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
