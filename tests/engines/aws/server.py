"""The process of the account: MiniStack, with the shims in place unless `SKYLOOM_BARE` is set."""

from __future__ import annotations

import os


def main() -> None:
    """Serves until it is ended."""
    if not os.environ.get("SKYLOOM_BARE"):
        from engines.aws.shims import definitions, executions, lambdas, rotation, stacks

        for shim in (lambdas, executions, definitions, stacks, rotation):
            shim.install()
    from ministack.app import main as serve

    serve()


if __name__ == "__main__":
    main()
