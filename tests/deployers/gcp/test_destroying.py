"""Destroying a small app on Google Cloud: nothing is left but data that is kept."""

from __future__ import annotations

import pytest
from clouds.gcp_deploys import deploy, deployer, destroy
from clouds.gcp_small_app import WAITING, small_bundle
from engines.gcp_account.account import GoogleProject

from skyloom.deployers.base import DeployFailed
from skyloom.deployers.events import Changed


def put(gcp: GoogleProject, bucket: str, name: str = "order") -> None:
    query = {"uploadType": "media", "name": name}
    gcp.http.post(f"/upload/storage/v1/b/{bucket}/o", params=query, content=b"1").raise_for_status()


def test_destroying_leaves_nothing(gcp: GoogleProject) -> None:
    _, finished = deploy(small_bundle())
    put(gcp, finished.outputs["bucket"])
    plan = deployer().removal(delete_data=False)
    assert {change.action for change in plan.changes} == {"delete"}
    assert {change.name for change in plan.changes if change.loses_data} == {"uploads"}
    events = destroy()
    assert Changed(action="delete", kind="function", name="price", state="done") in events
    assert gcp.inventory() == {}
    assert destroy()[-1:] == events[-1:]


def test_runs_under_way_are_stopped(gcp: GoogleProject) -> None:
    deploy(small_bundle(definition=WAITING))
    made = deployer()
    made.start("quote", {})
    made.start("quote", {})
    assert deployer().removal(delete_data=False).notes == ("2 runs are under way and will be stopped",)
    destroy()
    assert gcp.inventory() == {}


def test_data_that_is_kept_is_named_and_goes_when_asked_for(gcp: GoogleProject) -> None:
    _, finished = deploy(small_bundle(keep=True))
    bucket = finished.outputs["bucket"]
    put(gcp, bucket)
    assert [c.name for c in deployer().removal(delete_data=False).changes if c.action == "keep"] == ["uploads"]
    events = destroy()
    assert bucket in events[-1].text  # type: ignore[union-attr]
    assert gcp.inventory() == {"buckets": [bucket]}
    # What stayed is found again, also now that its deployment is gone.
    plan = deployer().removal(delete_data=False)
    assert plan.is_empty and [change.name for change in plan.changes] == [bucket]
    plan = deployer().removal(delete_data=True)
    assert [change.name for change in plan.changes if change.loses_data] == [bucket]
    destroy(delete_data=True)
    assert gcp.inventory() == {}


LABELS = {"skyloom-app": "shop", "skyloom-environment": "dev"}
HOLDING = {
    "google_pubsub_topic": {
        "orders": {"//": {"kind": "queue", "name": "orders", "keep": True}, "name": "orders-1", "labels": LABELS}
    },
    "google_pubsub_subscription": {
        "orders": {
            "//": {"keep": True},
            "name": "orders-1",
            "topic": "${google_pubsub_topic.orders.id}",
            "labels": LABELS,
        }
    },
    "google_secret_manager_secret": {"key": {"//": {"keep": True}, "secret_id": "key-1", "labels": LABELS}},
}
"""What else holds data."""


def test_queues_and_secrets_are_kept_found_and_deleted_like_buckets(gcp: GoogleProject) -> None:
    deploy(small_bundle(more=HOLDING))
    plan = deployer().removal(delete_data=False)
    assert {(c.kind, c.name) for c in plan.changes if c.action == "keep"} == {
        ("queue", "orders"), ("subscription", "orders"), ("secret", "key"),
    }  # fmt: skip
    destroy()
    left = {kind: [name.rpartition("/")[2] for name in names] for kind, names in gcp.inventory().items()}
    assert left == {"secrets": ["key-1"], "subscriptions": ["orders-1"], "topics": ["orders-1"]}
    assert {(c.action, c.name) for c in deployer().removal(delete_data=True).changes} == {
        ("delete", "key-1"), ("delete", "orders-1"),
    }  # fmt: skip
    destroy(delete_data=True)
    assert gcp.inventory() == {}


def test_data_goes_at_once_when_asked_for(gcp: GoogleProject) -> None:
    _, finished = deploy(small_bundle(keep=True))
    put(gcp, finished.outputs["bucket"])
    destroy(delete_data=True)
    assert gcp.inventory() == {}


def test_what_cannot_be_deleted_is_said_and_goes_when_it_can(gcp: GoogleProject) -> None:
    deploy(small_bundle())
    gcp.trouble("google_storage_bucket.uploads", "the bucket is held", 403)
    with pytest.raises(DeployFailed, match="cannot be deleted: bucket uploads: the bucket is held"):
        destroy()
    assert gcp.inventory()["buckets"]
    destroy()
    assert gcp.inventory() == {}
