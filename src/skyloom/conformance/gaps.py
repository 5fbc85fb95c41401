"""What an engine is known not to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["notimpl", "notyet", "never"]


@dataclass(frozen=True, slots=True)
class Gap:
    """Why a case is not carried out as it says.

    Attributes:
        kind: `notimpl`: its compiler cannot yet. `notyet`: the engine that the case runs on does otherwise than the
            service that it stands for. `never`: the service cannot, and the compiler refuses it.
        reason: in words.
        code: the diagnostic with which the compiler refuses what can `never` be.
        reference: where the reason stands: an address, or a file of the project.
    """

    kind: Kind
    reason: str
    code: str = ""
    reference: str = ""
