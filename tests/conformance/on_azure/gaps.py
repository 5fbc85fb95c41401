"""What cases do not do on Azure: strict, so that an entry that is no longer true fails.

`notimpl`: Skyloom cannot yet. `notyet`: the tests' host does otherwise than Azure. `never`: Durable Functions cannot;
the compiler refuses it.
"""

from __future__ import annotations

from skyloom.conformance.gaps import Gap

GAPS: dict[str, Gap] = {}
