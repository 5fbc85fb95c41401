"""Engines that evaluate JSONata: the reference in JavaScript, in the release that Step Functions documents and in the
newest, and the port to Python that the tests' AWS account uses."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any, Protocol

import jsonata as port
from engines.jsonata_port import mend
from engines.node import PACKAGES, node

SCRIPT = PACKAGES.parent / "jsonata_lines.js"
PACKAGE_NAMES = ("jsonata-2.0.6", "jsonata")


@dataclass(frozen=True)
class Undefined:
    """No result at all: on Step Functions a States.QueryEvaluationError."""


@dataclass(frozen=True)
class Broken:
    """The evaluation failed."""

    message: str


class Jsonata(Protocol):
    """An engine."""

    name: str

    def evaluate(self, text: str, variables: Mapping[str, Any]) -> Any:
        """The value of the text, `Undefined`, or `Broken`."""


class NodeJsonata:
    """jsonata-js in a process of its own, which lives as long as this object."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [node(), str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self.deepest = 0

    def evaluate(self, package: str, text: str, variables: Mapping[str, Any]) -> Any:
        """The value that the npm package gives."""
        request = json.dumps({"package": package, "text": text, "variables": variables})
        stdin, stdout = self._pipes()
        stdin.write(request + "\n")
        stdin.flush()
        answer = json.loads(stdout.readline(), parse_int=_number)
        self.deepest = answer["depth"]
        if "error" in answer:
            return Broken(answer["error"])
        return answer["value"] if "value" in answer else Undefined()

    def close(self) -> None:
        """Ends the process."""
        stdin, _ = self._pipes()
        stdin.close()
        self._process.wait(10)

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        assert self._process.stdin is not None and self._process.stdout is not None
        return self._process.stdin, self._process.stdout


class JsonataJs:
    """One release of jsonata-js."""

    def __init__(self, process: NodeJsonata, package: str) -> None:
        self.name = package
        self._process = process

    @property
    def deepest(self) -> int:
        """How deep evaluations were nested in the last one."""
        return self._process.deepest

    def evaluate(self, text: str, variables: Mapping[str, Any]) -> Any:
        """The value of the text, `Undefined`, or `Broken`."""
        return self._process.evaluate(self.name, text, variables)


class JsonataPython:
    """jsonata-python, mended."""

    name = "jsonata-python"

    def __init__(self) -> None:
        mend()

    def evaluate(self, text: str, variables: Mapping[str, Any]) -> Any:
        """The value of the text, `Undefined`, or `Broken`."""
        try:
            value = _compiled(text).evaluate(None, dict(variables))
            if value is None and not _compiled(f"$exists(({text}))").evaluate(None, dict(variables)):
                return Undefined()
            return json.loads(json.dumps(value))
        except Exception as error:
            return Broken(str(error))


def _number(text: str) -> int | float:
    """JavaScript writes large floats without a point; what is beyond 2^53 is no integer of a flow."""
    return int(text) if abs(int(text)) <= 2**53 else float(text)


def _compiled(text: str) -> Any:
    found = port.Jsonata.jsonata(text)
    found.register_lambda("hash", lambda content, algorithm: _digest(content, algorithm))
    return found


def _digest(content: str, algorithm: str) -> str:
    return hashlib.new(algorithm.replace("-", "").lower(), content.encode()).hexdigest()
