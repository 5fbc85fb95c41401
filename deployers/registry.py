"""Finds the deployer of a target."""

from __future__ import annotations

from typing import cast

from skyloom import plugins
from skyloom.deployers.base import Deployer
from skyloom.errors import ConfigError, Diagnostic
from skyloom.flows.app import Environment
from skyloom.flows.config_reading import did_you_mean


def targets() -> list[str]:
    """The targets that can be deployed to."""
    return plugins.names("skyloom.deployers")


def deployer(target: str, app: str, environment: str, settings: Environment) -> Deployer:
    """The deployer of the target for an app in an environment. It calls nothing yet.

    Raises:
        ConfigError: SKY640, there is no such target.
    """
    known = targets()
    if target not in known:
        hint = did_you_mean(target, known) or f"there is: {', '.join(known) or 'none'}"
        raise ConfigError(Diagnostic("SKY640", f"no target `{target}`", "command line", hint=hint))
    return cast("Deployer", plugins.load("skyloom.deployers", target)(app, environment, settings))
