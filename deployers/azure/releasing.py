"""What a release has beside its stack: files that are uploaded, code that is published, and the record of it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from skyloom.deployers.azure import access, publishing, sites
from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.deployed import Deployed
from skyloom.deployers.azure.kept_flows import FOLDER as FLOWS
from skyloom.deployers.azure.marking import marked
from skyloom.deployers.azure.wanted import Wanted
from skyloom.deployers.base import DeployFailed
from skyloom.deployers.bundle import SHOWN_DIGITS
from skyloom.deployers.events import Event
from skyloom.deployers.plan import Action
from skyloom.deployers.releases import Release, Releases


def upload(azure: Azure, deployed: Deployed, wanted: Wanted) -> Iterator[Event]:
    """Brings what the release consists of to where releases lie, where that is there already.

    Raises:
        DeployFailed: a file of the release is neither there nor here.
    """
    artifacts = deployed.artifacts
    if artifacts is None:
        return
    yield from access.gain(azure, artifacts, deployed.storage_account)
    missing = artifacts.missing(wanted.apps.values())
    yield from artifacts.upload({key: one for key, one in wanted.uploads.items() if key in missing})
    lost = [key for key in missing if key not in wanted.uploads]
    if lost:
        raise DeployFailed(f"{len(lost)} of the files of version {wanted.digest[:SHOWN_DIGITS]} are no longer kept")
    artifacts.upload_template(wanted.digest, wanted.template)


def publish(
    azure: Azure, group: str, deployed: Deployed, wanted: Wanted, action: Action, *, undoing: bool = False
) -> Iterator[Event]:
    """Publishes the code of every function app that has another one, and waits until it answers.

    Raises:
        DeployFailed: code cannot be built, or does not answer.
    """
    artifacts = deployed.artifacts
    if artifacts is None:
        raise DeployFailed("the template has no storage account for releases")
    published = artifacts.published()
    for key, name in deployed.apps.items():
        place = wanted.apps.get(key)
        if place is None or published.get(key) == place:
            continue
        to = sites.site(azure, group, name, key)
        artifacts.note(key, None)
        code, digest = marked(artifacts.code(key, place))
        first = not wanted.since
        yield from publishing.publish(azure, to, code, action, first=first, undoing=undoing)
        sites.wait_until_it_answers(azure, to, deployed.functions.get(key, ()), digest, first=first)
        artifacts.note(key, place)


def forget(deployed: Deployed, wanted: Wanted) -> None:
    """Forgets what was published to function apps that go: who gets one of them back, publishes anew."""
    artifacts = deployed.artifacts
    for key in artifacts.published() if artifacts is not None else ():
        if artifacts is not None and key not in wanted.apps:
            artifacts.note(key, None)


def record(deployed: Deployed, wanted: Wanted) -> None:
    """Records the release, which is deployed now."""
    artifacts = deployed.artifacts
    assert artifacts is not None, "it was published from there"
    template = artifacts.upload_template(wanted.digest, wanted.template)
    objects = tuple(wanted.apps[key] for key in sorted(wanted.apps))
    # The flows of earlier versions outlive the releases: runs may have begun with them.
    Releases(artifacts, lambda digest: FLOWS).record(
        Release(digest=wanted.digest, deployed=time.time(), objects=objects, template=template)
    )
