"""A text read word by word: its sentences by how central they are, its key phrases, labels, numbers and denials."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property

from skyloom.adapters.llm.extractive.lexicon import NEGATION_REACH, NEGATIONS, STOP_WORDS, stem

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_BLOCK_END = re.compile(r"\n[ \t\r]*\n|\n(?=[ \t]*(?:[-*•]|\d{1,3}[.)])[ \t])|\n(?=[A-Z][\w -]{0,30}:[ \t])")
_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+(?=\s[\s\"'“‘(\[]*+[A-ZÀ-Þ0-9])|[。！？]")
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|st|prof|rev|gen|col|capt|no|vol|fig|vs|etc|e\.g|i\.e|cf|inc|ltd|jr|sr)|\b[A-Z])\.$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"""^[ \t]*[-*#>"']{0,4}[ \t]?([A-Za-z][\w -]{0,40}?)["'*_]{0,3}[ \t]?[:=][ \t]+(\S.*)$""", re.MULTILINE
)
_LABELLED_LINE = re.compile(r"^([A-Z][\w -]{0,30}:[ \t]\S[^\n]{0,80})\n", re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.])-?\d{1,15}(?:,\d{3})*(?:\.\d{1,9})?(?![\w]|\.\d)")
_NEAR = 4
"""Words between a field's name and a number that may belong to it."""


def words_of(text: str) -> list[str]:
    """The words of `text`, lower-case, without punctuation."""
    return _WORD.findall(text.lower())


def name_words(name: str) -> list[str]:
    """The words of an identifier: `needsHuman_reply` gives needs, human, reply."""
    return words_of(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " "))


class Passage:
    """A text, read once. Everything it tells is computed when first asked for, in time linear in the text's length;
    all scores are integers, so that every machine orders alike."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def sentences(self) -> list[str]:
        """The distinct sentences in order, each in one line. Lines of a list and labelled lines count as sentences."""
        # A short labelled line ("Subject: late") ends where it ends, with or without a full stop.
        blocks = _BLOCK_END.split(_LABELLED_LINE.sub(r"\1\n\n", self.text))
        return list(dict.fromkeys(s for block in blocks for s in _split(block) if s))

    @cached_property
    def ranked(self) -> list[int]:
        """The indices of `sentences`, most central first: those whose words the text repeats most."""
        contents = [[stem(w) for w in words_of(s) if w not in STOP_WORDS] for s in self.sentences]
        counts = Counter(word for content in contents for word in content)
        scores = []
        for index, content in enumerate(contents):
            weight = sum(min(counts[word], 50) for word in dict.fromkeys(content))
            # The fifth keeps short sentences from winning by their average; early sentences lead a little.
            scores.append(weight * 1000 // (len(content) + 5) * (index + 4) // (index + 3))
        return sorted(range(len(scores)), key=lambda index: (-scores[index], index))

    def central(self, count: int) -> list[str]:
        """The `count` most central sentences, in the order of the text."""
        return [self.sentences[index] for index in sorted(self.ranked[:count])]

    @cached_property
    def phrases(self) -> list[str]:
        """Key phrases of one or two words, best first: what is said often, then what is said early."""
        found: dict[str, list[int]] = {}
        surface: dict[str, str] = {}
        order = 0
        for sentence in self.sentences:
            previous: tuple[str, int] | None = None
            for match in _WORD.finditer(sentence):
                word = match[0]
                if word.lower() in STOP_WORDS or word.isdigit() or len(word) < 3:
                    previous = None
                    continue
                order += 1
                adjacent = previous is not None and sentence[previous[1] : match.start()] == " "
                for phrase in (word, f"{previous[0]} {word}") if previous is not None and adjacent else (word,):
                    key = phrase.lower()
                    surface.setdefault(key, phrase)
                    entry = found.setdefault(key, [0, order])
                    entry[0] += 2 if " " in key else 1
                previous = (word, match.end())
        best = sorted(found, key=lambda key: (-found[key][0], found[key][1], key))
        return [surface[key] for key in best[:50]]

    @cached_property
    def labels(self) -> dict[str, str]:
        """What stands behind `Label:` at the start of a line, by the label's words in lower case."""
        return {" ".join(name_words(m[1])): m[2].strip().strip("\"',") for m in reversed([*_LABEL.finditer(self.text)])}

    @cached_property
    def _mentions(self) -> dict[str, tuple[int, int]]:
        """For every stem: how often it is said, and how often denied."""
        said: dict[str, tuple[int, int]] = {}
        for sentence in self.sentences:
            reach = 0
            for word in words_of(sentence.replace("’", "'")):
                root = stem(word)
                plain, denied = said.get(root, (0, 0))
                said[root] = (plain, denied + 1) if reach else (plain + 1, denied)
                reach = NEGATION_REACH if word in NEGATIONS else max(0, reach - 1)
        return said

    def evidence(self, stems: Iterable[str]) -> int:
        """How much the text speaks for the words: mentions, less denials, each word three times at most."""
        total = 0
        for root in stems:
            plain, denied = self._mentions.get(root, (0, 0))
            total += min(plain, 3) - min(denied, 3)
        return total

    @cached_property
    def numbers(self) -> list[float]:
        """The distinct numbers of the text, in order."""
        return list(dict.fromkeys(_value(match[0]) for match in _NUMBER.finditer(self.text)))

    def numbers_near(self, names: Iterable[str]) -> list[float]:
        """The numbers that stand a few words behind, or right in front of, one of `names` (stems), in order."""
        wanted = frozenset(names)
        found: dict[float, None] = {}
        for sentence in self.sentences if wanted else ():
            previous: float | None = None
            reach = 0
            for word, number in _tokens(sentence):
                if number is not None:
                    if reach:
                        found[number] = None
                        reach = 0
                    previous = number
                elif stem(word) in wanted:
                    if previous is not None:
                        found[previous] = None
                    reach, previous = _NEAR, None
                else:
                    reach, previous = max(0, reach - 1), None
        return list(found)


def _split(block: str) -> Iterator[str]:
    start = 0
    for end in _SENTENCE_END.finditer(block):
        if _ABBREVIATION.search(block, max(start, end.start() - 6), end.end()):
            continue
        yield " ".join(block[start : end.end()].split())
        start = end.end()
    yield " ".join(block[start:].split())


def _tokens(sentence: str) -> Iterator[tuple[str, float | None]]:
    """The words and numbers of a sentence: a word with None, or "" with the number."""
    position = 0
    for match in _NUMBER.finditer(sentence):
        for word in words_of(sentence[position : match.start()]):
            yield word, None
        yield "", _value(match[0])
        position = match.end()
    for word in words_of(sentence[position:]):
        yield word, None


def _value(digits: str) -> float:
    return float(digits.replace(",", ""))
