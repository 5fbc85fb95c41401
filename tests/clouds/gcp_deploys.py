"""Deploying to the tests' Google Cloud project."""

from __future__ import annotations

from clouds.deploys import Deploys

from skyloom.deployers.gcp.deployer import GcpDeployer

DEPLOYS = Deploys(GcpDeployer)
deployer, deploy, destroy = DEPLOYS.deployer, DEPLOYS.deploy, DEPLOYS.destroy
ask, ended = DEPLOYS.ask, DEPLOYS.ended
