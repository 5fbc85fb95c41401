"""Engines that evaluate JSONata: the reference in JavaScript, in the release that Step Functions documents and in the
newest, and the port to Python that the tests' AWS account uses."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping, Sequence
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

    def evaluate_all(self, text: str, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """The same for each of the variables."""


class NodeJsonata:
    """jsonata-js in a process of its own, which lives as long as this object."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [node(), str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self.deepest = 0

    def evaluate(self, package: str, text: str, variables: Mapping[str, Any]) -> Any:
        """The value that the npm package gives."""
        answer = self._asked({"package": package, "text": text, "variables": variables})
        self.deepest = answer["depth"]
        return _answered(answer)

    def evaluate_all(self, package: str, text: str, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """The value for each of the variables, in one request."""
        return list(map(_answered, self._asked({"package": package, "text": text, "rows": rows})["answers"]))

    def close(self) -> None:
        """Ends the process."""
        stdin, _ = self._pipes()
        stdin.close()
        self._process.wait(10)

    def _asked(self, request: Mapping[str, Any]) -> Any:
        stdin, stdout = self._pipes()
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        return json.loads(stdout.readline(), parse_int=_number)

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

    def evaluate_all(self, text: str, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """The same for each of the variables."""
        return self._process.evaluate_all(self.name, text, rows)


class JsonataPython:
    """jsonata-python, mended."""

    name = "jsonata-python"

    def __init__(self) -> None:
        mend()

    def evaluate(self, text: str, variables: Mapping[str, Any]) -> Any:
        """The value of the text, `Undefined`, or `Broken`."""
        return self.evaluate_all(text, [variables])[0]

    def evaluate_all(self, text: str, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """The same for each of the variables."""
        try:
            found = _compiled(text)
        except Exception as error:
            return [Broken(str(error))] * len(rows)
        return [_evaluated(found, text, variables) for variables in rows]


def _answered(answer: Mapping[str, Any]) -> Any:
    if "error" in answer:
        return Broken(answer["error"])
    return answer["value"] if "value" in answer else Undefined()


def _evaluated(found: Any, text: str, variables: Mapping[str, Any]) -> Any:
    try:
        value = found.evaluate(None, dict(variables))
        if value is None and not _compiled(f"$exists(({text}))").evaluate(None, dict(variables)):
            return Undefined()
        return json.loads(json.dumps(value), parse_int=_number)
    except Exception as error:
        return Broken(str(error))


def _number(text: str) -> int | float:
    """Engines write large floats without a point; what is beyond 2^53 is no integer of a flow."""
    return int(text) if abs(int(text)) <= 2**53 else float(text)


def _compiled(text: str) -> Any:
    found = port.Jsonata.jsonata(text)
    found.register_lambda("hash", lambda content, algorithm: _digest(content, algorithm))
    return found


def _digest(content: str, algorithm: str) -> str:
    return hashlib.new(algorithm.replace("-", "").lower(), content.encode()).hexdigest()
