"""An Azure subscription of the tests' own: a process, the environment variables that lead there, and what is in it."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certifi
import httpx
from engines.azure_account.names import CLIENT, REGION, SECRET, SUBSCRIPTION, TENANT

TESTS = Path(__file__).parents[2]


def _authorities() -> Iterator[bytes]:
    """Whom this machine trusts otherwise: compiling an app asks a package index."""
    named = (os.environ.get(name) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"))
    for place in dict.fromkeys([*named, ssl.get_default_verify_paths().cafile, certifi.where()]):
        if place and Path(place).is_file():
            yield b"\n" + Path(place).read_bytes()


class AzureSubscription:
    """The subscription. `variables` are what a process needs in its environment to reach it.

    Args:
        folder: an empty folder of its own.
    """

    def __init__(self, folder: Path) -> None:
        self._certificate = folder / "certificate.pem"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engines.azure_account.server", str(self._certificate)],
            env=os.environ | {"PYTHONPATH": str(TESTS)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("LISTENING "), line
        self.address = line.split()[1]
        threading.Thread(target=self._process.stdout.read, daemon=True).start()
        trusted = ssl.create_default_context(cafile=str(self._certificate))
        self.http = httpx.Client(base_url=self.address, timeout=60, verify=trusted)
        with self._certificate.open("ab") as file:
            file.writelines(_authorities())

    @property
    def variables(self) -> dict[str, str]:
        return {
            "ARM_CLOUD_METADATA_URL": f"{self.address}/metadata/endpoints?api-version=2023-11-01",
            "AZURE_CLIENT_ID": CLIENT,
            "AZURE_CLIENT_SECRET": SECRET,
            # Nobody has signed in on this machine.
            "AZURE_CONFIG_DIR": str(self._certificate.parent / "nobody"),
            "AZURE_LOCATION": REGION,
            "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
            "AZURE_TENANT_ID": TENANT,
            "REQUESTS_CA_BUNDLE": str(self._certificate),
            "SSL_CERT_FILE": str(self._certificate),
        }

    def close(self) -> None:
        self.http.close()
        assert self._process.stdin is not None
        # It ends with its standard input, so that it also ends when the tests are killed.
        self._process.stdin.close()
        # A host of an app saves its runs before it goes.
        self._process.wait(60)

    # --- what is in it ---

    def inventory(self) -> dict[str, list[str]]:
        """Everything that is there, by kind."""
        found: dict[str, list[str]] = self._json("GET", "/tests/inventory")
        return found

    def trouble(self, what: str, message: str = "", code: int = 500, *, hold: bool = False, times: int = 1) -> None:
        """Lets the next change of what has this in its id fail, or wait until `release`; `delete ...`, `publish ...`,
        `replace ...` (an app's host by that of new code), `listkeys` and `validate` are changes too."""
        told = {"what": what, "message": message, "code": code, "hold": hold, "times": times}
        self._json("POST", "/tests/trouble", told)

    def release(self) -> None:
        self._json("DELETE", "/tests/trouble")

    def slow(self, seconds: float) -> None:
        """Lets every resource of a deployment take that long."""
        self._json("POST", "/tests/pause", {"seconds": seconds})

    def empty(self) -> None:
        """Forgets everything."""
        self._json("POST", "/tests/empty")

    def _json(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json()
