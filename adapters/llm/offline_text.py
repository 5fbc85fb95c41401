"""What the offline stand-in makes of a prompt's text: words, sentences, keywords and labelled values."""

from __future__ import annotations

import functools
import hashlib
import re
from collections import Counter
from dataclasses import dataclass

INSTRUCTION_WEIGHT = 0.25
"""How much a word of the prompt's first line counts, beside 1 for a word of the rest."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|\n\s*\n|\n(?=\s*[-*#\d])|\n(?=[^\n]{1,40}:\s)")
_LABEL = re.compile(r"^[ \t]*[-*]?[ \t]*([^\W\d_][\w -]{0,39}?)[ \t]*[:=][ \t]+(\S[^\n]*)$", re.MULTILINE)
_JSON_LABEL = re.compile(r'"([^"\\\n]{1,40})": ?"((?:[^"\\\n]|\\.)*)"')
_INSTRUCTION = re.compile(r"\s*([^\n]+?)\s*\n\s*(\S.*)|\s*([^\n]{1,200}?[.:?!]) +(\S.*)", re.DOTALL)
_LEADING_LABEL = re.compile(r"^[-*#\s]*[A-Z][\w-]*(?: [\w-]+){0,2}: +(?=\S)")

_SUFFIXES = (
    "encies", "ments", "ingly", "ency", "ment", "edly", "ings", "ent", "ing", "ies", "ily", "ed", "ly", "es", "er",
    "y", "s", "e",
)  # fmt: skip

_STOP_WORDS = """
a about above after again all also although am an and any are as at be because been before being below between
both but by can cannot could did do does doing down during each few for from further had has have having he her
here hers him his how however i if in into is it its just let me might more most much must my no nor not now of
off on once only or other our out over own same shall she should so some such than that the their them then
there these they this those through to too under until up upon us very was we were what when where which while
who whom whose why will with would yet you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words that say little about what a text is about."""


@functools.lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A word without case and its commonest English endings: `Deliveries`, `delivered` and `delivery` are one."""
    word = word.casefold().partition("'")[0].partition("’")[0]
    for suffix in _SUFFIXES:
        if len(word) - len(suffix) >= 3 and word.endswith(suffix):
            word = word[: -len(suffix)]
            doubled = suffix in ("ing", "ed", "er") and word[-1] == word[-2] and word[-1] not in "lsz"
            return word[:-1] if doubled else word
    return word


def words(text: str) -> list[str]:
    """The words of a text, or of a name in snake_case or camelCase."""
    return _WORD.findall(text.replace("_", " "))


def name_stems(*names: str) -> list[str]:
    """The stems of the words that names are made of, each once, in order, without stop words."""
    found = (stem(word) for name in names for word in words(_CAMEL.sub(" ", name)) if word.lower() not in STOP_WORDS)
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence in one line, with its stems (stop words left out) in order."""

    text: str
    stems: tuple[str, ...]


class Reading:
    """A prompt, read once.

    Args:
        prompt: the user's message. Its first line is taken for the instruction, or the first sentence of a single line.
        guidance: the system text.
        salt: makes another draw of what the text does not decide.
    """

    def __init__(self, prompt: str, guidance: str, salt: int) -> None:
        match = _INSTRUCTION.match(prompt)
        first, rest, sentence, others = match.groups() if match else ("", prompt, None, None)
        self.instruction: str = sentence or first
        self.body: str = others or rest
        self.guidance = sentences_of(f"{guidance}\n\n{self.instruction}")
        self._seed = hashlib.blake2b(f"{salt}\0{guidance}\0{prompt}".encode("utf-8", "replace")).digest()

    def draw(self, *what: object) -> float:
        """A number in [0, 1) that depends on the whole prompt and on `what`, and on nothing else."""
        text = "\0".join(map(str, what)).encode("utf-8", "replace")
        digest = hashlib.blake2b(text, digest_size=6, key=self._seed).digest()
        return int.from_bytes(digest, "big") / 2**48

    @functools.cached_property
    def sentences(self) -> list[Sentence]:
        """The sentences of the body, without labels in front; those without words only if there are no others."""
        found = [_sentence(_LEADING_LABEL.sub("", part)) for part in _parts(self.body)]
        return [sentence for sentence in found if len(sentence.stems) > 1] or [s for s in found if s.text]

    @functools.cached_property
    def body_words(self) -> list[str]:
        """The stems of the body in order, stop words included."""
        return [stem(word) for word in words(self.body)]

    @functools.cached_property
    def weights(self) -> dict[str, float]:
        """How often each stem occurs; in the instruction it counts less."""
        weights: dict[str, float] = dict(Counter(self.body_words))
        for word in words(self.instruction):
            weights[stem(word)] = weights.get(stem(word), 0.0) + INSTRUCTION_WEIGHT
        return weights

    @functools.cached_property
    def _frequency(self) -> Counter[str]:
        return Counter(found for sentence in self.sentences for found in sentence.stems)

    def central(self, about: list[str]) -> list[int]:
        """The numbers of the sentences, the most central first: those whose words the rest of the text uses too, and
        those that speak of the stems `about`."""
        wanted = frozenset(about)

        def score(index: int) -> float:
            stems = frozenset(self.sentences[index].stems)
            return sum(self._frequency[s] for s in sorted(stems)) / (len(stems) + 4) + 2 * len(stems & wanted)

        return sorted(range(len(self.sentences)), key=lambda index: (-score(index), index))

    @functools.cached_property
    def keywords(self) -> list[str]:
        """Words as they are written, the most frequent first; those of one frequency in the order of the text."""
        written: dict[str, str] = {}
        for sentence in self.sentences:
            for word in words(sentence.text):
                if word.lower() not in STOP_WORDS and len(word) > 2 and not word.isdigit():
                    written.setdefault(stem(word), word)
        # Sorting is stable, so the order of the text decides between equals.
        return [written[s] for s in sorted(written, key=lambda s: -self._frequency[s])]

    @functools.cached_property
    def labels(self) -> list[tuple[tuple[str, ...], str]]:
        """What the text says as `Label: value` or `"label": "value"`: the label's stems, and the value."""
        pairs = _LABEL.findall(self.body) + _JSON_LABEL.findall(self.body)
        return [(tuple(name_stems(label)), value.strip()) for label, value in pairs]

    def labelled(self, name: list[str]) -> list[str]:
        """The values with a label of just these stems."""
        return [value for label, value in self.labels if label and list(label) == name]


def sentences_of(text: str) -> list[Sentence]:
    """The sentences, list entries and labelled lines of a text."""
    return [_sentence(part) for part in _parts(text)]


def _parts(text: str) -> list[str]:
    return [" ".join(part.split()) for part in _SENTENCE_END.split(text) if part and part.strip()]


def _sentence(text: str) -> Sentence:
    return Sentence(text, tuple(stem(word) for word in words(text) if word.lower() not in STOP_WORDS))
