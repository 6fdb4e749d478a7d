"""A table that answers immediately with one user's claims, to measure only the caller's cost.

Uses TLS like DynamoDB, with botocore's own list of authorities and one more. It runs as a separate
process on the loopback interface.
"""

import asyncio
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast
from zlib import crc32

import botocore
import trustme
from claimsctl.entra.callout import body_of

TABLE: Final = "claims"
CLAIMS: Final = {"customRoles": ["Reader", "Approver"], "loyaltyTier": "gold"}

_HOST = "127.0.0.1"


@contextmanager
def instant_table(scratch: Path) -> Iterator[dict[str, str]]:
    """Return the variables for using the table; write its certificates to `scratch`."""
    authority, certificate = trustme.CA(), scratch / "table.pem"
    authority.issue_cert(_HOST).private_key_and_cert_chain_pem.write_to_path(certificate)
    bundle = scratch / "authorities.pem"
    bundle.write_bytes((Path(botocore.__file__).parent / "cacert.pem").read_bytes())
    authority.cert_pem.write_to_path(bundle, append=True)
    with subprocess.Popen(
        [sys.executable, "-m", "bench.instant_table", certificate],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield {
            "TABLE_NAME": TABLE,
            "AWS_ENDPOINT_URL_DYNAMODB": f"https://{_HOST}:{int(process.stdout.readline())}",
            "AWS_CA_BUNDLE": str(bundle),
        }
        process.stdin.close()  # it ends with it


def _item() -> dict[str, Any]:
    data = body_of("member")["data"]
    user = data["authenticationContext"]["user"]["id"]
    claims = {
        name: {"S": value} if isinstance(value, str) else {"L": [{"S": part} for part in value]}
        for name, value in CLAIMS.items()
    }
    return {
        "pk": {"S": f"USER#{data['tenantId']}#{user}"},
        "sk": {"S": "APP#*"},
        "claims": {"M": claims},
    }


def _response(answer: object) -> bytes:
    body = json.dumps(answer).encode()
    head = (
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\n"
        f"content-length: {len(body)}\r\nx-amz-crc32: {crc32(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Answers(asyncio.Protocol):
    """Answers every request with the same item."""

    def __init__(self) -> None:
        item = _item()
        self._one = _response({"Item": item})
        self._batch = _response({"Responses": {TABLE: [item]}, "UnprocessedKeys": {}})
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        head = head.lower()
        if end and len(body) >= int(head.partition(b"content-length: ")[2].partition(b"\r")[0]):
            self._received = b""
            self._transport.write(self._batch if b".batchgetitem" in head else self._one)


async def _serve(certificate: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Answers, _HOST, 0, ssl=context)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
