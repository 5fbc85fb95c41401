"""Runs functions as Lambda does: each concurrent invocation in an environment of its own, kept warm for the next."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import threading
import zipfile
from pathlib import Path
from typing import Any

from engines.aws.environment import Environment, FunctionCode, Invocation, Nursery
from engines.aws.runtime import BROUGHT_ALONG, folder_of, interpreter

WARM_ENVIRONMENTS = 48
"""How many idle processes are kept; AWS keeps as many as it likes."""


class Functions:
    """All functions of an account server.

    Args:
        folder: for unpacked packages and logs.
        endpoint: where SDKs in functions find AWS, in the place of https://<service>.<region>.amazonaws.com.
        variables: further variables of every function, such as the endpoint of a model.
    """

    def __init__(self, folder: Path, endpoint: str, variables: dict[str, str]) -> None:
        self._folder = folder
        self._endpoint = endpoint
        self._variables = variables
        self._runtime = folder_of(BROUGHT_ALONG, folder / "runtime")
        self._idle: dict[str, list[Environment]] = {}
        self._nurseries: dict[str, Nursery] = {}
        self._lock = threading.Lock()
        self._numbers = itertools.count()

    def invoke(self, config: dict[str, Any], package: bytes, event: Any) -> Invocation:
        """One invocation of the function with this configuration (as GetFunction gives it) and zip file."""
        code = self._code(config, package)
        kind = json.dumps([code.arn, code.handler, str(code.folder), code.variables, code.timeout])
        environment = self._warm(kind) or self._cold(kind, code)
        invocation = environment.invoke(json.dumps(event).encode())
        if environment.alive:
            self._keep(kind, environment)
        return invocation

    def close(self) -> None:
        """Ends all processes."""
        with self._lock:
            environments = [environment for idle in self._idle.values() for environment in idle]
            self._idle.clear()
        for environment in environments:
            environment.close()
        for nursery in self._nurseries.values():
            nursery.close()

    def _warm(self, kind: str) -> Environment | None:
        with self._lock:
            idle = self._idle.get(kind, [])
            while idle:
                environment = idle.pop()
                if environment.alive:
                    return environment
        return None

    def _keep(self, kind: str, environment: Environment) -> None:
        with self._lock:
            self._idle.setdefault(kind, []).append(environment)
            everyone = [(idle, one) for idle in self._idle.values() for one in idle]
            surplus = sorted(everyone, key=lambda pair: pair[1].idle_since)[: len(everyone) - WARM_ENVIRONMENTS]
            for idle, one in surplus:
                idle.remove(one)
        for _, one in surplus:
            one.close()

    def _cold(self, kind: str, code: FunctionCode) -> Environment:
        logs = self._folder / "logs"
        logs.mkdir(exist_ok=True)
        with self._lock:
            if kind not in self._nurseries:
                self._nurseries[kind] = Nursery(code, logs / f"{code.name}.log")
            nursery = self._nurseries[kind]
        return Environment(code, nursery, logs / f"{code.name}-{next(self._numbers)}.log")

    def _code(self, config: dict[str, Any], package: bytes) -> FunctionCode:
        arn = config["FunctionArn"]
        region, account = arn.split(":")[3:5]
        variables = {
            **self._variables,
            **(config.get("Environment") or {}).get("Variables", {}),
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            # The account server takes the access key for the account.
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_LAMBDA_FUNCTION_NAME": config["FunctionName"],
            "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version", "$LATEST"),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{config['FunctionName']}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        }
        return FunctionCode(
            name=config["FunctionName"],
            arn=arn,
            handler=config["Handler"],
            folder=self._unpacked(package),
            runtime=(self._runtime,),
            python=interpreter(),
            variables=variables,
            timeout=float(config.get("Timeout", 3)),
        )

    def _unpacked(self, package: bytes) -> Path:
        folder = self._folder / "packages" / hashlib.sha256(package).hexdigest()[:16]
        with self._lock:
            if not folder.exists():
                zipfile.ZipFile(io.BytesIO(package)).extractall(folder)
        return folder
