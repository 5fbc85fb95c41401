"""Source of flows of any length, for measuring what grows with it."""

from __future__ import annotations

STEPS_A_BLOCK = 5

_HEAD = '''"""Generated."""

from skyloom.flows import each, flow, task


@task
def grow(number: int) -> int:
    return number + 1


@task
def shrink(number: int) -> int:
    return number - 1


@flow
def generated(numbers: list[int]) -> int:
    total = 0
'''

_BLOCK = """\
    grown_{n} = grow(total)
    if grown_{n} % 3 == 0:
        total = grow(grown_{n})
    else:
        total = shrink(grown_{n})
    for number in numbers[:3]:
        total += shrink(number)
    parts_{n} = [grow(number + total) for number in each(numbers, limit=4)]
    total += sum(parts_{n})
"""


def source(steps: int) -> str:
    """A file whose flow `generated` has so many steps: in every five a branch, a loop, a map, and two new names."""
    blocks = [_BLOCK.format(n=number) for number in range(steps // STEPS_A_BLOCK)]
    return _HEAD + "".join(blocks) + "    return total\n"
