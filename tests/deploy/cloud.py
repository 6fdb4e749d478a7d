"""moto in place of AWS: a server in a process of its own, and clients of it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3.session
from botocore.config import Config

ROOT = Path(__file__).parents[2]
REGION = "eu-central-1"
_PATIENT = Config(connect_timeout=10, read_timeout=60, retries={"total_max_attempts": 1})


class Cloud:
    """An account of which nothing is left when the server ends."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._clients: dict[str, Any] = {}

    def environment(self) -> dict[str, str]:
        """What the AWS tools go by."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """A client of a service, closed with the cloud."""
        if service not in self._clients:
            self._clients[service] = boto3.session.Session().client(
                service,  # type: ignore[call-overload]  # any
                endpoint_url=self.url,
                region_name=REGION,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=_PATIENT,
            )
        return self._clients[service]

    def close(self) -> None:
        """Close the clients."""
        for client in self._clients.values():
            client.close()


@contextmanager
def moto_cloud(scratch: Path) -> Iterator[Cloud]:
    """A server for as long as the context lasts; what it logs goes to a file in `scratch`."""
    log = scratch / "moto.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.deploy.moto_server"],
            cwd=ROOT,
            env=Cloud("").environment() | {"PATH": os.environ["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        # Ends with the process, if that fails.
        url = process.stdout.readline().strip()
        if not url:
            raise RuntimeError(log.read_text("utf-8")[-2000:])
        cloud = Cloud(url)
        yield cloud
        cloud.close()
    finally:
        process.kill()  # nothing is to be saved
        process.wait()
        process.stdin.close()
        process.stdout.close()
