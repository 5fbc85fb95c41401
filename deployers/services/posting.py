"""Posts notifications to a web address, as a chat or a ticket system takes them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any

from skyloom.deployers.services.page import moment

Json = Any

_SECONDS = 10


class NotTaken(Exception):
    """The address did not take the notification."""


def asked(told: Mapping[str, Json]) -> dict[str, Json]:
    """What is posted of an approval: `{"text", "run", "step", "to", "url"}`, from the document of `telling`."""
    text = f"{told['message']}\nUntil {moment(told['until'])}: {told['link']}"
    return {"text": text, "run": told["run"], "step": told["step"], "to": told["to"], "url": told["link"]}


def post(address: str, document: dict[str, Json]) -> None:
    """Posts JSON. Raises NotTaken, which never names the address."""
    if not address.startswith(("https://", "http://127.0.0.1:")):
        raise NotTaken("the webhook's secret holds no https address")
    body, kind = json.dumps(document).encode(), {"Content-Type": "application/json", "User-Agent": "skyloom"}
    try:
        request = urllib.request.Request(address, data=body, headers=kind, method="POST")
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=_SECONDS):
            return
    except urllib.error.HTTPError as error:
        raise NotTaken(f"the webhook answered {error.code}") from None
    except (OSError, ValueError, HTTPException) as error:
        raise NotTaken(f"the webhook cannot be reached: {type(error).__name__}") from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirection counts as a refusal: what is posted goes to the address in the secret, nowhere else."""

    def redirect_request(self, *arguments: Any) -> None:
        return None
