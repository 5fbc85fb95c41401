"""A Google Cloud project of the tests' own: a process, the environment variables that lead there, and what is in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
from engines.gcp_account.front import Caller
from engines.gcp_account.names import PROJECT, REGION, USER

TESTS = Path(__file__).parents[2]
_CREDENTIALS = {
    "type": "authorized_user",
    "client_id": "tests",
    "client_secret": "tests",
    "refresh_token": "tests",
    "token": Caller(USER).token,
    "expiry": "2099-01-01T00:00:00Z",
    "quota_project_id": PROJECT,
}
"""What `gcloud auth application-default login` leaves behind, with a token that is good for long."""


class GoogleProject:
    """The project. `variables` are what a process needs in its environment to reach it.

    Args:
        folder: an empty folder of its own.
        models: the address that stands for Vertex AI.
        time_scale: how long a second of workflows lasts.
    """

    def __init__(self, folder: Path, models: str = "", time_scale: float = 1.0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engines.gcp_account.server"],
            env=os.environ | {"PYTHONPATH": str(TESTS), "TESTS_MODELS": models, "TESTS_TIME_SCALE": str(time_scale)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("LISTENING "), line
        _, self.address, self.executions_host = line.split()
        threading.Thread(target=self._process.stdout.read, daemon=True).start()
        self._credentials = folder / "credentials.json"
        self._credentials.write_text(json.dumps(_CREDENTIALS))
        self.http = httpx.Client(
            base_url=self.address, timeout=60, headers={"Authorization": f"Bearer {Caller(USER).token}"}
        )

    @property
    def variables(self) -> dict[str, str]:
        services = ("CONFIG", "STORAGE", "WORKFLOWEXECUTIONS", "LOGGING", "PUBSUB", "SECRETMANAGER")
        overrides = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}": f"{self.address}/" for name in services}
        return {
            **overrides,
            "CLOUDSDK_CONFIG": str(self._credentials.parent),
            "GOOGLE_APPLICATION_CREDENTIALS": str(self._credentials),
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "GOOGLE_CLOUD_REGION": REGION,
            "SKYLOOM_GCP_EXECUTIONS_HOST": self.executions_host,
        }

    def close(self) -> None:
        self.http.close()
        assert self._process.stdin is not None
        # It ends with its standard input, so that it also ends when the tests are killed.
        self._process.stdin.close()
        self._process.wait(30)

    # --- what is in it ---

    def inventory(self) -> dict[str, list[str]]:
        """Everything that is there, by kind."""
        found: dict[str, list[str]] = self._json("GET", "/tests/inventory")
        return found

    def requests(self) -> list[list[str]]:
        """What came in at functions: function, method, path."""
        found: list[list[str]] = self._json("GET", "/tests/requests")
        return found

    def published(self) -> list[Any]:
        """What was published: topic and message."""
        found: list[Any] = self._json("GET", "/tests/published")
        return found

    def trouble(self, what: str, message: str = "", code: int = 500, *, hold: bool = False, times: int = 1) -> None:
        """Lets the next change of a resource (an address or a type) fail, or wait until `release`."""
        told = {"what": what, "message": message, "code": code, "hold": hold, "times": times}
        self._json("POST", "/tests/trouble", told)

    def release(self) -> None:
        self._json("DELETE", "/tests/trouble")

    def terraform(self, command: str, folder: Path, **variables: str) -> Any:
        """Runs the user's own Terraform in a folder: `apply` or `destroy`."""
        return self._json("POST", f"/tests/terraform/{command}", {"folder": str(folder), "variables": variables})

    def secret(self, name: str, value: str) -> None:
        """Gives a secret its value, as a person does."""
        self.http.post(f"/tests/secrets/{name}", content=value.encode()).raise_for_status()

    @staticmethod
    def token(email: str, audience: str = "") -> str:
        """A token of somebody's."""
        return Caller(email, audience).token

    def empty(self) -> None:
        """Forgets everything."""
        self._json("POST", "/tests/empty")

    def _json(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json()
