"""All functions and objects of the standard library.

https://cloud.google.com/workflows/docs/reference/stdlib/overview; what is not here does not exist.
"""

from __future__ import annotations

from engines.gcp.library import helpers, jsons, texts, times
from engines.gcp.library.function import Function

REQUEST = ("url", "method", "headers", "body", "query", "auth", "timeout")
BY_METHOD = ("url", "headers", "body", "query", "auth", "timeout")
BLOCKING: dict[str, Function] = {
    "events.await_callback": Function(("callback", "timeout"), 1, None, "events/await_callback", True),
    "http.request": Function(REQUEST, 2, None, "http/request", True),
    **{f"http.{method}": Function(BY_METHOD, 1, None, f"http/{method}", True) for method in ("delete", "get", "patch")},
    **{f"http.{method}": Function(BY_METHOD, 1, None, f"http/{method}", True) for method in ("post", "put")},
    "sys.log": Function(("data", "severity", "text", "json"), 0, None, "sys/log", True),
    "sys.sleep": Function(("seconds",), 1, None, "sys/sleep", True),
    "sys.sleep_until": Function(("time",), 1, None, "sys/sleep_until", True),
}
"""Calls that only steps can make (expressions page, blocking calls). `sys.sleep_until` is not in the page's list, but
suspends the execution as `sys.sleep` does."""

CALLBACKS: dict[str, Function] = {
    "events.create_callback_endpoint": Function(
        ("http_callback_method",), 0, None, "events/create_callback_endpoint", defaults={"http_callback_method": "POST"}
    ),
}
PREDICATES = {
    "http.default_retry_predicate": "http/default_retry_predicate",
    "http.default_retry_predicate_non_idempotent": "http/default_retry_predicate_non_idempotent",
    "retry.always": "retry/always",
    "retry.never": "retry/never",
}
POLICIES = {
    "http.default_retry": "http/default_retry",
    "http.default_retry_non_idempotent": "http/default_retry_non_idempotent",
    "retry.default_backoff": "retry/default_backoff",
}
FUNCTIONS: dict[str, Function] = {
    **helpers.FUNCTIONS,
    **texts.FUNCTIONS,
    **jsons.FUNCTIONS,
    **times.FUNCTIONS,
    **BLOCKING,
    **CALLBACKS,
}
LEFT_OUT = ("experimental.executions.run", "experimental.executions.map")
"""Google warns that they may change or go; nothing compiled uses them."""

MODULES = frozenset(name.split(".")[0] for name in [*FUNCTIONS, *PREDICATES, *POLICIES, *LEFT_OUT] if "." in name)
HELPERS = frozenset(name for name in FUNCTIONS if "." not in name)
