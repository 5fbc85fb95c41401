"""Limits of Workflows, as https://cloud.google.com/workflows/quotas gives them (resource and request limits)."""

from __future__ import annotations

SOURCE_BYTES = 128 * 1024
"""Size of the source code of a workflow."""
ASSIGNMENTS = 50
"""Assignments in one step."""
CONDITIONS = 50
"""Conditions in one switch."""
BRANCHES = 10
"""Branches of one parallel step."""
CONCURRENT = 20
"""Branches and iterations that run at once; further ones wait."""
PARALLEL_NESTING = 2
"""Parallel steps inside of each other, in one execution."""
CALL_STACK = 20
"""Routines that call each other, `main` among them."""
NESTING = 20
"""Blocks of steps inside of each other."""
STEPS = 100_000
"""Steps of one execution."""
VARIABLE_BYTES = 512 * 1024
"""All variables, arguments and events of one execution."""
STRING_BYTES = 256 * 1024
"""One text."""
RESPONSE_BYTES = 2 * 1024 * 1024
"""One HTTP response."""
ARGUMENT_BYTES = 32 * 1024
"""The argument of an execution."""
UNHANDLED_BRANCHES = 100
"""Unhandled exceptions of branches that an execution keeps."""
HTTP_SECONDS = 300.0
"""How long a request may take when nothing is said (stdlib/http/post)."""
HTTP_SECONDS_AT_MOST = 1800.0
CALLBACK_SECONDS = 43_200.0
"""How long `events.await_callback` waits when nothing is said."""
LONGEST_SECONDS = 31_536_000.0
"""One year: the longest execution, sleep and wait."""
ENVIRONMENT_VARIABLES = 20
"""User-defined environment variables of a workflow (docs/use-environment-variables)."""
ENVIRONMENT_BYTES = 4 * 1024
"""One of them."""
