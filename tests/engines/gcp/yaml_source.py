"""Reads the YAML of a workflow; what YAML 1.1 and 1.2 read differently is undocumented."""

from __future__ import annotations

import re
from typing import Any

import yaml
from engines.gcp.errors import Undocumented, WorkflowRefused
from engines.gcp.limits import SOURCE_BYTES
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

SCALARS: dict[str, tuple[str, str]] = {
    "tag:yaml.org,2002:null": (r"^(?:null|)$", "n"),
    "tag:yaml.org,2002:bool": (r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    "tag:yaml.org,2002:int": (r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    "tag:yaml.org,2002:float": (r"^-?(?:0|[1-9][0-9]*)\.[0-9]+$", "-0123456789"),
}
"""Plain scalars that every version of YAML reads in the same way."""
DIFFERS = re.compile(
    r"^(?:~|Null|NULL|y|Y|n|N|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|[-+]?\.(?:inf|nan)|[-+]?[0-9][0-9_]*(?::[0-9]+)+"
    r"|[-+]?0[0-9xob][0-9A-Fa-f_]*|\+[0-9.]+|[-+]?[0-9][0-9_]*\.?[0-9_]*(?:[eE][-+]?[0-9]+)?|\d{4}-\d\d?-\d\d?.*|=|<<)$",
    re.IGNORECASE,
)
"""Plain scalars that some version reads as something else than text."""


class Loader(Composer, SafeConstructor, Resolver):
    """Plain data without anchors, keys that stand twice, and scalars that are ambiguous.

    libyaml reads the text where PyYAML has it: that takes a tenth of the time. It is less strict with tabs.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def __init__(self, text: str) -> None:
        quick = yaml.__with_libyaml__ and "\t" not in text
        parser = yaml.CSafeLoader(text) if quick else yaml.SafeLoader(text)
        self.check_event, self.get_event, self.peek_event = parser.check_event, parser.get_event, parser.peek_event
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuses aliases."""
        if self.check_event(yaml.AliasEvent):
            raise Undocumented("an alias in YAML")
        node = super().compose_node(parent, index)
        if isinstance(node, yaml.ScalarNode) and not node.style and node.tag == "tag:yaml.org,2002:str":
            plain(node)
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Refuses keys that stand twice, and keys that are no text."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if any(not isinstance(key, str) for key in keys):
            raise WorkflowRefused(f"a key that is no text, in line {node.start_mark.line + 1}")
        if len(set(keys)) != len(keys):
            raise WorkflowRefused(f"a key that stands twice, in line {node.start_mark.line + 1}")
        return super().construct_mapping(node, deep)


for tag, (pattern, first) in SCALARS.items():
    for sign in first if tag != "tag:yaml.org,2002:null" else "n":
        Loader.yaml_implicit_resolvers.setdefault(sign, []).append((tag, re.compile(pattern)))
Loader.yaml_implicit_resolvers[""] = [("tag:yaml.org,2002:null", re.compile(r"^$"))]


def plain(node: yaml.ScalarNode) -> None:
    """Refuses a plain scalar that is text here, and something else elsewhere."""
    if DIFFERS.match(str(node.value)):
        raise Undocumented(f"the plain YAML scalar {node.value} in line {node.start_mark.line + 1}: quote it")


def load(text: str) -> Any:
    """The data of a source text, YAML or JSON.

    Raises:
        WorkflowRefused: It is too long, no YAML, or has a key twice.
        Undocumented: It depends on a version of YAML.
    """
    if len(text.encode()) > SOURCE_BYTES:
        raise WorkflowRefused(f"the source has {len(text.encode())} bytes, {SOURCE_BYTES} are allowed")
    try:
        return Loader(text).get_single_data()
    except yaml.YAMLError as problem:
        raise WorkflowRefused(f"no YAML: {problem}") from None
