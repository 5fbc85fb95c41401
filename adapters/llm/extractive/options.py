"""Choices: which of some options the text speaks for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from skyloom.adapters.llm.extractive.lexicon import CUES, STOP_WORDS, stem
from skyloom.adapters.llm.extractive.passage import Passage, name_words, words_of
from skyloom.adapters.llm.extractive.place import Place
from skyloom.adapters.llm.extractive.seed import Seed

_CLAUSE_END = re.compile(r"[.;,\n()]|\b(?:but|if not|otherwise|else)\b")

_OWN, _CUE, _GUIDED = 4, 2, 1
"""How much a mention counts: of the option itself, of a word that speaks for it, of a word of its explanation."""


def ranked_options(
    options: Sequence[str], place: Place, passage: Passage, guidance: str, seed: Seed
) -> list[tuple[int, int]]:
    """The options' indices with their scores, best first; at a tie, by a stable hash."""
    own = [[stem(word) for word in name_words(option)] for option in options]
    cues = [[cue for word in words for cue in CUES.get(word, ())] for words in own]
    explained = _explanations(f"{place.description}\n{guidance}", own, cues)
    scored = []
    for index, words in enumerate(own):
        score = _OWN * passage.evidence(words) + _CUE * passage.evidence(set_minus(cues[index], words))
        scored.append((index, score + _GUIDED * passage.evidence(set_minus(explained[index], words))))
    ties = {index: seed.number(f"{place.choice}={options[index]}", 1 << 64) for index, _ in scored}
    return sorted(scored, key=lambda entry: (-entry[1], ties[entry[0]]))


def set_minus(words: Sequence[str], without: Sequence[str]) -> list[str]:
    """The distinct words of the first list that are not in the second, in order."""
    return [word for word in dict.fromkeys(words) if word not in without]


def _explanations(guidance: str, own: list[list[str]], cues: list[list[str]]) -> list[list[str]]:
    """For each option the words around it in the clauses of `guidance` that name no other option."""
    found: list[list[str]] = [[] for _ in own]
    for clause in _CLAUSE_END.split(guidance):
        words = [stem(word) for word in words_of(clause) if word not in STOP_WORDS]
        named = [i for i, option in enumerate(own) if any(word in option for word in words)]
        if not named:
            named = [i for i, option in enumerate(cues) if any(word in option for word in words)]
        if len(named) == 1:
            found[named[0]] += words
    return found


def truth(place: Place, passage: Passage, guidance: str, seed: Seed) -> bool:
    """Whether the text says what the field's name says; a stable choice where it says nothing about it."""
    stems = list(place.name_stems)
    score = _OWN * passage.evidence(stems)
    score += _CUE * passage.evidence(set_minus([cue for word in stems for cue in CUES.get(word, ())], stems))
    if score == 0:
        score = passage.evidence(["yes"]) - passage.evidence(["no"])
    chosen = score > 0 if score else seed.number(place.choice, 2) == 1
    return chosen != (place.rank % 2 == 1)
