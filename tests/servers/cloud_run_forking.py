"""Runs in a function's own interpreter, and knows only what that has: loads the function into the Functions Framework
once, and gives birth to the function's instances, each a fork that is at once where it otherwise would be after a cold
start.

    python cloud_run_forking.py <entry> <target>

tells `ready`, reads the path of a log for each instance that is wanted, and answers `born <port>`. When its input ends,
so do all instances.
"""

import contextlib
import os
import signal
import socket
import sys


def main() -> None:
    """Serves until its input ends."""
    entry, target = sys.argv[1:]
    # In the place of this script's own folder.
    sys.path[0] = os.getcwd()  # noqa: PTH109 - the function has that folder
    from functions_framework import create_app

    # What the framework's own command does, up to where it serves.
    app = create_app(target, entry, "http")  # type: ignore[no-untyped-call]
    # Nobody waits for instances.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _say("ready")
    born = []
    for line in sys.stdin:
        # It listens before it lives: nobody has to ask whether it does.
        listening = socket.create_server(("127.0.0.1", 0), backlog=16)
        pid = os.fork()
        if pid == 0:
            _live(app, listening, line.rstrip("\n"))
        _lead_a_group(pid)
        born.append(pid)
        _say(f"born {listening.getsockname()[1]}")
        listening.close()
    for pid in born:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _live(app: object, listening: socket.socket, log: str) -> None:
    """An instance: the framework's server, with the threads and workers that the variables say."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _lead_a_group(0)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for descriptor, place in ((null, 0), (output, 1), (output, 2)):
            os.dup2(descriptor, place)
        from functions_framework._http import create_server
        from gunicorn.config import Config

        options: dict[str, object] = {"bind": f"fd://{listening.detach()}"}
        if "control_socket_disable" in Config().settings:
            # All instances would be controlled through one file.
            options["control_socket_disable"] = True
        create_server(app, False, **options).run("127.0.0.1", 0)  # type: ignore[no-untyped-call]
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        os._exit(status)


def _lead_a_group(pid: int) -> None:
    """Both do it, whoever is first: from then on the instance ends with all that it started."""
    with contextlib.suppress(PermissionError, ProcessLookupError):
        os.setpgid(pid, pid)


def _say(text: str) -> None:
    # One write, so that lines stay whole.
    os.write(1, f"{text}\n".encode())


if __name__ == "__main__":
    main()
