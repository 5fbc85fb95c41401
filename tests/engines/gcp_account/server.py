"""The local Google Cloud as a process: `python -m engines.gcp_account.server`. It ends with its standard input."""

from __future__ import annotations

import os
import sys

from engines.gcp_account.cloud import Cloud
from engines.gcp_account.engine import LocalEngine


def main() -> None:
    """Serves until the standard input ends."""
    engine = LocalEngine(float(os.environ.get("TESTS_TIME_SCALE", "1")))
    cloud = Cloud(engine)
    engine.apis = cloud.address
    engine.models = os.environ.get("TESTS_MODELS", "")
    if engine.models:
        cloud.functions.surroundings["GOOGLE_VERTEX_BASE_URL"] = engine.models
    print("LISTENING", cloud.address, cloud.grpc.host, flush=True)
    sys.stdin.read()
    cloud.close()


if __name__ == "__main__":
    main()
