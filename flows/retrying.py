"""Whether and when a failed attempt is repeated: the arithmetic of `Retry`, shared by every way of running a flow."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING

from skyloom.flows.outcome import ErrorValue
from skyloom.flows.policy import Retry

if TYPE_CHECKING:
    from skyloom.flows.ir.program import RetryPolicy


def names_of(classes: type[Exception] | tuple[type[Exception], ...]) -> tuple[str, ...]:
    """The names of one exception class, or of several."""
    return tuple(cls.__name__ for cls in (classes if isinstance(classes, tuple) else (classes,)))


def policy_of(retry: Retry) -> RetryPolicy:
    """The policy as it stands in the IR: classes by name."""
    from skyloom.flows.ir.program import RetryPolicy

    return RetryPolicy(
        attempts=retry.attempts,
        delay=float(retry.delay),
        backoff=float(retry.backoff),
        max_delay=float(retry.max_delay),
        jitter=float(retry.jitter),
        on=names_of(retry.on),
        never=names_of(retry.never),
    )


def is_retried(policy: RetryPolicy, error: ErrorValue) -> bool:
    """Whether the policy repeats an attempt that failed with `error`, as long as attempts are left."""
    return error.is_a(*policy.on) and not error.is_a(*policy.never)


def base_delays(policy: RetryPolicy) -> list[float]:
    """Seconds before the second, third, ... attempt, without jitter."""
    return [min(policy.delay * policy.backoff**n, policy.max_delay) for n in range(policy.attempts - 1)]


def delay_before(policy: RetryPolicy, attempt: int) -> float:
    """Seconds to wait before attempt number `attempt` (2, 3, ...), jitter included."""
    base = min(policy.delay * policy.backoff ** (attempt - 2), policy.max_delay)
    return base + random.uniform(0, policy.jitter * base)


def idempotency_key(run_id: str, path: str) -> str:
    """A key for one step of one run: equal across attempts and resumes, 32 hexadecimal digits."""
    return hashlib.sha256(f"{run_id}\n{path}".encode()).hexdigest()[:32]
