"""Upload of records to S3 as gzip files of DynamoDB JSON, the input of ImportTable."""

import hashlib
import json
import queue
import tempfile
import threading
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from botocore.exceptions import ClientError

from claimsctl.claims_file.record import Record
from claimsctl.claims_table.reader import batches

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

WORKERS = 4
"""Parts that are compressed and uploaded at the same time."""

ROWS_PER_PART = 1_000_000
"""About 60 MB compressed, and a few hundred parts for the largest files. AWS recommends millions of
small items per object, and accepts 50,000 objects."""

_ROWS_PER_BLOCK = 5_000
_BLOCKS_PER_PART = ROWS_PER_PART // _ROWS_PER_BLOCK
_BLOCKS_WAITING = 2
_GZIP = 16 + zlib.MAX_WBITS
_NOT_FOUND = {"404", "NoSuchKey", "NotFound"}


@dataclass(frozen=True, slots=True)
class S3Folder:
    """A prefix in S3 that contains only the parts of one file."""

    bucket: str
    prefix: str
    """Ends with a slash."""
    owner: str
    """The account that must own the bucket: otherwise, S3 rejects every call."""

    @property
    def url(self) -> str:
        """The folder's S3 URL, for the AWS CLI."""
        return f"s3://{self.bucket}/{self.prefix}"

    def key(self, part: int) -> str:
        """Return the key of the object with part number `part`."""
        return f"{self.prefix}part-{part:05}.json.gz"


@dataclass(slots=True)
class UploadedParts:
    """The parts that are in S3."""

    rows: int = 0
    keys: set[str] = field(default_factory=set)
    found: int = 0
    """Parts that an earlier run uploaded."""
    size: int = 0
    """Uncompressed bytes, for which ImportTable charges."""
    stored_size: int = 0
    """Bytes in S3."""


def upload_parts(
    s3: "S3Client",
    folder: S3Folder,
    records: Iterable[Record],
    done: UploadedParts,
    advance: Callable[[int], None],
) -> None:
    """Upload `records` in parts to `folder`; `advance` is called with the rows of each block.

    `done` counts what is uploaded, also when this function ends early.

    The same records result in the same parts, and a part that already exists is not uploaded again.
    Blocks of rows are distributed round-robin to the workers, so that only a few of them are in
    memory and neighbouring rows are spread over the parts. Raises the exceptions of the SDK.
    """
    lock = threading.Lock()
    failed = threading.Event()
    waiting = [queue.Queue[bytes | None](_BLOCKS_WAITING) for _ in range(WORKERS)]

    def work(number: int) -> None:
        try:
            _fill_parts(s3, folder, number, lambda: _take(waiting[number], failed), done, lock)
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(WORKERS) as pool:
        workers = [pool.submit(work, number) for number in range(WORKERS)]
        try:
            for count, block in enumerate(batches(records, _ROWS_PER_BLOCK)):
                if not _put(waiting[count % WORKERS], _lines(block), failed):
                    break
                done.rows += len(block)
                advance(len(block))
        finally:
            for blocks in waiting:
                _put(blocks, None, failed)
    for worker in workers:
        worker.result()


def _put(blocks: "queue.Queue[bytes | None]", block: bytes | None, failed: threading.Event) -> bool:
    while not failed.is_set():
        try:
            blocks.put(block, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False


def _take(blocks: "queue.Queue[bytes | None]", failed: threading.Event) -> bytes | None:
    while not failed.is_set():
        try:
            return blocks.get(timeout=0.1)
        except queue.Empty:
            continue
    return None


def _lines(records: Iterable[Record]) -> bytes:
    lines = (
        json.dumps({"Item": record.to_item()}, ensure_ascii=False, separators=(",", ":"))
        for record in records
    )
    return ("\n".join(lines) + "\n").encode()


def _fill_parts(
    s3: "S3Client",
    folder: S3Folder,
    number: int,
    take: Callable[[], bytes | None],
    done: UploadedParts,
    lock: threading.Lock,
) -> None:
    block = take()
    while block is not None:
        with tempfile.TemporaryFile() as part:
            digest = hashlib.sha256()
            packer = zlib.compressobj(wbits=_GZIP)  # no time stamp, so the output is reproducible
            size = 0
            for _ in range(_BLOCKS_PER_PART):
                size += len(block)
                _write(part, digest, packer.compress(block))
                block = take()
                if block is None:
                    break
            _write(part, digest, packer.flush())
            stored = part.tell()
            found = _upload(s3, folder, folder.key(number), part, digest.digest())
            with lock:
                done.keys.add(folder.key(number))
                done.found += found
                done.size += size
                done.stored_size += stored
        number += WORKERS


def _write(part: IO[bytes], digest: "hashlib._Hash", packed: bytes) -> None:
    part.write(packed)
    digest.update(packed)


def _upload(s3: "S3Client", folder: S3Folder, key: str, part: IO[bytes], digest: bytes) -> bool:
    """Upload the part unless it exists; return whether it existed.

    Existing objects are compared by the checksum that S3 computed, since metadata set by the writer
    proves nothing. S3 has a checksum of the whole object if it was uploaded in one piece (at most
    5 GB).
    """
    checksum = b64encode(digest).decode("ascii")
    try:
        there = s3.head_object(
            Bucket=folder.bucket, Key=key, ChecksumMode="ENABLED", ExpectedBucketOwner=folder.owner
        )
        if there.get("ChecksumSHA256") == checksum:
            return True
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in _NOT_FOUND:
            raise
    part.seek(0)
    s3.put_object(
        Bucket=folder.bucket,
        Key=key,
        Body=part,
        ChecksumAlgorithm="SHA256",
        ChecksumSHA256=checksum,
        ExpectedBucketOwner=folder.owner,
    )
    return False


def other_objects(s3: "S3Client", folder: S3Folder, own: set[str]) -> list[str]:
    """Return the objects in `folder` that are not in `own`: ImportTable would import them too."""
    found: list[str] = []
    for page in s3.get_paginator("list_objects_v2").paginate(
        Bucket=folder.bucket, Prefix=folder.prefix, ExpectedBucketOwner=folder.owner
    ):
        found += [entry["Key"] for entry in page.get("Contents", []) if entry["Key"] not in own]
    return found
