"""Links to approvals: whoever did not get one cannot make one, and none is good for ever."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyloom.deployers.aws.services.keys import Keys
from skyloom.deployers.services import links

KEY, OLD, OTHER = b"current", b"previous", b"other"


def test_a_link_leads_back_to_its_approval() -> None:
    parts = urlsplit(links.link("https://api.example/", KEY, "abc", 2000))
    query = parse_qs(parts.query)
    assert parts.path == "/approvals/abc"
    assert links.check([KEY], "abc", query["e"][0], query["s"][0], now=1999) == 2000


def test_links_that_were_signed_with_the_key_before_are_good() -> None:
    assert links.check([KEY, OLD], "abc", "2000", links.signature(OLD, "abc", 2000), now=1) == 2000


@pytest.mark.parametrize(
    ("wait", "expiry", "signed"),
    [
        ("abc", "2000", ""),
        ("abc", "2000", links.signature(OTHER, "abc", 2000)),
        ("abc", "3000", links.signature(KEY, "abc", 2000)),
        ("abd", "2000", links.signature(KEY, "abc", 2000)),
        ("abc", "02000", links.signature(KEY, "abc", 2000)),
        ("abc", "2000 ", links.signature(KEY, "abc", 2000)),
        ("abc", "٢٠٠٠", links.signature(KEY, "abc", 2000)),
        ("abc", "", links.signature(KEY, "abc", 2000)),
        ("abc", "-5", links.signature(KEY, "abc", -5)),
        ("abc", "2000", links.signature(KEY, "abc", 2000) + "="),
        ("abc", "2000", "ä" + links.signature(KEY, "abc", 2000)[1:]),
    ],
)
def test_altered_links_are_forged_also_when_their_time_is_over(wait: str, expiry: str, signed: str) -> None:
    for now in (1, 10_000):
        with pytest.raises(links.Forged):
            links.check([KEY], wait, expiry, signed, now)


@given(st.text(), st.text(), st.text(max_size=60))
def test_nothing_that_is_made_up_is_taken(wait: str, expiry: str, signed: str) -> None:
    with pytest.raises(links.Forged):
        links.check([KEY, OLD], wait, expiry, signed, now=0)


def test_a_link_ends_at_its_moment() -> None:
    signed = links.signature(KEY, "abc", 2000)
    assert links.check([KEY], "abc", "2000", signed, now=1999.9) == 2000
    with pytest.raises(links.Expired):
        links.check([KEY], "abc", "2000", signed, now=2000)


class Secrets:
    """Stands for Secrets Manager: values by stage."""

    class exceptions:
        class ResourceNotFoundException(Exception):
            pass

    def __init__(self, **stages: str) -> None:
        self.stages = stages
        self.reads = 0

    def get_secret_value(self, SecretId: str, VersionStage: str) -> dict[str, Any]:
        self.reads += 1
        if VersionStage not in self.stages:
            raise self.exceptions.ResourceNotFoundException
        return {"SecretString": self.stages[VersionStage]}


def test_keys_are_kept_and_a_key_made_since_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    secrets = Secrets(AWSCURRENT="one")
    keys = Keys(secrets, "arn")
    assert keys.current() == b"one"
    assert keys.accepted() == [b"one"]
    assert keys.accepted() == [b"one"]
    assert secrets.reads == 2
    secrets.stages = {"AWSCURRENT": "two", "AWSPREVIOUS": "one"}
    clock[0] = 5
    assert keys.accepted(fresh=True) == [b"one"], "asked a moment ago: forged links must not cause many calls"
    clock[0] = 11
    assert keys.accepted(fresh=True) == [b"two", b"one"]
    assert keys.current() == b"two"


def test_without_a_current_key_nothing_is_signed() -> None:
    with pytest.raises(Secrets.exceptions.ResourceNotFoundException):
        Keys(Secrets(), "arn").current()


def test_ninety_days_are_the_longest() -> None:
    assert time.gmtime(links.LONGEST)[:3] == (1970, 4, 1)
