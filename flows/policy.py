"""How long and how often: durations in seconds, and what is tried again."""

# Annotations are not postponed here: `NamedTuple` would compile each of them whenever a function starts.

from typing import NamedTuple


def seconds(count: float) -> float:
    """`count` seconds. Every duration in Skyloom is a number of seconds."""
    return float(count)


def minutes(count: float) -> float:
    """`count` minutes, in seconds."""
    return count * 60.0


def hours(count: float) -> float:
    """`count` hours, in seconds."""
    return count * 3600.0


def days(count: float) -> float:
    """`count` days of 24 hours, in seconds."""
    return count * 86400.0


DEFAULT_TASK_TIMEOUT = minutes(5)
"""Seconds one attempt of a task or prompt may take, where its author says nothing."""


class Retry(NamedTuple):
    """When and how a failed attempt of a task or prompt is repeated.

    Before attempt n+1 the wait is `min(delay * backoff**(n-1), max_delay)` seconds, and up to `jitter` times that
    more, at random. An error counts when it is an instance of a class in `on` and of none in `never`. A timeout counts
    as `TaskTimedOut`.

    Attributes:
        attempts: attempts in all, the first one included; at least 1.
        delay: seconds before the second attempt.
        backoff: the factor by which the wait grows; at least 1.
        max_delay: the longest wait in seconds.
        jitter: the random part, as a share of the wait; 0 to 1.
    """

    attempts: int = 3
    delay: float = 1.0
    backoff: float = 2.0
    max_delay: float = 60.0
    jitter: float = 0.5
    on: type[Exception] | tuple[type[Exception], ...] = Exception
    never: type[Exception] | tuple[type[Exception], ...] = ()


NO_RETRY = Retry(attempts=1)
