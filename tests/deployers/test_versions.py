"""Versions of an app, in every cloud: going back, how many are kept, and plans that another version made outdated."""

from __future__ import annotations

import pytest
from clouds.cloud import Cloud
from clouds.deploys import code_of

from skyloom.deployers.base import DeployFailed
from skyloom.errors import UserError


def test_a_rollback_brings_the_version_before_and_back_again(cloud: Cloud) -> None:
    cloud.deploy()
    cloud.deploy(**cloud.updated)
    made = cloud.deployer()
    plan = made.plan_rollback(None)
    assert plan.version == cloud.small_bundle().version
    assert sorted((change.kind, change.name) for change in plan.changes) == sorted(cloud.changed)
    list(made.apply(plan))
    assert cloud.price() == "1"
    versions = cloud.deployer().status().versions
    assert [version.current for version in versions] == [True, False, True]
    made = cloud.deployer()
    list(made.apply(made.plan_rollback(None)))
    assert cloud.price() == "2"


def test_a_rollback_to_a_named_version(cloud: Cloud) -> None:
    for price in "123":
        cloud.deploy(price=price)
    made = cloud.deployer()
    list(made.apply(made.plan_rollback(cloud.small_bundle().version)))
    assert cloud.price() == "1"
    with pytest.raises(UserError) as raised:
        cloud.deployer().plan_rollback("abc")
    assert code_of(raised.value) == "SKY648"
    assert cloud.small_bundle(price="2").version in str(raised.value)


def test_only_the_last_versions_are_kept(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skyloom.deployers.releases.KEPT", 2)
    for price in "1234":
        cloud.deploy(price=price)
    kept = [version.version for version in cloud.deployer().status().versions]
    assert kept == [cloud.small_bundle(price=price).version for price in "43"]
    with pytest.raises(UserError):
        cloud.deployer().plan_rollback(cloud.small_bundle(price="1").version)


def test_without_an_earlier_version_there_is_nothing_to_go_back_to(cloud: Cloud) -> None:
    with pytest.raises(UserError) as raised:
        cloud.deployer().plan_rollback(None)
    assert code_of(raised.value) == "SKY643"
    cloud.deploy()
    with pytest.raises(UserError) as raised:
        cloud.deployer().plan_rollback(None)
    assert code_of(raised.value) == "SKY648"


def test_a_plan_that_somebody_else_made_outdated_is_refused(cloud: Cloud) -> None:
    cloud.deploy()
    first = cloud.deployer()
    plan = first.plan(cloud.small_bundle(price="2"))
    cloud.deploy(price="3")
    with pytest.raises(DeployFailed, match="out of date"):
        list(first.apply(plan))
    assert cloud.price() == "3"
