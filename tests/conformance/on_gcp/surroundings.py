"""What the cases' functions find of Google: tokens, the bucket where large values wait, and models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.google_credentials import key_file
from servers.google_metadata import GoogleServer
from servers.vertex_server import VertexServer

PROJECT = "skyloom-tests"
MODELS_VARIABLE = "GOOGLE_VERTEX_BASE_URL"
"""Where Google's own SDK looks for the address of models."""


@contextmanager
def google(folder: Path) -> Iterator[dict[str, str]]:
    """Servers on this machine; the variables by which functions find them."""
    with GoogleServer() as server, VertexServer() as models:
        key = key_file(folder / "key", models.token_url, PROJECT)
        yield {
            **server.variables,
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "GOOGLE_APPLICATION_CREDENTIALS": str(key),
            MODELS_VARIABLE: models.url,
        }
