"""Compare the rows per second and peak memory of a load with other tools, in one run.

``python bench/claims_load.py [ROWS]`` (default: 1,000,000). Every route reads the same CSV file and
writes to the same local engine, to an empty table each; once directly, and once through a network
that adds 5 ms to each call. The other tools are boto3's `batch_writer`, and consecutive
BatchWriteItem calls, as in a script that calls `aws dynamodb batch-write-item` (where each call of
the AWS CLI also starts Python: half a second for 25 rows). Neither checks anything. The upper limit
is the engine's: prepared requests, sent over eight HTTP connections.

Routes with one call at a time get only a part of the rows on the slow network, and say so.
"""

import csv
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
from boto3.dynamodb.types import TypeSerializer
from claimsctl.claims_file.record import Record
from claimsctl.claims_table.location import table_schema
from claimsctl.resources import bundled

ROWS = 1_000_000
CEILING_ROWS = 100_000
SLOW_SHARE = 10
CONNECTIONS = 8
DELAY_MS = 5
TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
HERE = Path(__file__).resolve().parent
ENGINE = HERE.parent / ".cache" / "dynamodb-local"
HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "DynamoDB_20120810.BatchWriteItem",
    "X-Amz-Date": "20260101T000000Z",
    "Authorization": "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=00",
}


def record_of(number: int) -> Record:
    """A user with three claims, about 250 bytes as an item."""
    user = f"{number:08x}-0000-1111-2222-bbbbbbbbbbbb"
    claims: Any = {
        "customRoles": ["Reader", "Approver"], "dateOfBirth": "2000-01-01", "tier": "gold"
    }  # fmt: skip
    return Record(TENANT, user, None, claims=claims)


