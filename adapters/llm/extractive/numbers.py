"""Numbers for a JSON Schema: taken from the text where the field's name stands near one, else a stable choice."""

from __future__ import annotations

import math
from fractions import Fraction

from skyloom.adapters.llm.base import Json
from skyloom.adapters.llm.extractive.lexicon import COUNT_FIELDS, CUES
from skyloom.adapters.llm.extractive.passage import Passage, name_words
from skyloom.adapters.llm.extractive.place import Place
from skyloom.adapters.llm.extractive.seed import Seed

_SPAN = 9
"""How far a range with one bound, or none, reaches."""

_PERCENT = 100
"""A made-up float is one of so many steps of its range."""


def integer(schema: dict[str, Json], place: Place, passage: Passage, seed: Seed) -> int:
    """An integer within the schema's bounds."""
    step = _whole_step(schema.get("multipleOf"))
    low, high = _integer_bounds(schema)
    for number in _from_text(place, passage)[place.rank :]:
        if number.is_integer() and low <= number <= high and int(number) % step == 0:
            return int(number)
    if low == -math.inf and high == math.inf:
        low, high = 1, 1 + _SPAN * step
    elif low == -math.inf:
        low = high - _SPAN * step
    elif high == math.inf:
        high = low + _SPAN * step
    first = -(-int(low) // step) * step
    count = max(1, (int(high) - first) // step + 1)
    return first + (seed.number(place.choice, count) + place.rank) % count * step


def _whole_step(value: Json) -> int:
    """The least whole number that is a multiple of `multipleOf`."""
    if not isinstance(value, int | float) or value <= 0:
        return 1
    return Fraction(str(value)).limit_denominator(10**6).numerator or 1


def _integer_bounds(schema: dict[str, Json]) -> tuple[float, float]:
    """Inclusive bounds: exact integers, or an infinity where there is none."""
    low, high, open_low, open_high = _bounds(schema)
    least = low if math.isinf(low) else math.floor(low) + 1 if open_low else math.ceil(low)
    most = high if math.isinf(high) else math.ceil(high) - 1 if open_high else math.floor(high)
    return least, most


def number(schema: dict[str, Json], place: Place, passage: Passage, seed: Seed) -> float:
    """A finite number within the schema's bounds."""
    low, high, open_low, open_high = _bounds(schema)

    def fits(value: float) -> bool:
        above = value > low or (value == low and not open_low)
        return above and (value < high or (value == high and not open_high))

    step = schema.get("multipleOf")
    if isinstance(step, int | float) and step > 0:
        return _multiple(step, low, high, open_low, open_high, place, seed)
    for found in _from_text(place, passage)[place.rank :]:
        if fits(found):
            return found
    if math.isinf(low) and math.isinf(high):
        low, high = 0.0, 1.0
    elif math.isinf(low):
        low = high - max(_SPAN, abs(high) / 2)
    elif math.isinf(high):
        high = low + max(_SPAN, abs(low) / 2)
    share = (1 + (seed.number(place.choice, _PERCENT - 1) + place.rank) % (_PERCENT - 1)) / _PERCENT
    made = low * (1 - share) + high * share
    candidates = (round(made, 4), made, low / 2 + high / 2, low, high)
    return next((candidate for candidate in candidates if fits(candidate)), made)


def _multiple(step: float, low: float, high: float, open_low: bool, open_high: bool, place: Place, seed: Seed) -> float:
    exact = Fraction(str(step))
    first = 0 if math.isinf(low) else math.ceil(Fraction(low) / exact)
    if open_low and first * exact == low:
        first += 1
    last = first + _SPAN if math.isinf(high) else math.floor(Fraction(high) / exact)
    if open_high and last * exact == high:
        last -= 1
    if math.isinf(low) and not math.isinf(high):
        first = last - _SPAN
    count = max(1, last - first + 1)
    return float((first + (seed.number(place.choice, count) + place.rank) % count) * exact)


def _bounds(schema: dict[str, Json]) -> tuple[float, float, bool, bool]:
    """Lower and upper bound, and whether each is exclusive."""
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    above, below = schema.get("exclusiveMinimum", -math.inf), schema.get("exclusiveMaximum", math.inf)
    return max(low, above), min(high, below), above >= low and above != -math.inf, below <= high and below != math.inf


def _from_text(place: Place, passage: Passage) -> list[float]:
    """Numbers of the text that may be meant: all of them for an element of an array, else those near the name."""
    if place.element:
        return passage.numbers
    stems = place.name_stems
    near = passage.numbers_near(stems) or passage.numbers_near(cue for word in stems for cue in CUES.get(word, ()))
    if not near and any(word in COUNT_FIELDS for word in name_words(place.name)):
        return [number for number in passage.numbers if number.is_integer()]
    return near
