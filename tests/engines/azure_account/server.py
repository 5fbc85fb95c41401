"""The local Azure as a process: `python -m engines.azure_account.server CERTIFICATE`. It writes what clients have to
trust into that file, and ends with its standard input."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from engines.azure_account.cloud import Cloud
from engines.gcp_account import certificates


def main() -> None:
    """Serves until the standard input ends."""
    file = Path(sys.argv[1])
    file.write_bytes(certificates.authority())
    os.environ |= {"SSL_CERT_FILE": str(file), "REQUESTS_CA_BUNDLE": str(file)}
    cloud = Cloud()
    print("LISTENING", cloud.front.address("apis"), flush=True)
    sys.stdin.read()
    try:
        cloud.close()
    finally:
        # Whatever is still being answered ends with it.
        os._exit(0)


if __name__ == "__main__":
    main()
