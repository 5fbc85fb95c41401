"""The words of Terraform's JSON syntax: resources, references, names.

https://developer.hashicorp.com/terraform/language/syntax/json
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from skyloom.deployers.naming import digest

Json = Any
Resources = dict[str, dict[str, Json]]
"""Resources by address: `google_pubsub_topic.events`."""

PROJECT, REGION, ARTIFACTS = "${var.project}", "${var.region}", "${local.artifacts}"
"""Where the configuration is deployed, and the bucket in which the functions' code lies."""

SUFFIX = "random_id.suffix"
"""The address of the digits that are in names which a second deployment could not have: of what is never quite gone
(roles, key rings, logs), and of what stays when the app is destroyed."""

BETA = "google-beta"
"""The provider of what is not in Google's main one."""

_COMMENT = "//"
"""Terraform leaves this property out of account wherever it stands in a block's body."""


def resource(kind: str, arguments: Mapping[str, Json], name: str, *, after: Sequence[str] = ()) -> dict[str, Json]:
    """A resource. `kind` and `name` are what people call it, in plans and lists; arguments that are None are left out;
    `after` holds the addresses of what it has to wait for and does not refer to."""
    made: dict[str, Json] = {_COMMENT: {"kind": kind, "name": name}}
    made |= {key: value for key, value in arguments.items() if value is not None}
    return made | ({"depends_on": sorted(after)} if after else {})


def noted(made: Mapping[str, Json], **more: Json) -> dict[str, Json]:
    """The resource with something more said in its comment."""
    return {**made, _COMMENT: {**made[_COMMENT], **more}}


def comment(made: Mapping[str, Json]) -> dict[str, Json]:
    """What is said in the comment of a resource."""
    said: dict[str, Json] = made[_COMMENT]
    return said


def ref(address: str, attribute: str = "id") -> str:
    """A reference to an attribute of a resource."""
    return f"${{{address}.{attribute}}}"


def account_of(address: str) -> str:
    """The member of a service account, as bindings write it."""
    return f"serviceAccount:{ref(address, 'email')}"


def plain(text: str) -> str:
    """The text as Terraform takes it for nothing but text: what would begin an expression is escaped.

    https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
    """
    return text.replace("${", "$${").replace("%{", "%%{")


def block_name(*names: str) -> str:
    """The name of a resource in the configuration, such as `function_price__values`. Names with other characters than
    letters, digits, `-` and `_` get digits that tell them apart."""
    return "__".join(_block_part(name) for name in names if name)


def _block_part(name: str) -> str:
    plain_name = re.sub(r"[^A-Za-z0-9_-]+", "_", name).replace("-", "_").strip("_")
    known = re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name.rstrip("/"))
    return plain_name if known else f"{plain_name}_{digest(name)}"


def cloud_name(longest: int, *parts: str) -> str:
    """A name of lower-case letters, digits and hyphens that begins with a letter, cut and told apart by digits where
    that changed it."""
    wanted = "-".join(parts)
    made = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")
    made = made if made[:1].isalpha() else f"a{made}"
    if made == wanted and len(made) <= longest:
        return made
    return f"{made[: longest - 7].rstrip('-')}-{digest(wanted)}"


def once(name: str) -> str:
    """The name with digits of this deployment's own."""
    return f"{name}-${{{SUFFIX}.hex}}"


def by_type(resources: Resources) -> dict[str, dict[str, Json]]:
    """The resources as a `resource` block has them: by type and name, sorted."""
    found: dict[str, dict[str, Json]] = {}
    for address in sorted(resources):
        type_, _, name = address.partition(".")
        found.setdefault(type_, {})[name] = resources[address]
    return found
