"""An app at work: compiled, its folder in a functions host, its queues and subscriptions as its template has them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
from engines.azure_app.grants import CONTAINER, EVENT_GRID, KEY, MAIL, QUEUE, SECRET, TOPIC, Grants
from engines.azure_app.identity import TENANT, token_for
from engines.azure_app.messages import Queue, Subscription
from engines.azure_app.places import Places
from engines.azure_app.process import KEYS, AppHost
from engines.azure_app.web import Request

from skyloom.adapters.web_apis import Apis
from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.functions import FunctionSettings
from skyloom.deployers.azure.resources import words
from skyloom.deployers.packaging import running_python
from skyloom.flows.app import App

Json = Any


def until(look: Callable[[], Any], seconds: float = 60) -> Any:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


class AtWork:
    """The app with all that runs around it. `secrets` are the names of those that it reads. Use it as a context
    manager."""

    def __init__(self, app: App, place: Path, variables: Mapping[str, str] | None = None) -> None:
        bundle = compile_app(app, "dev", FunctionSettings(python=running_python(), pinned=False)).bundle
        for name, content in bundle.files.items():
            path = place / "bundle" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self.name, self.place = f"{app.name}-dev", place
        self.template: dict[str, Json] = json.loads((place / "bundle/template.json").read_bytes())
        self.grants = Grants(self.template["resources"])
        self.places = Places(self._permits)
        self._wire()
        self._variables = {**self._settings(), **(variables or {})}
        self._begin(0)

    def _begin(self, port: int) -> None:
        self.host = AppHost(self.place / "bundle/app", self._variables, self.place, port, self.place / "hub")
        self.places.bus.host = f"{self.host.address}/tests/queues"
        self.http = httpx.Client(base_url=self.host.address, timeout=60)

    def restart(self) -> None:
        """Ends the host and begins another one at the same address; orchestrations go on."""
        self.http.close()
        self.host.close()
        self._begin(int(self.host.address.rpartition(":")[2]))

    def _resources(self, type_: str) -> list[dict[str, Json]]:
        return [one for one in self.template["resources"] if one["type"] == type_]

    def _wire(self) -> None:
        """Makes the queues and subscriptions of the template."""
        may = self.grants.may
        self.places.bus.taken = lambda queue: may(words.BUS_RECEIVER, QUEUE, queue)
        self.places.topic.delivers = lambda queue: may(words.BUS_SENDER, QUEUE, queue, EVENT_GRID)
        for one in self._resources("Microsoft.ServiceBus/namespaces/queues"):
            self.places.bus.queues[_last(one["name"])] = Queue(one["properties"]["maxDeliveryCount"])
        for kind in ("topics", "systemTopics"):
            for one in self._resources(f"Microsoft.EventGrid/{kind}/eventSubscriptions"):
                self.places.topic.subscriptions.append(_subscription(one["properties"], kind == "systemTopics"))

    def _permits(self, service: str, name: str) -> bool:
        """Whether the template lets the app do it."""
        may, kind = self.grants.may, name.rpartition("/")
        match service:
            case "blob":
                return may(words.BLOB_CONTRIBUTOR, CONTAINER, name)
            case "bus":
                return may(words.BUS_SENDER, QUEUE, name)
            case "topic":
                return may(words.EVENT_SENDER, TOPIC)
            case "vault" if kind[0] == "keys":
                return may(words.CRYPTO_USER, KEY, kind[2])
            case "vault":
                return may(words.SECRETS_USER, SECRET, kind[2])
            case _:
                return may(words.MAIL_OWNER, MAIL)

    def store(self, container: str, name: str, content: bytes) -> None:
        """Somebody from outside writes a blob."""
        headers = {"x-ms-version": "2023-11-03", "x-ms-blob-type": "BlockBlob"}
        request = Request(method="PUT", path="", query={}, headers=headers, body=content, url="")
        assert self.places.blobs.respond(request, f"{container}/{quote(name)}").status == 201

    def _settings(self) -> dict[str, str]:
        """The settings that the template gives to the main app, and no others."""
        [site] = [one for one in self._resources("Microsoft.Web/sites") if one["tags"]["skyloom-name"] == "main"]
        given = {one["name"]: one["value"] for one in site["properties"]["siteConfig"]["appSettings"]}
        known = {**self.places.variables, "SKYLOOM_AUDIENCE": f"api://{TENANT}/{self.name}"}
        known |= {name: told for name, told in given.items() if not told.startswith("[")}
        known |= {
            name: f"{self.places.url}/vault/secrets/{_last(told)}"
            for name, told in given.items()
            if name.startswith("SKYLOOM_SECRET_")
        }
        self.secrets = sorted(_last(told) for name, told in given.items() if name.startswith("SKYLOOM_SECRET_"))
        # What the platform itself gives to each app.
        platform = {name: known[name] for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_AUTHORITY_HOST")}
        return {name: known[name] for name in given if name in known} | platform

    @property
    def apis(self) -> Apis:
        """The services as the app itself reaches them."""
        resources = {"storage": "https://storage.azure.com", "vault": "https://vault.azure.net"}
        return Apis(lambda service: token_for(resources[service]), lambda service: f"{self.places.url}/blob")

    # --- runs ---------------------------------------------------------------------------------------------------

    def operate(self, **asked: Json) -> dict[str, Json]:
        """What an operator's action gives."""
        headers = {"x-functions-key": KEYS["functions"]["default"]}  # type: ignore[index]
        answer = self.http.post("/skyloom/operate", json=asked, headers=headers)
        found: dict[str, Json] = answer.json()
        return found

    def start(self, flow: str, **arguments: Json) -> str:
        """Starts a run: its id."""
        return str(self.operate(action="start", flow=flow, arguments=arguments)["run"])

    def runs(self) -> list[dict[str, Json]]:
        """All runs, as the extension tells them."""
        found: list[dict[str, Json]] = self._durable("instances?top=1000").json()
        return found

    def run(self, name: str) -> dict[str, Json]:
        """How a run stands."""
        found: dict[str, Json] = self._durable(f"instances/{name}").json()
        return found

    def ended(self, name: str) -> dict[str, Json]:
        """How a run ended."""
        until(lambda: self.run(name)["runtimeStatus"] not in ("Pending", "Running"))
        return self.run(name)

    def result(self, name: str) -> Json:
        """What a run gave."""
        run = self.ended(name)
        assert run["runtimeStatus"] == "Completed", run
        return json.loads(run["output"])

    def fresh(self, wanted: Callable[[dict[str, Json]], bool]) -> dict[str, Json]:
        """The only run that fits, when it has ended."""
        [run] = until(lambda: [run for run in self.runs() if wanted(run)])
        return self.ended(run["instanceId"])

    def cancel(self, name: str) -> None:
        """Ends a run."""
        assert self._durable(f"instances/{name}/terminate?reason=enough", "POST").status_code == 202

    def _durable(self, path: str, method: str = "GET") -> httpx.Response:
        headers = {"x-functions-key": KEYS["systemkeys"]["durabletask_extension"]}  # type: ignore[index]
        return self.http.request(method, f"/runtime/webhooks/durabletask/{path}", headers=headers)

    # --- the end ------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Ends everything. The template has to permit all that the app has asked for."""
        self.http.close()
        self.host.close()
        self.places.close()
        assert (self.places.refused, self.places.topic.lost) == ([], [])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _subscription(told: Mapping[str, Json], system: bool) -> Subscription:
    destination, chosen = told["deliveryWithResourceIdentity"]["destination"], told["filter"]
    assert destination["endpointType"] == "ServiceBusQueue"
    unlike = ""
    for one in chosen.get("advancedFilters", ()):
        assert (one["operatorType"], one["key"]) == ("StringNotIn", "source"), one
        [unlike] = one["values"]
    return Subscription(
        queue=_last(destination["properties"]["resourceId"]),
        types=tuple(chosen.get("includedEventTypes") or ()),
        system=system,
        unlike=unlike,
        begins=chosen.get("subjectBeginsWith", ""),
        ends=chosen.get("subjectEndsWith", ""),
    )


def _last(name: str) -> str:
    """The last part of a name, which may be an expression: `[format('{0}/orders', variables('worldwide'))]`."""
    literals = re.findall(r"'([^']*)'", name) if name.startswith("[") else [name]
    return next(text for text in (literals if "format(" in name[:8] else literals[::-1]) if text).rpartition("/")[2]
