"""DynamoDB engines for tests, and a claims table in them."""

import logging
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from claims_provider.claims.key import LayerKey
from claimsctl.claims_table.location import table_schema
from claimsctl.resources import bundled

from tests.conftest import ENGINE_MISSING

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ENGINE = Path(__file__).parents[2] / ".cache" / "dynamodb-local"
HOST = "127.0.0.1"
_JAR = ENGINE / "DynamoDBLocal.jar"
_LOG = "engine.log"
_START_SECONDS = 60
_STARTS = 3


class Table:
    """A claims table in an engine."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.name = name
        self.client = patient_client(url)

    def put(self, key: LayerKey, **attributes: Any) -> None:
        """Store an item: `attributes` as DynamoDB's low-level API takes them."""
        self.client.put_item(
            TableName=self.name, Item={"pk": {"S": key.pk}, "sk": {"S": key.sk}, **attributes}
        )

    def put_claims(self, key: LayerKey, claims: Mapping[str, str]) -> None:
        """Store an item with string claims."""
        self.put(key, claims={"M": {name: {"S": value} for name, value in claims.items()}})


def why_missing() -> str | None:
    """Return why the real engine cannot run here, or ``None``."""
    if shutil.which("java") is None:
        return f"{ENGINE_MISSING} no java on the path"
    if not _JAR.is_file():
        return f"{ENGINE_MISSING} no {_JAR.name}: make engine"
    return None


@contextmanager
def dynamodb_local(scratch: Path) -> Iterator[str]:
    """The URL of a real engine, in memory, for as long as the context lasts."""
    for _ in range(_STARTS):  # another worker's engine may have taken the port
        port = _free_port()
        process = _start(port, scratch)
        if _comes_up(process, f"http://{HOST}:{port}"):
            break
        _end(process)
    else:
        message = f"the engine did not start: {(scratch / _LOG).read_text()[-2000:]}"
        raise RuntimeError(message)
    try:
        yield f"http://{HOST}:{port}"
    finally:
        _end(process)


def _start(port: int, scratch: Path) -> subprocess.Popen[bytes]:
    command = [
        "java",
        "-Xmx256m",
        f"-Djava.io.tmpdir={scratch}",
        f"-Djava.library.path={ENGINE / 'DynamoDBLocal_lib'}",
        *("-jar", str(_JAR), "-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)),
    ]
    with (scratch / _LOG).open("wb") as output:
        return subprocess.Popen(
            command, cwd=scratch, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )


def _comes_up(process: subprocess.Popen[bytes], url: str) -> bool:
    give_up_at = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < give_up_at:
        if _is_up(url):
            return process.poll() is None
        time.sleep(0.1)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def moto() -> Iterator[str]:
    """The URL of moto, in this process."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415  # half a second

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address=HOST, port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def claims_table(url: str) -> Iterator[Table]:
    """An empty table of its own, keyed as the template's."""
    table = Table(url, f"claims-{uuid4().hex}")
    try:
        table.client.create_table(TableName=table.name, **table_schema(bundled("template.yaml")))
        yield table
        table.client.delete_table(TableName=table.name)
    finally:
        table.client.close()


def patient_client(url: str) -> "DynamoDBClient":
    """Return a client for preparing and reading, with credentials that every engine accepts."""
    return boto3.session.Session().client(
        "dynamodb",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(connect_timeout=10, read_timeout=10),
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_up(url: str) -> bool:
    client = patient_client(url)
    try:
        client.list_tables()
    except BotoCoreError:
        return False
    finally:
        client.close()
    return True
