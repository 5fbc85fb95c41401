"""Function apps: keys, publishing code, and a host that runs it behind the app's own address.

A site has two addresses, both by https: its own, behind which a process of `engines.azure_app` runs what was published,
and the one that takes code. Publishing builds nothing: the host runs with the packages of the tests.
https://github.com/projectkudu/kudu/wiki/REST-API
"""

from __future__ import annotations

import io
import itertools
import os
import shutil
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines.azure_account.answers import AzureError, Token
from engines.azure_account.deployments import Troubles
from engines.azure_account.expressions import Json
from engines.azure_account.resources import Resource, Resources
from engines.azure_app.process import KEYS, AppHost, AppProblem
from engines.gcp_account.front import Answer, Front, Request

_RUNNING, _FAILED, _SUCCEEDED = 1, 3, 4
_LONGEST_WAIT = 20.0


@dataclass
class Publishing:
    """A deployment of code."""

    id: str
    status: int = _RUNNING
    text: str = ""

    def to_json(self) -> dict[str, Json]:
        return {"id": self.id, "status": self.status, "status_text": self.text, "complete": self.status != _RUNNING}


@dataclass
class Site:
    """A function app."""

    resource: Resource
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    publishings: list[Publishing] = field(default_factory=list)
    host: AppHost | None = None
    problem: str = ""
    published: bool = False
    lines: list[tuple[float, str]] = field(default_factory=list)


