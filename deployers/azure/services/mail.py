"""Mails, by Azure Communication Services.

https://learn.microsoft.com/rest/api/communication/email/email/send

Environment: SKYLOOM_MAIL (the service's address), SKYLOOM_MAIL_FROM (the sender).
"""

from __future__ import annotations

import json

from skyloom.adapters.azure_apis import APIS, JSON, Apis
from skyloom.deployers.azure.services.surroundings import variable

_RESOURCE = "https://communication.azure.com"
_VERSION = "2023-03-31"


def send(to: str, subject: str, text: str, apis: Apis = APIS) -> None:
    """Hands a mail over. Raises ApiFailed."""
    letter = {
        "senderAddress": variable("MAIL_FROM"),
        "recipients": {"to": [{"address": to}]},
        "content": {"subject": subject, "plainText": text},
        # What stands in a link is a key: nobody is to follow who opens it.
        "userEngagementTrackingDisabled": True,
    }
    url = f"{variable('MAIL').rstrip('/')}/emails:send?api-version={_VERSION}"
    apis.request(_RESOURCE, "POST", url, json.dumps(letter).encode(), JSON)
