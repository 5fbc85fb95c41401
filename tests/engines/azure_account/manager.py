"""The Resource Manager over HTTP: groups, resources, deployments, stacks, keys of function hosts."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from typing import Any

from engines.azure_account.answers import AzureError, Token
from engines.azure_account.deployments import Deployments
from engines.azure_account.expressions import Json
from engines.azure_account.names import SUBSCRIPTION
from engines.azure_account.resources import Resources
from engines.azure_account.sites import Sites
from engines.azure_account.stacks import Stacks
from engines.gcp_account.front import Answer, Front, Request, route

_GROUP = rf"/subscriptions/{SUBSCRIPTION}/resourcegroups/(?P<group>[^/]+)"
_STACK = rf"{_GROUP}/providers/microsoft\.resources/deploymentstacks/(?P<name>[^/]+)"
_DEPLOYMENT = rf"{_GROUP}/providers/microsoft\.resources/deployments/(?P<name>[^/]+)"
Handle = Callable[..., Any]


class Manager:
    """Answers what begins with `/subscriptions`."""

    def __init__(
        self, front: Front, resources: Resources, deployments: Deployments, stacks: Stacks, sites: Sites
    ) -> None:
        self._front, self._resources, self._deployments = front, resources, deployments
        self._stacks, self._sites = stacks, sites
        self._answers: dict[str, Answer] = {}
        self._numbers = itertools.count(1)
        self.vaults: dict[str, str] = {}
        """The ids of vaults that were deleted, by name."""
        for method in ("GET", "PUT", "POST", "DELETE", "PATCH"):
            front.add(route(method, "/subscriptions/{rest=**}", self._respond))
        self._routes: list[tuple[str, re.Pattern[str], Handle]] = [
            (method, re.compile(pattern, re.IGNORECASE), handle)
            for method, pattern, handle in (
                ("GET", rf"/subscriptions/{SUBSCRIPTION}/results/(?P<number>\d+)", self._result),
                ("GET", rf"/subscriptions/{SUBSCRIPTION}/providers/microsoft\.keyvault/deletedvaults", self._deleted),
                (
                    "GET",
                    rf"/subscriptions/{SUBSCRIPTION}/providers/microsoft\.cognitiveservices/deletedaccounts",
                    lambda request: {"value": []},
                ),
                ("GET", rf"/subscriptions/{SUBSCRIPTION}/providers/(?P<namespace>[^/]+)", self._provider),
                ("GET", _GROUP, self._group),
                ("PUT", _GROUP, self._make_group),
                ("DELETE", _GROUP, self._delete_group),
                ("GET", rf"{_GROUP}/resources", self._listed),
                ("GET", _STACK, lambda request, group, name: self._stacks.get(group, name).to_json()),
                ("PUT", _STACK, self._put_stack),
                ("DELETE", _STACK, self._delete_stack),
                ("POST", rf"{_STACK}/validate", self._validate),
                ("POST", rf"{_STACK}/exporttemplate", self._export),
                ("POST", rf"{_DEPLOYMENT}/whatif", self._what_if),
                ("GET", rf"{_GROUP}/deployments/(?P<name>[^/]+)/operations", self._operations),
                ("POST", r"(?P<site>/subscriptions/.*/microsoft\.web/sites/[^/]+)/host/default/listkeys", self._keys),
                ("GET", r"(?P<id_>/subscriptions/.*/providers/.*)", self._get),
                ("PUT", r"(?P<id_>/subscriptions/.*/providers/.*)", self._put),
                ("DELETE", r"(?P<id_>/subscriptions/.*/providers/.*)", self._delete),
            )
        ]

    def _respond(self, request: Request) -> Any:
        Token.of(request, self._front.address("apis"))
        if "api-version" not in request.query:
            raise AzureError(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
        for method, pattern, handle in self._routes:
            found = pattern.fullmatch(request.path) if method == request.method else None
            if found is not None:
                return handle(request, **found.groupdict())
        raise AzureError(404, "InvalidResourceType", f"the local Azure has no {request.method} {request.path}")

    # --- groups ---

    def _known(self, group: str) -> dict[str, Json]:
        found = self._resources.groups.get(group.lower())
        if found is None:
            raise AzureError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
        return found

    def _group(self, request: Request, group: str) -> Json:
        return self._known(group)

    def _make_group(self, request: Request, group: str) -> Answer:
        body = request.json()
        made = {
            "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}",
            "name": group,
            "type": "Microsoft.Resources/resourceGroups",
            "location": body["location"],
            "tags": body.get("tags") or {},
            "properties": {"provisioningState": "Succeeded"},
        }
        self._resources.groups[group.lower()] = made
        return Answer.of_json(made, 201)

    def _delete_group(self, request: Request, group: str) -> Answer:
        self._known(group)
        for one in sorted(self._resources.all(group), key=lambda one: len(one.id)):
            self._resources.delete(one.id)
        self._stacks.forget(group)
        del self._resources.groups[group.lower()]
        return self._later(Answer(200))

    def _listed(self, request: Request, group: str) -> Json:
        self._known(group)
        found = [
            one for one in self._resources.all(group) if one.type.count("/") == 1 and one.id.count("/providers/") == 1
        ]
        return {"value": [{k: v for k, v in one.to_json().items() if k != "properties"} for one in found]}

    # --- stacks and deployments ---

    def _put_stack(self, request: Request, group: str, name: str) -> Answer:
        self._known(group)
        return Answer.of_json(self._stacks.put(group, name, request.json()).to_json(), 201)

    def _delete_stack(self, request: Request, group: str, name: str) -> Answer:
        unmanaged = request.query.get("unmanageAction.Resources", "detach")
        undeletable = request.query.get("unmanageAction.ResourcesWithoutDeleteSupport", "fail")
        self._stacks.delete(group, name, unmanaged, undeletable)
        return self._later(Answer(200), running=True)

    def _validate(self, request: Request, group: str, name: str) -> Answer:
        self._known(group)
        try:
            self._deployments.validate(self._deployments.template(group, request.json()["properties"]))
        except AzureError as error:
            if error.code != 400:
                raise
            return Answer.of_json({"error": error.to_json()}, 400)
        return self._later(Answer.of_json({"properties": {}}))

    def _export(self, request: Request, group: str, name: str) -> Json:
        return {"template": self._stacks.get(group, name).asked["template"]}

    def _what_if(self, request: Request, group: str, name: str) -> Answer:
        self._known(group)
        template = self._deployments.template(group, request.json()["properties"])
        found = {"status": "Succeeded", "properties": {"changes": self._deployments.changes(group, template)}}
        return self._later(Answer.of_json(found))

    def _operations(self, request: Request, group: str, name: str) -> Json:
        found = self._deployments.done.get(name)
        if found is None:
            raise AzureError(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")
        return {"value": [one.to_json(found.id) for one in list(found.operations)]}

    def _later(self, answer: Answer, *, running: bool = False) -> Answer:
        """An answer that is to be asked for once more, at another address."""
        number = str(next(self._numbers))
        self._answers[number] = answer
        here = f"{self._front.address('apis')}/subscriptions/{SUBSCRIPTION}/results/{number}?api-version=2020-01-01"
        return Answer(202, b"", {"Location": here, "Retry-After": "0"})

    def _result(self, request: Request, number: str) -> Answer:
        return self._answers[number]

    # --- resources ---

    def _get(self, request: Request, id_: str) -> Json:
        found = self._resources.get(id_)
        if found is None:
            raise AzureError(404, "ResourceNotFound", f"The Resource '{id_}' was not found.")
        return found.to_json()

    def _put(self, request: Request, id_: str) -> Answer:
        return Answer.of_json(self._resources.put(id_, request.json()).to_json(), 201)

    def _delete(self, request: Request, id_: str) -> Answer:
        return Answer(200 if self._resources.delete(id_) else 204)

    def _keys(self, request: Request, site: str) -> Json:
        return self._sites.keys(site)

    def _deleted(self, request: Request) -> Json:
        rows = [{"name": name, "properties": {"vaultId": id_}} for name, id_ in self.vaults.items()]
        return {"value": rows}

    def _provider(self, request: Request, namespace: str) -> Json:
        known = (one.type.partition("/") for one in self._resources.all())
        types: Mapping[str, None] = dict.fromkeys(name for of, _, name in known if of.lower() == namespace.lower())
        return {
            "namespace": namespace,
            "resourceTypes": [{"resourceType": name, "apiVersions": ["2024-01-01", "2023-01-01"]} for name in types],
        }
