"""How the offline stand-in chooses: the option whose words, and words like them, the prompt has most of."""

from __future__ import annotations

from collections.abc import Sequence

from skyloom.adapters.llm.offline_text import Reading, name_stems, sentences_of, stem, words

_NAMED, _LIKE, _GUIDED = 2.0, 1.0, 0.5
"""What a word counts that names the option, is like it, or stands beside it in the instructions."""

_LIKE_WORDS: tuple[tuple[str, str], ...] = (
    (
        "high urgent urgency critical emergency severe important escalate",
        "urgent critical immediately asap emergency severe important lost locked outage deadline angry unacceptable "
        "failed serious danger today",
    ),
    ("low minor trivial", "minor whenever curious wondering wonder suggestion idea later small question someday"),
    ("medium normal moderate average", "soon normal moderate average usual"),
    (
        "positive good happy satisfied praise",
        "love loved great excellent thanks thank perfect nice wonderful recommend pleased amazing happy good best",
    ),
    (
        "negative bad unhappy dissatisfied complaint",
        "hate terrible awful poor disappointed broken worst complaint angry useless rude bad unhappy never",
    ),
    ("neutral mixed", "okay fine average acceptable"),
    (
        "billing bill payment invoice refund finance price",
        "charge charged card paid pay payment money price invoice bill twice credit cost bank subscription refund fee",
    ),
    (
        "delivery shipping shipment logistics order",
        "parcel package arrive arrived courier tracking ship shipped deliver delivered late address order post depot",
    ),
    ("account login access security", "login password account locked username profile access sign email code hacked"),
    ("product quality item", "product quality defect item broken size colour works warranty device damaged faulty"),
    ("technical bug error support incident", "error crash bug fails install freeze screen update server exception"),
    ("legal contract law", "contract law court liability clause agreement lawyer party"),
    ("science research", "science study experiment theory nature measure species observation"),
    ("yes true approve approved accept allow valid correct", "yes agree valid allow correct confirm accept approve"),
    ("no false reject rejected decline deny invalid wrong", "no wrong invalid disagree refuse reject deny incorrect"),
    ("spam advertisement", "offer free winner click prize buy discount unsubscribe limited"),
    ("question request", "question how could please help know"),
)
"""Words that name an option, and words that speak for it."""

_LIKE_STEMS: dict[str, tuple[str, ...]] = {}
for _names, _cues in _LIKE_WORDS:
    for _name in _names.split():
        _LIKE_STEMS[stem(_name)] = tuple(dict.fromkeys(stem(cue) for cue in _cues.split()))

_NEGATIONS = frozenset(stem(word) for word in ("not", "no", "never", "without", "isn't", "don't", "doesn't", "cannot"))
_NEGATION_REACH = 3
"""How many words before a word can negate it."""


def cues(reading: Reading, names: Sequence[str], description: str) -> dict[str, float]:
    """The stems that speak for something with these stems in its name, and how much each counts.

    Args:
        description: what the schema says of it; read like the system text.
    """
    found: dict[str, float] = {}
    for name in names:
        for like in _LIKE_STEMS.get(name, ()):
            found[like] = _LIKE
    for name in names:
        found[name] = _NAMED
    named = frozenset(found)
    for sentence in (*reading.guidance, *sentences_of(description)):
        if named.intersection(sentence.stems):
            for beside in sentence.stems:
                found.setdefault(beside, _GUIDED)
    return found


def ranked(reading: Reading, options: Sequence[str], about: str, description: str = "") -> list[tuple[int, float]]:
    """The numbers of the options, best first, each with its score; equal ones in an order drawn from the prompt.

    Args:
        about: what is chosen, such as the field's name; it makes two fields draw differently.
    """
    spoken = [cues(reading, name_stems(option), description) for option in options]
    # What speaks for every option decides nothing.
    shared = frozenset.intersection(*(frozenset(found) for found in spoken)) if len(spoken) > 1 else frozenset()
    scores = [
        sum(weight * reading.weights.get(s, 0.0) ** 0.5 for s, weight in found.items() if s not in shared) for found in spoken
    ]
    order = sorted(
        range(len(options)), key=lambda index: (-scores[index], reading.draw(about, "option", options[index]), index)
    )
    return [(index, scores[index]) for index in order]


def truth(reading: Reading, names: Sequence[str], about: str, description: str = "") -> bool:
    """Whether the text says yes to something with these stems in its name; drawn where it says nothing of it."""
    if not names:
        names = name_stems(reading.instruction)
    for candidates in (cues(reading, names, description), _YES | {word: -weight for word, weight in _NO.items()}):
        score = sum(
            weight * (-1 if _negated(reading.body_words, index) else 1)
            for index, word in enumerate(reading.body_words)
            if (weight := candidates.get(word)) is not None
        )
        if score:
            return score > 0
    return reading.draw(about, "truth") < 0.5


_YES = {stem(word): 1.0 for word in words("yes true agree approve accept confirm certainly")}
_NO = {stem(word): 1.0 for word in words("false reject decline deny refuse wrong")}


def _negated(text: list[str], index: int) -> bool:
    return not _NEGATIONS.isdisjoint(text[max(0, index - _NEGATION_REACH) : index])
