"""Objects of a bucket: the same in every cloud and in a folder of one's own machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from servers.azure_server import AzureServer
from servers.google_metadata import GoogleServer

from skyloom.adapters import azure_apis, web_apis
from skyloom.adapters.buckets import BucketFailed, amazon_s3, objects_at
from skyloom.adapters.buckets.amazon_s3 import Bucket as S3Bucket
from skyloom.adapters.buckets.azure_blobs import Container
from skyloom.adapters.buckets.google_storage import Bucket as GoogleBucket
from skyloom.errors import ConfigError
from skyloom.flows import Bucket

LIBRARY = Bucket("library")
KEY = "books/größe 1.json"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SKYLOOM_HOME", str(tmp_path))
    monkeypatch.delenv("SKYLOOM_APP", raising=False)
    monkeypatch.delenv(LIBRARY.variable, raising=False)
    return tmp_path


def keeps_what_it_is_given() -> None:
    assert LIBRARY.read(KEY) is None
    LIBRARY.write(KEY, "Größe")
    LIBRARY.write("other", b"\x00\xff")
    assert LIBRARY.read(KEY) == "Größe".encode()
    LIBRARY.write(KEY, "")
    assert (LIBRARY.read(KEY), LIBRARY.read("other"), LIBRARY.read("books")) == (b"", b"\x00\xff", None)


# --- here -----------------------------------------------------------------------------------------------------------


def test_on_ones_own_machine_objects_are_files(home: Path) -> None:
    keeps_what_it_is_given()
    files = [path.relative_to(home) for path in sorted(home.rglob("*")) if path.is_file()]
    assert files == [Path("buckets/library") / KEY, Path("buckets/library/other")]


def test_a_folder_that_takes_nothing(home: Path) -> None:
    LIBRARY.write("books", "a file")
    with pytest.raises(BucketFailed, match="books/one cannot be written"):
        LIBRARY.write("books/one", "below it")


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../runs.db", "a//b", "a/./b", "a/", "x" * 1025])
def test_keys_that_some_store_does_not_take(home: Path, key: str) -> None:
    with pytest.raises(ValueError, match="no key of an object"):
        LIBRARY.write(key, "x")
    with pytest.raises(ValueError, match="no key of an object"):
        LIBRARY.read(key)
    assert not (home / "buckets").exists()


def test_a_function_without_the_right_gets_no_folder_of_its_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYLOOM_APP", "books")
    with pytest.raises(ConfigError, match="SKY606 this task may not use the bucket `library`"):
        LIBRARY.write(KEY, "x")
    assert not (home / "buckets").exists()


# --- Google Cloud ---------------------------------------------------------------------------------------------------


@pytest.fixture
def google(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleServer]:
    monkeypatch.setattr(web_apis, "_FIRST_PAUSE", 0.01)
    monkeypatch.setenv("SKYLOOM_BUCKET", "gs://books-values")
    monkeypatch.setenv(LIBRARY.variable, "books-library")
    with GoogleServer() as server:
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        yield server


def test_on_google_cloud(google: GoogleServer) -> None:
    assert isinstance(objects_at("books-library"), GoogleBucket)
    google.statuses = [503]
    keeps_what_it_is_given()
    assert set(google.objects) == {("books-library", KEY), ("books-library", "other")}
    google.statuses = [403, 403]
    with pytest.raises(BucketFailed, match=r"gs://books-library/other cannot be read: .*403"):
        LIBRARY.read("other")
    with pytest.raises(BucketFailed, match=r"gs://books-library/other cannot be written: .*403"):
        LIBRARY.write("other", "x")


# --- Azure ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def azure(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureServer]:
    monkeypatch.setattr(azure_apis, "_tokens", {})
    monkeypatch.setattr(web_apis, "_FIRST_PAUSE", 0.01)
    with AzureServer() as server:
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv(LIBRARY.variable, f"{server.variables['SKYLOOM_STORAGE']}/bucket-library")
        yield server


def test_on_azure(azure: AzureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(objects_at("https://books.blob.core.windows.net/bucket-library"), Container)
    azure.statuses = [503]
    keeps_what_it_is_given()
    assert set(azure.blobs) == {("bucket-library", KEY), ("bucket-library", "other")}
    azure.statuses = [403, 403]
    with pytest.raises(BucketFailed, match=r"other cannot be read from the container bucket-library: .*403"):
        LIBRARY.read("other")
    with pytest.raises(BucketFailed, match=r"other cannot be written into the container bucket-library: .*403"):
        LIBRARY.write("other", "x")
    monkeypatch.delenv("IDENTITY_ENDPOINT")
    monkeypatch.setattr(azure_apis, "_tokens", {})
    with pytest.raises(BucketFailed, match="there is no managed identity here"):
        LIBRARY.read("other")


# --- AWS ------------------------------------------------------------------------------------------------------------


class S3:
    """The calls of S3 that are made, on a dict."""

    class exceptions:
        """As the SDK makes them for each client."""

        class NoSuchKey(ClientError):
            """There is no such object."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.refuses = ""

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:
        self._asked("PutObject")
        self.objects[Bucket, Key] = Body

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, object]:
        import io

        self._asked("GetObject")
        if (Bucket, Key) not in self.objects:
            raise self.exceptions.NoSuchKey({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[Bucket, Key])}

    def _asked(self, call: str) -> None:
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses, "Message": "no"}}, call)


def test_on_aws(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = S3()
    monkeypatch.setattr(amazon_s3, "_client", lambda: s3)
    monkeypatch.setenv("SKYLOOM_BUCKET", "books-values")
    monkeypatch.setenv(LIBRARY.variable, "books-library")
    assert isinstance(objects_at("books-library"), S3Bucket)
    keeps_what_it_is_given()
    assert set(s3.objects) == {("books-library", KEY), ("books-library", "other")}
    s3.refuses = "AccessDenied"
    with pytest.raises(BucketFailed, match=r"s3://books-library/other cannot be read: .*AccessDenied"):
        LIBRARY.read("other")
    with pytest.raises(BucketFailed, match=r"s3://books-library/other cannot be written: .*AccessDenied"):
        LIBRARY.write("other", "x")
