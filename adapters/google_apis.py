"""Google's APIs over HTTPS, with a token of the function's own service account."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable

from skyloom.adapters import web_apis
from skyloom.adapters.web_apis import JSON, ApiFailed, KeptToken, Reply

__all__ = ["APIS", "JSON", "ApiFailed", "Apis", "Reply"]


class Apis(web_apis.Apis):
    """Calls Google's APIs.

    Args:
        token: gives an access token, good for all of them.
        address: the address of an API by its name: `storage`.
    """

    def __init__(self, token: Callable[[], str], address: Callable[[str], str]) -> None:
        super().__init__(lambda service: token(), address)


# --- in a function --------------------------------------------------------------------------------------------------

_METADATA = "metadata.google.internal"


def _metadata_token() -> tuple[str, float]:
    """The token of the function's service account, from the metadata server.

    https://cloud.google.com/compute/docs/access/authenticate-workloads
    """
    host = os.environ.get("GCE_METADATA_HOST", _METADATA)
    url = f"http://{host}/computeMetadata/v1/instance/service-accounts/default/token"
    request = urllib.request.Request(url, headers={"Metadata-Flavor": "Google"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        found = json.load(answer)
    return found["access_token"], found["expires_in"]


def _address(service: str) -> str:
    # Another address than Google's is for tests.
    return os.environ.get("SKYLOOM_GOOGLE_ENDPOINT") or f"https://{service}.googleapis.com"


APIS = Apis(KeptToken(_metadata_token), _address)
"""The APIs as a function calls them."""