class Sites:
    """All function apps. `surroundings` are settings that every one of them gets beside its own."""

    def __init__(
        self, front: Front, resources: Resources, troubles: Troubles, folder: Path, started: Callable[[str, str], None]
    ) -> None:
        self._front, self._resources, self._troubles, self._folder = front, resources, troubles, folder
        self._started = started
        self._sites: dict[str, Site] = {}
        self._numbers = itertools.count(1)
        self.surroundings: dict[str, str] = {}
        resources.effects["microsoft.web/sites"] = self._changed

    # --- the resource ---

    def _changed(self, one: Resource, there: bool) -> None:
        name = one.name
        known = self._sites.get(name)
        if not there:
            if known is not None:
                self._stop(known)
                self._front.silence(f"site {name}")
                self._front.silence(f"scm {name}")
                del self._sites[name]
            return
        settings = _settings(one.properties)
        if known is None:
            folder = self._folder / f"{name}-{next(self._numbers)}"
            folder.mkdir(parents=True)
            site = self._sites[name] = Site(one, folder)
            own = self._front.listen(f"site {name}", lambda request: self._proxied(site, request), tls=True)
            scm = self._front.listen(f"scm {name}", lambda request: self._scm(site, request), tls=True)
            hosts = [(own, "Standard"), (scm, "Repository")]
            one.filled = {
                "defaultHostName": own.removeprefix("https://"),
                "state": "Running",
                "hostNameSslStates": [
                    {"name": host.removeprefix("https://"), "hostType": kind} for host, kind in hosts
                ],
            }
            site.settings = settings
            return
        known.resource = one
        if known.settings != settings:
            known.settings = settings
            if known.published:
                self._start(known)

    def keys(self, id_: str) -> Json:
        """The keys of a host."""
        site = self._sites.get(id_.rpartition("/")[2])
        if site is None:
            raise AzureError(404, "ResourceNotFound", f"The Resource '{id_}' was not found.")
        self._troubles.meet("listkeys")
        # The key of an extension is there as soon as an app has loaded it.
        system = KEYS["systemkeys"] if site.host is not None else {}
        return {"masterKey": KEYS["master"], "functionKeys": KEYS["functions"], "systemKeys": system}

    # --- publishing ---

    def _scm(self, site: Site, request: Request) -> Answer:
        Token.of(request, self._front.address("apis"))
        if request.method == "POST" and request.path == "/api/publish":
            return self._publish(site, request)
        if not site.publishings:
            raise AzureError(404, "NotFound", "no deployment")
        asked = request.path.removeprefix("/api/deployments/").partition("/")
        found = next((one for one in site.publishings if one.id == asked[0]), site.publishings[-1])
        if asked[2] == "log":
            return Answer.of_json([{"message": "Starting deployment"}, {"message": found.text or "done"}])
        return Answer.of_json(found.to_json(), 200 if found.status != _RUNNING else 202)

    def _publish(self, site: Site, request: Request) -> Answer:
        if request.headers.get("content-type") != "application/zip":
            raise AzureError(415, "UnsupportedMediaType", "a zip is expected")
        if request.query.get("RemoteBuild", "").lower() != "true":
            raise AzureError(400, "BadRequest", "the tests' packages are only there with a remote build")
        if site.publishings and site.publishings[-1].status == _RUNNING:
            raise AzureError(409, "Conflict", "There is a deployment currently in progress.")
        made = Publishing(f"d{next(self._numbers)}")
        site.publishings.append(made)
        threading.Thread(target=self._build, args=(site, made, request.body), daemon=True).start()
        return Answer.of_json(made.id, 202)

    def _build(self, site: Site, made: Publishing, zipped: bytes) -> None:
        place = site.folder / made.id
        try:
            self._troubles.meet(f"publish {site.resource.name}")
            with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
                archive.extractall(place)
            for needed in ("host.json", "function_app.py", "requirements.txt"):
                if not (place / needed).is_file():
                    raise AzureError(400, "BadRequest", f"the package has no {needed}")
        except (AzureError, zipfile.BadZipFile) as error:
            made.text, made.status = getattr(error, "message", str(error)), _FAILED
            return
        replacing = f"replace {site.resource.name}"
        if self._troubles.waits_for(replacing):
            # Azure has built the code, and the host of before goes on for a while.
            made.status = _SUCCEEDED
            self._troubles.meet(replacing)
        current = site.folder / "current"
        self._stop(site)
        shutil.rmtree(current, ignore_errors=True)
        shutil.copytree(place, current)
        site.published = True
        self._start(site)
        made.status = _SUCCEEDED

    def _start(self, site: Site) -> None:
        """Starts the host anew. An app that cannot be loaded has a host that says so."""
        self._stop(site)
        log = site.folder / "log"
        log.mkdir(exist_ok=True)
        own = self._front.address(f"site {site.resource.name}").removeprefix("https://")
        variables = {**site.settings, **self.surroundings, "WEBSITE_HOSTNAME": own}
        try:
            site.problem, site.host = (
                "",
                AppHost(site.folder / "current", variables, log, state=site.folder / "runs.json"),
            )
        except AppProblem as problem:
            site.problem = str(problem)
            return
        self._started(site.resource.name, site.host.address)
        threading.Thread(target=_tail, args=(log / "host.log", site, site.host), daemon=True).start()

    def _stop(self, site: Site) -> None:
        if site.host is not None:
            site.host.close()
            site.host = None

    def close(self) -> None:
        for site in list(self._sites.values()):
            self._stop(site)

    # --- asking the app ---

    def _proxied(self, site: Site, request: Request) -> Answer:
        if site.host is None:
            return self._without_host(site, request)
        kept = {name: value for name, value in request.headers.items() if name not in ("host", "connection")}
        asked = urllib.request.Request(
            site.host.address + request.target, data=request.body or None, method=request.method, headers=kept
        )
        try:
            with _opener.open(asked, timeout=240) as answer:
                return Answer(answer.status, answer.read(), _passed(answer.headers))
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read(), _passed(error.headers))
        except OSError as error:
            return Answer.of_json({"message": f"the host does not answer: {error}"}, 503)

    @staticmethod
    def _without_host(site: Site, request: Request) -> Answer:
        if request.path == "/admin/host/status" and request.headers.get("x-functions-key") == KEYS["master"]:
            state = {"state": "Error", "errors": [site.problem]} if site.problem else {"state": "Running"}
            return Answer.of_json(state)
        if request.path == "/admin/functions":
            return Answer.of_json([])
        return Answer(503, b"Function host is not running.")

    def lines(self) -> list[tuple[float, str, str]]:
        """What the apps have written: when, which app, what."""
        found = [(when, name, text) for name, site in self._sites.items() for when, text in list(site.lines)]
        return sorted(found)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))


def _passed(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in ("content-length", "connection")}


def _settings(properties: Mapping[str, Json]) -> dict[str, str]:
    rows = (properties.get("siteConfig") or {}).get("appSettings") or []
    return {row["name"]: str(row["value"]) for row in rows}


def _tail(log: Path, site: Site, host: AppHost) -> None:
    """Reads what a host writes, as long as it runs."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        lines.seek(0, os.SEEK_END)
        while site.host is host:
            line = lines.readline()
            if line.strip():
                site.lines.append((time.time(), line.rstrip("\n")))
            elif not line:
                time.sleep(0.05)
