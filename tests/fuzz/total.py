"""What came of all programs of a run."""

from __future__ import annotations

from collections import Counter

from fuzz.trying import Outcome


class Total:
    """Counts programs and runs.

    Attributes:
        refused: refusals by who refused, the front end or an engine, and the code of the diagnostic.
        refusing: programs that were refused, by who refused them.
        ran: runs that agreed, by engine.
        open: runs that are not compared, by engine.
        errors: classes of the errors that plain runs ended with; the empty one stands for none.
        endless: inputs with which no run ends, not in plain Python either.
        against: programs that an engine disagreed about, by engine.
    """

    def __init__(self) -> None:
        self.programs = self.accepted = self.disagreeing = self.endless = 0
        self.refused: Counter[tuple[str, str]] = Counter()
        self.refusing: Counter[str] = Counter()
        self.ran: Counter[str] = Counter()
        self.open: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.against: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        """One more."""
        self.programs += 1
        self.accepted += not outcome.refused
        self.disagreeing += bool(outcome.disagreements)
        self.refused.update((who, code) for who, codes in outcome.refused.items() for code in codes)
        self.refusing.update(list(outcome.refused))
        self.against.update({found.engine for found in outcome.disagreements})
        self.ran += outcome.ran
        self.open += outcome.open
        self.errors += outcome.errors
        self.endless += outcome.endless

    def told(self) -> str:
        """As text."""
        runs = self.errors.total()
        refused = Counter({f"{who} {code}": number for (who, code), number in self.refused.items()})
        return "\n".join(
            [
                f"programs     {self.programs}, accepted by all engines {self.accepted}",
                f"refused      {counted(refused) or 'none'}",
                f"runs         {runs}, {runs - self.errors['']} ended with an error ({counted(self.errors)})",
                f"agreed       {counted(self.ran)}",
                f"left open    {counted(self.open) or 'none'}; {self.endless} endless in plain Python",
                f"disagreeing  {self.disagreeing} programs",
            ]
        )


def counted(counter: Counter[str]) -> str:
    """Names with their numbers, the most first."""
    ordered = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {number:,}" for name, number in ordered if name)
