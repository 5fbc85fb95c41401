"""What is to be deployed: a template, the code of its function apps, and what a plan found out about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from skyloom.deployers.azure.artifacts import Upload, apps_of
from skyloom.deployers.azure.previews import Preview
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.releases import Release

TEMPLATE = "template.json"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be deployed.

    Attributes:
        apps: the object that holds each function app's code, by the app's key.
        uploads: those of the objects that this machine has.
        since: the deployment of the stack's last change when the plan was made; empty where there was none.
        unchanged: whether nothing is to be done.
        preview: what the plan found.
    """

    digest: str
    template: bytes
    apps: Mapping[str, str]
    uploads: Mapping[str, Upload]
    since: str = ""
    unchanged: bool = False
    preview: Preview = field(default_factory=Preview)

    @classmethod
    def of(cls, bundle: Bundle) -> Wanted:
        """What a bundle wants."""
        found = apps_of(bundle)
        return cls(
            bundle.digest,
            bundle.files[TEMPLATE],
            {key: place for key, (place, _) in found.items()},
            dict(found.values()),
        )

    @classmethod
    def again(cls, release: Release, template: bytes) -> Wanted:
        """What a release had deployed."""
        return cls(release.digest, template, {key.split("/")[1]: key for key in release.objects}, {})
