"""Deploying to the tests' Azure subscription."""

from __future__ import annotations

from clouds.deploys import Deploys

from skyloom.deployers.azure.deployer import AzureDeployer

DEPLOYS = Deploys(AzureDeployer)
deployer, deploy, destroy = DEPLOYS.deployer, DEPLOYS.deploy, DEPLOYS.destroy
ask, ended = DEPLOYS.ask, DEPLOYS.ended
