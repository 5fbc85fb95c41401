"""A cloud as tests see it that are the same for all: its account, its small app, and what is done with them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from clouds import aws_deploys, azure_deploys, gcp_deploys
from clouds import aws_killed_deploy as on_aws
from clouds import aws_small_app as aws_app
from clouds import azure_small_app as azure_app
from clouds import gcp_small_app as gcp_app
from clouds import http_killed_deploy as by_http
from clouds.deploys import Deploys

from skyloom.deployers.bundle import Bundle

Moment = tuple[str, str, str, int]


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """A cloud.

    Attributes:
        name: as targets are called.
        account: the tests' account, subscription or project.
        deploys: what deploys there.
        small_bundle: makes the small app's bundle.
        inventory: what there is in the account, by kind.
        killed: runs a command in a process that is killed at a moment.
        answers: what the small app answers, with `{}` for the price.
        broken: resources beside the app's own that cannot be made, and `cause`: what they are called.
        updated: what of the small app another version has otherwise, and `changed`: what that changes, as plans say it.
    """

    name: str
    account: Any
    deploys: Deploys[Any]
    small_bundle: Callable[..., Bundle]
    inventory: Callable[[], Mapping[str, Any]]
    killed: Callable[..., None]
    answers: str = "{}"
    broken: Any
    cause: str = "flow broken"
    updated: Mapping[str, Any] = field(default_factory=lambda: {"price": "2"})
    changed: frozenset[tuple[str, str]] = frozenset({("function", "price")})

    def deployer(self) -> Any:
        """A deployer of the small app that knows nothing yet."""
        return self.deploys.deployer()

    def deploy(self, **bundle: Any) -> Any:
        """Deploys the small app, changed so: what happened, and how it ended."""
        return self.deploys.deploy(self.small_bundle(**bundle))

    def price(self) -> str:
        """The price that the deployed app answers."""
        before, after = self.answers.split("{}")
        answer: str = self.deploys.ask()
        assert answer.startswith(before) and answer.endswith(after), answer
        return answer.removeprefix(before).removesuffix(after)


def cloud(name: str, account: Any) -> Cloud:
    """The cloud of that name, with an empty account."""
    match name:
        case "aws":
            return Cloud(
                name=name,
                account=account,
                deploys=aws_deploys.DEPLOYS,
                small_bundle=aws_app.small_bundle,
                inventory=lambda: aws_deploys.inventory(account),
                killed=on_aws.killed,
                broken=aws_app.BROKEN,
            )
        case "azure":
            return Cloud(
                name=name,
                account=account,
                deploys=azure_deploys.DEPLOYS,
                small_bundle=azure_app.small_bundle,
                inventory=account.inventory,
                killed=functools.partial(by_http.killed, name),
                answers="{} of 5",
                broken=azure_app.BROKEN,
                cause="queue broken",
                updated={"price": "2", "memory": 4096},
                changed=frozenset({("code", "main"), ("function app", "main")}),
            )
        case _:
            return Cloud(
                name=name,
                account=account,
                deploys=gcp_deploys.DEPLOYS,
                small_bundle=gcp_app.small_bundle,
                inventory=account.inventory,
                killed=functools.partial(by_http.killed, name),
                broken=gcp_app.BROKEN,
            )
