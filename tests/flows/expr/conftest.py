"""What the tests of expressions share."""

from __future__ import annotations

import pytest
from expressions import building


@pytest.fixture(scope="session")
def build() -> building.Build:
    """`build("x + 1", x=INT)`: the node of the source, with the given types of variables."""
    return building.build
