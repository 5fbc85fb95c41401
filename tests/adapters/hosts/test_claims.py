"""The claim check: what travels with a run, what waits in the bucket, and which pointers count."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from servers.azure_server import AzureServer
from servers.google_metadata import GoogleServer

from skyloom.adapters import azure_apis, web_apis
from skyloom.adapters.hosts import claims, google_values
from skyloom.errors import TaskFailed


class NoSuchKey(Exception):
    """What S3 raises."""


class Storage:
    """A bucket in memory, with the two calls that the claim check makes."""

    class exceptions:
        NoSuchKey = NoSuchKey

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:
        assert ContentType == "application/json"
        self.objects[Bucket, Key] = Body

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        if (Bucket, Key) not in self.objects:
            raise NoSuchKey
        return {"Body": io.BytesIO(self.objects[Bucket, Key])}


LARGE = {"text": "ä" * 110_000}


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Storage:
    made = Storage()
    monkeypatch.setattr(claims, "_clients", [made])
    monkeypatch.setenv("SKYLOOM_BUCKET", "app-bucket")
    return made


def test_small_values_travel(storage: Storage) -> None:
    for value in (None, 3, "x", {"a": [1]}):
        assert claims.checked_in("work", value, "reference", "r1") == value
    assert storage.objects == {}


def test_of_many_values_that_come_together_smaller_ones_wait_too(storage: Storage) -> None:
    page = "x" * 3_000
    assert claims.checked_in("work", page, "reference", "r1") == page
    pointer = claims.checked_in("work", page, "gathered", "r1")
    assert len(json.dumps(pointer)) < 200
    assert claims.checked_in("work", page[:1_000], "gathered", "r1") == page[:1_000]
    assert claims.checked_out({"pages": [pointer, "y"]}, "r1") == {"pages": [page, "y"]}


def test_a_large_value_waits_and_comes_back(storage: Storage) -> None:
    pointer = claims.checked_in("work", LARGE, "reference", "r1")
    ((bucket, key),) = storage.objects
    assert (bucket, key.startswith("values/r1/")) == ("app-bucket", True)
    assert pointer == {"$skyloom": f"s3://{bucket}/{key}", "bytes": len(storage.objects[bucket, key])}
    assert claims.checked_in("work", LARGE, "reference", "r1") == pointer
    given = {"paper": pointer, "more": [pointer, {"in": pointer}], "n": 3}
    assert claims.checked_out(given, "r1") == {"paper": LARGE, "more": [LARGE, {"in": LARGE}], "n": 3}


def test_a_value_that_somebody_looks_into_travels_as_far_as_it_may(storage: Storage) -> None:
    assert claims.checked_in("work", LARGE, "inline", "r1") == LARGE
    with pytest.raises(TaskFailed, match=r"^work returned 260,011 bytes of JSON; at most 250,000 travel with a run\."):
        claims.checked_in("work", {"text": "x" * 260_000}, "inline", "r1")
    assert storage.objects == {}


def test_without_a_bucket_everything_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SKYLOOM_BUCKET", raising=False)
    assert claims.checked_in("work", LARGE, "reference", "r1") == LARGE
    assert claims.checked_out({"$skyloom": "s3://x/values/r1/y", "bytes": 1}, "r1")["bytes"] == 1


@pytest.mark.parametrize(
    "pointer",
    [
        {"$skyloom": "s3://other/values/r1/x.json", "bytes": 1},
        {"$skyloom": "s3://app-bucket/values/r2/x.json", "bytes": 1},
        {"$skyloom": "s3://app-bucket/secrets/x.json", "bytes": 1},
        {"$skyloom": "s3://app-bucket/values/r1/x.json", "bytes": 1, "more": 2},
        {"$skyloom": f"s3://app-bucket/values/r1/../r2/{64 * 'a'}.json", "bytes": 1},
        {"$skyloom": "s3://app-bucket/values/r1/x.json", "bytes": 1},
        {"$skyloom": 3, "bytes": 1},
    ],
)
def test_a_pointer_from_outside_is_plain_data(storage: Storage, pointer: dict[str, Any]) -> None:
    for key in ("r2/x", f"r1/../r2/{64 * 'a'}", "r1/x"):
        storage.objects["app-bucket", f"values/{key}.json"] = json.dumps("another run's").encode()
    assert claims.checked_out({"a": pointer}, "r1") == {"a": pointer}


def test_a_value_that_is_gone(storage: Storage) -> None:
    pointer = claims.checked_in("work", LARGE, "reference", "r1")
    storage.objects.clear()
    with pytest.raises(TaskFailed, match="is gone: large values are kept for a limited time"):
        claims.checked_out([pointer], "r1")


# --- Google's Cloud Storage -----------------------------------------------------------------------------------------


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleServer]:
    monkeypatch.setattr(web_apis, "_FIRST_PAUSE", 0.01)
    monkeypatch.setenv("SKYLOOM_BUCKET", "gs://app-bucket")
    with GoogleServer() as server:
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        yield server


def test_a_large_value_waits_in_cloud_storage(google: GoogleServer) -> None:
    pointer = claims.checked_in("work", LARGE, "reference", "r1")
    ((bucket, key),) = google.objects
    assert (bucket, key.startswith("values/r1/")) == ("app-bucket", True)
    assert pointer == {"$skyloom": f"gs://{bucket}/{key}", "bytes": len(google.objects[bucket, key])}
    assert claims.checked_out({"paper": pointer}, "r1") == {"paper": LARGE}
    assert claims.checked_out({"paper": pointer}, "r2") == {"paper": pointer}


def test_what_cloud_storage_does_not_give(google: GoogleServer) -> None:
    pointer = claims.checked_in("work", LARGE, "reference", "r1")
    google.objects.clear()
    with pytest.raises(TaskFailed, match="is gone"):
        claims.checked_out([pointer], "r1")
    google.statuses = [403]
    with pytest.raises(TaskFailed, match="cannot be read from gs://app-bucket: it is gone, "):
        claims.checked_out([pointer], "r1")
    google.statuses = [403]
    with pytest.raises(TaskFailed, match="cannot be kept in gs://app-bucket"):
        claims.checked_in("work", LARGE, "reference", "r1")


# --- the storage account of Azure -----------------------------------------------------------------------------------


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureServer]:
    monkeypatch.setattr(web_apis, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(azure_apis, "_tokens", {})
    with AzureServer() as server:
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        yield server


def test_a_large_value_waits_in_a_blob(azure: AzureServer) -> None:
    pointer = claims.checked_in("work", LARGE, "reference", "r1")
    ((container, name),) = azure.blobs
    assert (container, name.startswith("values/r1/")) == ("claims", True)
    host = azure.url.removeprefix("http://")
    assert pointer == {"$skyloom": f"https://{host}/claims/{name}", "bytes": len(azure.blobs[container, name])}
    assert claims.checked_out({"paper": pointer}, "r1") == {"paper": LARGE}
    assert claims.checked_out({"paper": pointer}, "r2") == {"paper": pointer}


def test_what_the_storage_account_does_not_give(azure: AzureServer) -> None:
    pointer = claims.checked_in("work", LARGE, "reference", "r1")
    azure.blobs.clear()
    with pytest.raises(TaskFailed, match="is gone"):
        claims.checked_out([pointer], "r1")
    azure.statuses = [403]
    with pytest.raises(TaskFailed, match="cannot be read from the app's storage account: storage GET: 403"):
        claims.checked_out([pointer], "r1")
    azure.statuses = [403]
    with pytest.raises(TaskFailed, match="cannot be kept in the app's storage account: storage PUT: 403"):
        claims.checked_in("work", LARGE, "reference", "r1")


# --- in part ------------------------------------------------------------------------------------------------------

PARTS = [{"words": n, "text": "ä" * 60_000, "note": "short", "lines": ["x" * 3_000, "y"]} for n in range(2)]


def test_parts_that_nobody_looks_into_wait(storage: Storage) -> None:
    kept = claims.checked_in("work", PARTS, "reference", "r1", {"*": {"words": True, "lines": {}}})
    assert [(part["words"], part["note"], part["lines"][1]) for part in kept] == [(0, "short", "y"), (1, "short", "y")]
    assert all(pointer.keys() == {"$skyloom", "bytes"} for part in kept for pointer in (part["text"], part["lines"][0]))
    assert len(storage.objects) == 2, "what is the same is kept once"
    assert claims.checked_out({"given": kept}, "r1") == {"given": PARTS}


def test_what_is_looked_into_stays(storage: Storage) -> None:
    kept = claims.checked_in(
        "work", PARTS[:1] * 2, "gathered", "r1", {"0": {"text": True}, "*": {"lines": {"0": True}}}
    )
    assert kept[0]["text"] == PARTS[0]["text"]
    assert kept[0]["lines"]["bytes"] > 3_000
    assert kept[1]["lines"] == PARTS[0]["lines"]
    assert kept[1]["text"]["bytes"] > 120_000
    for looks in (True, {"*": True}):
        assert claims.checked_in("work", PARTS[:1], "gathered", "r1", looks) == PARTS[:1]
    assert claims.checked_in("work", "x" * 3_000, "gathered", "r1", {}) == "x" * 3_000


def test_small_values_stay_whole(storage: Storage) -> None:
    page = {"number": 1, "text": "x" * 3_000}
    assert claims.checked_in("work", page, "reference", "r1", {"number": True}) == page
    assert storage.objects == {}


def test_what_remains_may_still_be_too_large(storage: Storage) -> None:
    with pytest.raises(TaskFailed, match=r"returned 300,\d+ bytes"):
        claims.checked_in("work", {"text": "x" * 300_000, "more": LARGE}, "reference", "r1", {"text": True})


def test_on_google_less_travels_with_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, bytes] = {}
    monkeypatch.setenv("SKYLOOM_BUCKET", "gs://app-bucket")
    monkeypatch.setattr(
        google_values, "put", lambda bucket, key, content: kept.update({f"gs://{bucket}/{key}": content})
    )
    for looks in (False, {"number": True}):
        page = {"number": 1, "text": "x" * 15_000}
        assert claims.checked_in("work", page, "reference", "r1", looks) == page
    whole = claims.checked_in("work", {"number": 1, "text": "x" * 17_000}, "reference", "r1")
    in_part = claims.checked_in("work", {"number": 1, "text": "x" * 17_000}, "reference", "r1", {"number": True})
    assert json.loads(kept[whole["$skyloom"]]) == {"number": 1, "text": "x" * 17_000}
    assert in_part["number"] == 1
    assert json.loads(kept[in_part["text"]["$skyloom"]]) == "x" * 17_000
