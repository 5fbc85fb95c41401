"""What the plans of all clouds have in common: whose they are, and what stands in their way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from skyloom.deployers.bundle import SHOWN_DIGITS
from skyloom.deployers.plan import Change, Plan, in_order
from skyloom.deployers.releases import Release
from skyloom.errors import Diagnostic, UserError


@dataclass(frozen=True, slots=True)
class Planning:
    """An app in an environment of a cloud. `where` is the place of its errors, `place` where it is deployed."""

    target: str
    app: str
    environment: str
    place: str
    where: str

    def made(
        self,
        digest: str,
        changes: Iterable[Change],
        handle: object,
        *,
        first: bool = False,
        notes: tuple[str, ...] = (),
    ) -> Plan:
        """A plan that brings the bundle of that digest; an empty one deletes everything."""
        return Plan(
            target=self.target,
            app=self.app,
            environment=self.environment,
            place=self.place,
            version=digest[:SHOWN_DIGITS],
            changes=in_order(changes),
            first=first,
            notes=notes,
            handle=handle,
        )

    def refused(self, number: str, message: str, hint: str) -> UserError:
        """The error that nothing can be planned now, or so."""
        return UserError(Diagnostic(number, message, self.where, hint=hint))

    def busy(self, what: str, words: str) -> UserError:
        """The error that a change is under way (SKY644)."""
        hint = "wait for its end; `skyloom deploy` does so by itself"
        return self.refused("SKY644", f"a change of {what} is under way ({words})", hint)

    def absent(self) -> UserError:
        """The error that nothing is deployed (SKY643)."""
        message = f"{self.app} is not deployed in {self.environment} ({self.place})"
        return self.refused("SKY643", message, f"skyloom deploy {self.target} FILE --env {self.environment}")

    def no_version(self, version: str | None, known: Iterable[Release]) -> UserError:
        """The error that there is no such version to go back to (SKY648)."""
        names = ", ".join(dict.fromkeys(release.version for release in known)) or "none"
        wanted = f"no version {version}" if version else "no version before the current one"
        return self.refused("SKY648", f"there is {wanted} of {self.app} in {self.environment}", f"kept: {names}")
