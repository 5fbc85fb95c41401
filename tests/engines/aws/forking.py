"""Runs in a function's own interpreter, and knows only what that has: imports the handler once, and gives birth to the
environments of the function, each a fork that is at once where it otherwise would be after a cold start.

    python -m forking <handler>

reads `{"api": "127.0.0.1:1234", "log": "/…"}` lines, answers `born <pid>`, and tells `gone <pid> <status>`.
"""

import json
import os
import signal
import sys


def main() -> None:
    """Serves until its input ends."""
    # This part of the runtime takes the address of the Runtime API when it is loaded: each environment loads it.
    sys.modules["runtime_client"] = None  # type: ignore[assignment]
    from awslambdaric import bootstrap

    handler = sys.argv[1]
    # In the place of this script's own folder.
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    try:
        bootstrap._get_handler(handler)
    except BaseException:
        # Each environment tries again, and tells why.
        sys.exc_info()
    signal.signal(signal.SIGCHLD, _reap)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _live(handler, order)
        _say(f"born {pid}")


def _live(handler: str, order: dict[str, str]) -> None:
    """An environment: what `python -m awslambdaric` does."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for descriptor, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, target)
    os.environ["AWS_LAMBDA_RUNTIME_API"] = order["api"]
    status = 1
    try:
        from awslambdaric import bootstrap, lambda_runtime_client
        from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

        del sys.modules["runtime_client"]
        import runtime_client

        runtime_client.initialize_client(lambda_runtime_client._user_agent())
        lambda_runtime_client.runtime_client = runtime_client
        bootstrap.run(handler, LambdaRuntimeClient(order["api"], False))
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        os._exit(status)


def _reap(*_: object) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _say(f"gone {pid} {os.waitstatus_to_exitcode(status)}")


def _say(text: str) -> None:
    # One write, so that lines stay whole.
    os.write(1, f"{text}\n".encode())


if __name__ == "__main__":
    main()
