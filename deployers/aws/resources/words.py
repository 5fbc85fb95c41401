"""The words of CloudFormation: resources, references, logical ids.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from skyloom.deployers.naming import digest

Json = Any
Resources = dict[str, dict[str, Json]]
"""Resources by logical id."""

_SIMPLE = re.compile(r"[a-z][a-z0-9]*([-_ ][a-z][a-z0-9]*)*")


def resource(kind: str, properties: Mapping[str, Json], name: str, *, after: Sequence[str] = ()) -> dict[str, Json]:
    """A resource of the type `kind`. `name` is what people call it, in plans and lists; properties that are None are
    left out; `after` names what it has to wait for and does not refer to."""
    made: dict[str, Json] = {"Type": kind, "Metadata": {"Skyloom": {"name": name}}}
    if after:
        made["DependsOn"] = sorted(after)
    return made | {"Properties": {key: value for key, value in properties.items() if value is not None}}


def ref(logical_id: str) -> Json:
    """What `Ref` gives: mostly the physical name."""
    return {"Ref": logical_id}


def att(logical_id: str, attribute: str = "Arn") -> Json:
    """An attribute of a resource."""
    return {"Fn::GetAtt": [logical_id, attribute]}


def sub(text: str) -> Json:
    """A text with `${...}` in it: logical ids, `Id.Attribute`, and what `AWS::...` stands for."""
    return {"Fn::Sub": text}


def arn(service: str, what: str) -> Json:
    """The ARN of something in the stack's own account and region. `what` may hold `${...}`."""
    return sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{what}")


def logical(kind: str, *names: str) -> str:
    """A logical id such as `FunctionSearchArticles`. Names that could be taken for each other get digits."""
    pascal = "".join(part[:1].upper() + part[1:] for name in names for part in re.split(r"[^A-Za-z0-9]+", name))
    simple = all(_SIMPLE.fullmatch(name) for name in names) and len(names) < 2
    return f"{kind}{pascal}" if simple else f"{kind}{pascal}{digest(*names)}"
