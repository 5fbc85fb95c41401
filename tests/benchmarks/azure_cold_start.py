"""Starts a function app as the Python worker does, and calls one activity: `python -P azure_cold_start.py FOLDER NAME`.

Loads `function_app.py`, reads its functions, and runs the activity with what comes in. What it returns goes out.
"""

import sys
from types import SimpleNamespace


def main(folder: str, name: str) -> None:
    """Calls the function of that name."""
    sys.path.insert(0, folder)
    from function_app import app  # type: ignore[import-not-found]

    function = next(one for one in app.get_functions() if one.get_function_name() == name)
    trace = SimpleNamespace(trace_parent="", trace_state="")
    context = SimpleNamespace(invocation_id="i", thread_local_storage=SimpleNamespace(), trace_context=trace)
    sys.stdout.write(function.get_user_function()(sys.stdin.read(), context))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
