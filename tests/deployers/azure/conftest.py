"""What several tests of Azure share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from clouds.azure_asking import Asking


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """An app whose flows ask people and wait for events, at work."""
    with Asking(tmp_path_factory.mktemp("asking")) as made:
        yield made
