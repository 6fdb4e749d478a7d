"""The claims table that a local command works on: embedded, or any other."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from claimsctl.errors import OperatorError
from claimsctl.local.browser_wall import for_programs_only
from claimsctl.local.bundle import bundled
from claimsctl.local.surroundings import surroundings, without_aws
from claimsctl.local.template import table_schema

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

EMBEDDED_TABLE = "claims"
AWS_SETTINGS = "the AWS SDK reads --endpoint-url, AWS_DEFAULT_REGION, AWS_PROFILE and ~/.aws"
_PATIENCE_SECONDS = 10
_HOST = "127.0.0.1"
_LOOPBACK = ("http://127.", "http://localhost", "http://[::1]")


@dataclass(frozen=True, slots=True)
class TableLocation:
    """Where a claims table is, as environment variables tell the function and every AWS SDK."""

    name: str
    endpoint_url: str | None

    @property
    def environment(self) -> dict[str, str]:
        """Variables that make the function read this table.

        A local engine takes any credentials, so that none need to be at hand, and no proxy of the
        environment leads to it.
        """
        variables = {"TABLE_NAME": self.name}
        if self.endpoint_url:
            variables["AWS_ENDPOINT_URL_DYNAMODB"] = self.endpoint_url
            variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "false"
        if self._is_local:
            variables |= {
                "no_proxy": "*",
                "AWS_ACCESS_KEY_ID": os.environ.get("AWS_ACCESS_KEY_ID", "local"),
                "AWS_SECRET_ACCESS_KEY": os.environ.get("AWS_SECRET_ACCESS_KEY", "local"),
                "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
            }
        return variables

    def client(self, config: Config | None = None) -> "DynamoDBClient":
        """A client for loading and looking, patient where the function is not.

        What `config` says counts in place of what is usual.

        Raises `OperatorError` when the endpoint, the region or the AWS SDK's configuration is not
        fit for one.
        """
        variables = self.environment
        try:
            return boto3.session.Session().client(
                "dynamodb",
                endpoint_url=self.endpoint_url,
                region_name=variables.get("AWS_DEFAULT_REGION"),
                aws_access_key_id=variables.get("AWS_ACCESS_KEY_ID"),
                aws_secret_access_key=variables.get("AWS_SECRET_ACCESS_KEY"),
                config=Config(
                    connect_timeout=_PATIENCE_SECONDS,
                    read_timeout=_PATIENCE_SECONDS,
                    proxies={} if self._is_local else None,
                ).merge(config or Config()),
            )
        except (BotoCoreError, ValueError) as error:
            message = f"table {self.name}: {error} ({AWS_SETTINGS})"
            raise OperatorError(message) from None

    @property
    def _is_local(self) -> bool:
        return self.endpoint_url is not None and self.endpoint_url.startswith(_LOOPBACK)


@contextmanager
def embedded_table(port: int = 0) -> Iterator[TableLocation]:
    """An empty claims table in this process (moto), keyed as the template's real one.

    On `port` of the loopback interface when that is free, else on any; closed to web pages.

    While it is there the process's environment has none of the operator's AWS settings: they are
    for other tables, and moto minds them as the AWS SDK does.
    """
    with surroundings(without_aws(os.environ)):
        # Imported here: half a second that no other command needs to pay.
        from moto.server import ThreadedMotoServer  # noqa: PLC0415

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = ThreadedMotoServer(
            ip_address=_HOST, port=port if _is_free(port) else 0, verbose=False
        )
        server.start()
        bare: Any = server._server  # noqa: SLF001  # moto has no option for it
        bare.app = for_programs_only(bare.app)
        try:
            host, port = server.get_host_and_port()
            location = TableLocation(EMBEDDED_TABLE, f"http://{host}:{port}")
            client = location.client()
            client.create_table(TableName=location.name, **table_schema(bundled("template.yaml")))
            try:
                yield location
            finally:  # moto's tables outlive its server
                client.delete_table(TableName=location.name)
        finally:
            server.stop()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except (OSError, OverflowError):
            return False
    return True
