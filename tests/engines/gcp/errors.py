"""What goes wrong in Workflows: errors that a workflow can catch, texts that are refused, and what nobody documents.

WorkflowError       a run-time error, a map with `tags` and `message` (cloud.google.com/workflows/docs/reference/
                    syntax/error-types); `try` catches it
WorkflowRefused     a source that cannot be deployed
  ExpressionRefused an expression that cannot be
Undocumented        the workflow depends on something that Google's pages do not say: the test fails, no `try`
                    catches it
ResourceLimit       "When raised internally, this type of error cannot be caught and causes immediate execution
                    failure" (error-types, ResourceLimitError)
"""

from __future__ import annotations

from typing import Any

Value = Any
"""A value of the language: None, bool, int, float, str, bytes, list, dict with text keys, or a Reference."""


class WorkflowError(Exception):
    """An error in a run, with the value that `except` gets."""

    def __init__(self, value: Value) -> None:
        super().__init__(value["message"] if isinstance(value, dict) and "message" in value else value)
        self.value = value

    @classmethod
    def tagged(cls, tag: str, message: str, **more: Value) -> WorkflowError:
        """An error of the engine itself."""
        return cls({"tags": [tag], "message": message, **more})

    @property
    def tags(self) -> list[str]:
        """Its tags; none for raised values without them."""
        tags = self.value.get("tags", []) if isinstance(self.value, dict) else []
        return list(tags) if isinstance(tags, list) else []


class ResourceLimit(Exception):
    """A limit of an execution was exceeded: it fails at once, `try` does not see it."""


class WorkflowRefused(Exception):
    """A workflow that cannot be deployed.

    Attributes:
        place: Where, as a path of step names.
    """

    def __init__(self, problem: str, place: str = "") -> None:
        super().__init__(f"{place}: {problem}" if place else problem)
        self.problem = problem
        self.place = place


class ExpressionRefused(WorkflowRefused):
    """An expression that cannot be deployed."""


class Undocumented(Exception):
    """Something that the documentation leaves open; compiled workflows must not do it."""


def type_error(message: str) -> WorkflowError:
    """The error for values of the wrong type."""
    return WorkflowError.tagged("TypeError", message)


def value_error(message: str) -> WorkflowError:
    """The error for values that a function cannot take."""
    return WorkflowError.tagged("ValueError", message)
