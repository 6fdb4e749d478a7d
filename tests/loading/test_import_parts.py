"""Records → parts in S3."""

import gzip
import hashlib
import itertools
import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from claimsctl.claims_file.record import Record
from claimsctl.loading import import_parts
from claimsctl.loading.import_parts import S3Folder, UploadedParts, other_objects, upload_parts

from tests.claims_file.files import TENANT

OWNER = "111122223333"
PLACE = S3Folder("bucket", "in/file/", OWNER)
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")


def checksum_of(content: bytes) -> str:
    """As S3 gives it."""
    return b64encode(hashlib.sha256(content).digest()).decode()


class FakeS3:
    """A bucket in memory, of the account `OWNER`."""

    def __init__(self, *, fails_from: int = 1_000_000) -> None:
        self.objects: dict[str, bytes] = {}
        self.uploads = 0
        self._fails_from = fails_from
        self.open = threading.Event()
        self.open.set()

    def head_object(self, **call: Any) -> dict[str, Any]:
        """The object's checksum by S3, or the SDK's 404."""
        assert ("ENABLED", OWNER) == (call["ChecksumMode"], call["ExpectedBucketOwner"])
        if call["Key"] not in self.objects:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        checksum = checksum_of(self.objects[call["Key"]])
        return {"ChecksumSHA256": checksum, "Metadata": {"sha256": "whatever the writer says"}}

    def put_object(self, **call: Any) -> None:
        """Store the object, unless the script says otherwise."""
        assert ("SHA256", OWNER) == (call["ChecksumAlgorithm"], call["ExpectedBucketOwner"])
        self.open.wait(30)
        self.uploads += 1
        if self.uploads >= self._fails_from:
            raise DENIED
        content = call["Body"].read()
        assert call["ChecksumSHA256"] == checksum_of(content)
        self.objects[call["Key"]] = content

    def get_paginator(self, name: str) -> "FakeS3":
        """Itself."""
        assert "list_objects_v2" == name
        return self

    def paginate(self, **call: Any) -> Iterator[dict[str, Any]]:
        """A page for each object."""
        assert call["ExpectedBucketOwner"] == OWNER
        yield {}
        for key in self.objects:
            if key.startswith(call["Prefix"]):
                yield {"Contents": [{"Key": key}]}


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows a block, two blocks a part."""
    monkeypatch.setattr(import_parts, "_ROWS_PER_BLOCK", 3)
    monkeypatch.setattr(import_parts, "_BLOCKS_PER_PART", 2)


def records(count: int) -> list[Record]:
    """Records that differ."""
    return [Record(TENANT, f"u{n}@x", None, claims={"n": f"é{n}"}) for n in range(count)]


def upload(s3: FakeS3, count: int) -> UploadedParts:
    """The progress reported for an upload of so many records."""
    done = UploadedParts()
    upload_parts(cast("Any", s3), PLACE, records(count), done, lambda _: None)
    return done


def rows_in(s3: FakeS3) -> list[dict[str, Any]]:
    """All rows of all parts."""
    lines = [line for body in s3.objects.values() for line in gzip.decompress(body).splitlines()]
    return [json.loads(line)["Item"] for line in lines]


@pytest.mark.parametrize("count", [1, 3, 4, 12, 24, 25, 100])
def test_all_rows_are_in_the_parts(count: int) -> None:
    """Every row once, as the item that loading it would write; no part is empty."""
    s3 = FakeS3()
    done = upload(s3, count)
    expected = sorted((record.to_item() for record in records(count)), key=str)
    assert expected == sorted(rows_in(s3), key=str)
    assert (count, set(s3.objects)) == (done.rows, done.keys)
    assert all(key.startswith("in/file/part-") for key in s3.objects)
    bodies = list(s3.objects.values())
    assert sum(map(len, bodies)) == done.stored_size
    assert sum(len(gzip.decompress(body)) for body in bodies) == done.size


def test_rows_that_stand_together_are_spread() -> None:
    """A sorted file would have DynamoDB fill one partition after the other."""
    s3 = FakeS3()
    upload(s3, 24)
    first = gzip.decompress(s3.objects["in/file/part-00000.json.gz"]).splitlines()
    users = [json.loads(line)["Item"]["pk"]["S"].rpartition("#")[2] for line in first]
    assert ["u0@x", "u1@x", "u2@x", "u12@x", "u13@x", "u14@x"] == users


def test_what_is_there_is_not_sent_again() -> None:
    """The same rows make the same bytes; a part that differs is replaced, whatever it says."""
    s3 = FakeS3()
    first = upload(s3, 30)
    before = dict(s3.objects)
    s3.objects["in/file/part-00001.json.gz"] = b"x"
    again = upload(s3, 30)
    assert (0, len(first.keys) - 1) == (first.found, again.found)
    assert before == s3.objects
    assert len(first.keys) + 1 == s3.uploads


def test_what_stops_tells_what_is_there() -> None:
    """One part that cannot be sent ends all workers; what was sent before counts."""
    s3 = FakeS3(fails_from=3)
    done = UploadedParts()
    with pytest.raises(ClientError):
        upload_parts(cast("Any", s3), PLACE, iter(records(1000)), done, lambda _: None)
    assert 2 == len(done.keys)
    assert done.rows < 1000


def test_it_does_not_run_ahead() -> None:
    """While nothing can be sent no more rows are taken than a few blocks for each worker."""
    s3 = FakeS3()
    s3.open.clear()
    taken = itertools.count()
    endless = (Record(TENANT, f"u{n}@x", None) for n in taken)
    stop = threading.Event()

    def some() -> Iterator[Record]:
        for record in endless:
            if stop.is_set():
                return
            yield record

    thread = threading.Thread(
        target=lambda: upload_parts(cast("Any", s3), PLACE, some(), UploadedParts(), lambda _: None)
    )
    thread.start()
    thread.join(1.0)
    ahead = next(taken)
    stop.set()
    s3.open.set()
    thread.join(30)
    # four workers, each with a part of two blocks, one in hand and two waiting; one on its way
    assert 4 * (2 + 1 + 2) * 3 + 2 * 3 >= ahead
    assert not thread.is_alive()


def test_other_objects_are_found() -> None:
    """ImportTable reads all objects with a prefix, so other objects are reported."""
    s3 = FakeS3()
    done = upload(s3, 30)
    s3.objects["in/file/note.txt"] = b""
    s3.objects["in/other/part-00000.json.gz"] = b""
    assert ["in/file/note.txt"] == other_objects(cast("Any", s3), PLACE, done.keys)
