"""The user's own Terraform: it reads a folder on this machine, and keeps the state itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines.gcp_account.front import Front, Json, Request, route
from engines.gcp_account.kinds import Made
from engines.gcp_account.storage import Storage
from engines.gcp_account.terraform.applying import Applied, Terraform
from engines.gcp_account.terraform.configuration import configuration
from engines.gcp_account.terraform.kinds import Attributes, Kind, Refused
from engines.gcp_account.terraform.planning import State, Step
from engines.gcp_account.terraform.syntax import Malformed


@dataclass
class _Folder:
    """A folder with a state."""

    path: Path
    state: State = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)


class OwnTerraform:
    """`terraform apply` and `terraform destroy` in folders, as requests: what was done, with what failed."""

    def __init__(self, front: Front, storage: Storage, terraform: Terraform) -> None:
        self._terraform, self._storage = terraform, storage
        self._folders: dict[str, _Folder] = {}
        front.add(
            route("POST", "/tests/terraform/apply", self._apply),
            route("POST", "/tests/terraform/destroy", self._destroy),
        )

    def _apply(self, request: Request) -> Json:
        told = request.json()
        found = self._folders.setdefault(told["folder"], _Folder(Path(told["folder"])))
        steps: list[Step] = []
        try:
            wanted = configuration(_texts(found.path), told["variables"])
            done = self._at(found).apply(wanted, found.state, lambda step, state: _note(steps, step, state))
        except Malformed as problem:
            return {"problem": str(problem)}
        return _told(done, steps)

    def _destroy(self, request: Request) -> Json:
        found = self._folders[request.json()["folder"]]
        steps: list[Step] = []
        done = self._at(found).destroy(found.state, lambda step, state: _note(steps, step, state))
        return _told(done, steps)

    def _at(self, folder: _Folder) -> Terraform:
        """Terraform with what only a machine with files can make."""
        kinds: dict[str, Kind] = {**self._terraform.kinds, "google_storage_bucket_object": self._object(folder.path)}
        return Terraform(kinds, lambda *_: None)

    def _object(self, folder: Path) -> Kind:
        def make(given: Attributes, before: Attributes | None) -> Attributes:
            source = folder / given["source"]
            if not source.is_file():
                raise Refused(400, f"open {given['source']}: no such file or directory")
            self._storage.write(given["bucket"], given["name"], source.read_bytes())
            return {**given, "id": f"{given['bucket']}-{given['name']}"}

        def unmake(before: Attributes) -> None:
            if there(before):
                del self._storage.buckets[before["bucket"]].objects[before["name"]]

        def there(before: Attributes) -> bool:
            bucket = self._storage.buckets.get(before["bucket"])
            return bucket is not None and before["name"] in bucket.objects

        return Made(make, unmake, there, frozenset({"bucket", "name", "source"}))


def _texts(folder: Path) -> dict[str, str]:
    """What expressions may read: everything that is text."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix in (".json", ".yaml"))
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def _note(steps: list[Step], step: Step, state: str) -> None:
    if state == "RECONCILED":
        steps.append(step)


def _told(done: Applied, steps: list[Step]) -> Json:
    failures = [[one.address, one.message] for one in done.failures]
    changes = [[step.intent.lower(), step.address] for step in steps]
    return json.loads(json.dumps({"failures": failures, "outputs": done.outputs, "changes": changes}))
