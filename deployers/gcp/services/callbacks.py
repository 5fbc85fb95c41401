"""Hands answers to executions that await a callback.

https://cloud.google.com/workflows/docs/creating-callback-endpoints
"""

from __future__ import annotations

import json

from skyloom.adapters.google_apis import JSON, Apis
from skyloom.deployers.services.delivery import Gone
from skyloom.deployers.services.waiting import Wait

LONGEST = 256 * 1024
"""Bytes of an answer: what Workflows takes as one text, and less than the 512 KB of all its variables.
https://cloud.google.com/workflows/quotas"""


class Callbacks:
    """The runs that wait (`skyloom.deployers.services.delivery.WaitingRuns`). A wait's token is the address of its
    callback endpoint."""

    longest = LONGEST

    def __init__(self, apis: Apis) -> None:
        self._apis = apis

    def give(self, wait: Wait) -> None:
        """Hands the answer over. Raises Gone."""
        if not wait.token.startswith(f"{self._apis.address('workflowexecutions')}/"):
            # The request carries a token of ours, which nobody else is to see.
            raise ValueError("the callback's address is not one of Workflows")
        body = json.dumps(wait.answer, ensure_ascii=False).encode()
        # 429: an answer has arrived there already and waits to be taken. Only one is ever written down.
        reply = self._apis.request("callback", "POST", wait.token, body, JSON, (404, 429))
        if reply.status == 404:
            raise Gone
