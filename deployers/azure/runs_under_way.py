"""The runs of an app that are under way: deleting the app stops them."""

from __future__ import annotations

from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.deployed import Deployed
from skyloom.deployers.azure.executions import is_run
from skyloom.deployers.azure.instances import Instances
from skyloom.deployers.base import DeployFailed


def running(azure: Azure, deployed: Deployed) -> int:
    """How many there are. None where the app does not answer: it may be broken, and is to go all the same."""
    try:
        found = Instances(azure, deployed).listed(runtimeStatus="Running,Pending,Suspended")
        return sum(1 for one in found if is_run(one))
    except (DeployFailed, azure.refused, azure.unreached):
        return 0
