"""Where in an answer a value goes, and what the schema says about it in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from skyloom.adapters.llm.base import Json
from skyloom.adapters.llm.extractive.lexicon import STOP_WORDS, stem
from skyloom.adapters.llm.extractive.passage import name_words


@dataclass(frozen=True)
class Place:
    """A place in the answer.

    Attributes:
        path: from the top, such as `items[0].name`.
        name: the nearest property's name; empty at the top.
        description: the words of the schema's title and description.
        rank: 0 asks for the best value, 1 for the second best, ...; elements of an array differ by it.
        element: whether this is directly an element of an array.
        width: how many elements an array here should have.
    """

    path: str = ""
    name: str = ""
    description: str = ""
    rank: int = 0
    element: bool = False
    width: int = 3

    @cached_property
    def name_stems(self) -> tuple[str, ...]:
        """The stems of the name's words that mean something."""
        return tuple(stem(word) for word in name_words(self.name) if word not in STOP_WORDS)

    @property
    def choice(self) -> str:
        """The path without an element's own index: all elements of an array rank their options alike."""
        return self.path.rpartition("[")[0] if self.element else self.path

    def described(self, schema: dict[str, Json]) -> Place:
        """The same place with what `schema` says about it."""
        words = " ".join(str(schema[key]) for key in ("title", "description") if schema.get(key))
        return replace(self, description=f"{self.description} {words}".strip()) if words else self

    def property(self, name: str) -> Place:
        """The property `name` of an object here."""
        return replace(self, path=f"{self.path}.{name}", name=name, description="", rank=self.rank, element=False)

    def item(self, index: int, rank: int) -> Place:
        """The element `index` of an array here. Arrays inside it are narrower."""
        return replace(self, path=f"{self.path}[{index}]", rank=rank, element=True, width=max(1, self.width - 1))

    def key(self, rank: int) -> Place:
        """The key number `rank` of an object with free keys."""
        return replace(self, path=f"{self.path}.key", name="keyword", rank=rank, element=False)