def write_file(path: Path, rows: int) -> None:
    """The file that all routes read."""
    with path.open("w", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(["tenant_id", "user", "customRoles", "dateOfBirth", "tier"])
        for number in range(rows):
            record = record_of(number)
            lines.writerow([TENANT, record.user, "Reader|Approver", "2000-01-01", "gold"])


def items_of(path: str, rows: int) -> Iterator[dict[str, Any]]:
    """Yield the items as a script reads them: plain values for `batch_writer`."""
    with Path(path).open(newline="") as stream:
        for row in islice(csv.DictReader(stream), rows):
            yield {
                "pk": f"USER#{row['tenant_id']}#{row['user']}",
                "sk": "APP#*",
                "claims": {
                    "customRoles": row["customRoles"].split("|"),
                    "dateOfBirth": row["dateOfBirth"],
                    "tier": row["tier"],
                },
            }


def batch_writer(url: str, table: str, path: str, rows: int) -> None:
    """Load as boto3's documentation shows."""
    resource = boto3.resource("dynamodb", endpoint_url=url, **_credentials())
    with resource.Table(table).batch_writer() as batch:
        for item in items_of(path, rows):
            batch.put_item(Item=item)


def batch_write_item(url: str, table: str, path: str, rows: int) -> None:
    """Load 25 items with each call, one call after another."""
    client = boto3.client("dynamodb", endpoint_url=url, **_credentials())
    serialise = TypeSerializer().serialize
    items = items_of(path, rows)
    while batch := list(islice(items, 25)):
        puts = [
            {"PutRequest": {"Item": {name: serialise(value) for name, value in item.items()}}}
            for item in batch
        ]
        client.batch_write_item(RequestItems={table: puts})


ROUTES = {"batch_writer": batch_writer, "batch_write_item": batch_write_item}


def ceiling(port: int, table: str, rows: int) -> float:
    """Return the engine's rows per second, without reading, encoding or signing."""
    bodies = []
    for start in range(0, rows, 25):
        puts = [{"PutRequest": {"Item": record_of(start + n).to_item()}} for n in range(25)]
        bodies.append(json.dumps({"RequestItems": {table: puts}}).encode())
    left = iter(bodies)
    lock = threading.Lock()

    def send() -> None:
        connection = HTTPConnection("127.0.0.1", port)
        while True:
            with lock:
                body = next(left, None)
            if body is None:
                return
            connection.request("POST", "/", body, HEADERS)
            assert connection.getresponse().read() == b'{"UnprocessedItems":{}}'

    threads = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return rows / (time.perf_counter() - began)


@contextmanager
def process(*command: str) -> Iterator[int]:
    """Run `command` while the context is active, and return the port that it prints."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        assert it.stdin is not None
        yield int(it.stdout.readline())
        it.stdin.close()


@contextmanager
def engine(scratch: str) -> Iterator[int]:
    """DynamoDB Local's port."""
    port = 18_787
    libraries = f"-Djava.library.path={ENGINE / 'DynamoDBLocal_lib'}"
    jar = ("-jar", str(ENGINE / "DynamoDBLocal.jar"))
    options = ("-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port))
    with (Path(scratch) / "engine.log").open("wb") as log:
        java = subprocess.Popen(
            ["java", "-Xmx6g", libraries, *jar, *options], stdout=log, stderr=log, cwd=scratch
        )
    try:
        for _ in range(600):
            time.sleep(0.1)
            try:
                _client(port).list_tables()
            except Exception:  # noqa: BLE001  # not up yet
                continue
            break
        yield port
    finally:
        java.kill()
        java.wait()


@contextmanager
def empty_table(port: int, name: str) -> Iterator[str]:
    """Create an empty table."""
    _client(port).create_table(TableName=name, **table_schema(bundled("template.yaml")))
    yield name
    _client(port).delete_table(TableName=name)


def measured(command: list[str]) -> tuple[float, int, str]:
    """Return the seconds and peak memory (MB) of `command`, and its output."""
    timed = [sys.executable, "-c", _PEAK, *command]
    began = time.perf_counter()
    ended = subprocess.run(timed, capture_output=True, text=True, check=True)
    return time.perf_counter() - began, int(ended.stdout.split()[-1]) // 1024, ended.stderr


_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


_LINE = "{:34}{:>10}{:>12}{:>12}{:>10}\n".format


def tell(what: str, rows: int, speed: float, best: float, peak: int | str = "") -> None:
    """A line of the table."""
    sys.stdout.write(_LINE(what, rows, f"{speed:.0f}", f"{speed / best:.2f}", peak))
    sys.stdout.flush()


def main(rows: int) -> None:
    """Measure, and print the table."""
    sys.stdout.write(_LINE("route", "rows", "rows/s", "of ceiling", "MB"))
    with tempfile.TemporaryDirectory() as scratch, engine(scratch) as port:
        path = Path(scratch) / "claims.csv"
        write_file(path, rows)
        for _ in range(2):  # the first run is the engine's own warm-up
            with empty_table(port, "ceiling") as name:
                best = ceiling(port, name, min(rows, CEILING_ROWS))
        tell("engine's ceiling", min(rows, CEILING_ROWS), best, best)
        with process(sys.executable, str(HERE / "delay.py"), str(port), str(DELAY_MS)) as slow:
            for delay, at in (("", port), (f", {DELAY_MS} ms added", slow)):
                for route in ("claimsctl claims load", *ROUTES):
                    few = rows // SLOW_SHARE if delay and route in ROUTES else rows
                    with empty_table(port, "claims") as name:
                        seconds, peak, output = measured(_command(route, at, name, path, few))
                    tell(route + delay, few, few / seconds, best, peak)
                    for speed in re.findall(r"(\d+) rows/s", output):
                        tell(f"  its writing alone{delay}", few, int(speed), best)
            with empty_table(port, "ceiling") as name:
                best = ceiling(port, name, min(rows, CEILING_ROWS))
            tell("engine's ceiling, once more", min(rows, CEILING_ROWS), best, best)


def _command(route: str, port: int, table: str, path: Path, rows: int) -> list[str]:
    url = f"http://127.0.0.1:{port}"
    if route in ROUTES:
        return [sys.executable, __file__, route, url, table, str(path), str(rows)]
    program = str(Path(sys.executable).with_name("claimsctl"))
    return [program, "claims", "load", str(path), "--endpoint-url", url, "--table", table]


def _credentials() -> dict[str, str]:
    return {
        "region_name": "us-east-1", "aws_access_key_id": "bench", "aws_secret_access_key": "bench"
    }  # fmt: skip


def _client(port: int) -> Any:
    return boto3.client("dynamodb", endpoint_url=f"http://127.0.0.1:{port}", **_credentials())


if __name__ == "__main__":
    match sys.argv[1:]:
        case [route, url, table, path, rows]:
            ROUTES[route](url, table, path, int(rows))
        case [rows]:
            main(int(rows))
        case _:
            main(ROWS)
