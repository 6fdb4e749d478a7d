"""The embedded DynamoDB (moto in this process), and the table that local commands use."""

import logging
import os
import re
import shlex
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimsctl.claims_file.validation import read_records
from claimsctl.claims_table.location import (
    EMBEDDED_TABLE,
    LOCAL_REGION,
    TableLocation,
    table_schema,
)
from claimsctl.emulator.environment import process_environment, without_aws
from claimsctl.emulator.loopback import HOST, NAMES, web_page_reason
from claimsctl.errors import OperatorError
from claimsctl.loading.writers import write_records
from claimsctl.resources import bundled

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_CREDENTIAL_SCOPE = re.compile(r"(Credential=[^/,\s]*/[^/,]*/)[^/,]*(/)")
"""``Credential=<key id>/<date>/<region>/<service>/aws4_request``: Signature Version 4."""


def csrf_guard(application: "WSGIApplication") -> "WSGIApplication":
    """Return `application`, closed to web pages: see `web_page_reason`."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        headers = (
            (name.removeprefix("HTTP_").replace("_", "-"), str(value))
            for name, value in environ.items()
            if name.startswith("HTTP_")
        )
        if "HTTP_HOST" in environ and not web_page_reason(headers, NAMES):
            return application(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain")])
        return [b"requests from web pages are refused\n"]

    return answer


def any_region(application: "WSGIApplication") -> "WSGIApplication":
    """Return `application`, with every request changed to appear signed for `LOCAL_REGION`.

    moto stores tables by region. It reads the region from the credential scope of the signature,
    which it does not verify, or from the user agent.
    """

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        signed = str(environ.get("HTTP_AUTHORIZATION", ""))
        scoped = _CREDENTIAL_SCOPE.sub(rf"\g<1>{LOCAL_REGION}\g<2>", signed, count=1)
        return application(
            {**environ, "HTTP_AUTHORIZATION": scoped, "HTTP_USER_AGENT": ""}, start_response
        )

    return answer


@contextmanager
def embedded_table(port: int = 0) -> Iterator[TableLocation]:
    """Provide an empty claims table in this process (moto), with the keys of the template's table.

    It listens on `port` of the loopback interface if that is free, otherwise on any port. It
    refuses requests from web pages, and is the same table in every region.

    While the context is active, the process's environment has none of the operator's AWS settings:
    they are for other tables, and moto reads them as the AWS SDK does.
    """
    with process_environment(without_aws(os.environ)):
        # Imported here because the import takes half a second.
        from moto.server import ThreadedMotoServer  # noqa: PLC0415

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = ThreadedMotoServer(
            ip_address=HOST, port=port if _is_free(port) else 0, verbose=False
        )
        server.start()
        bare: Any = server._server  # noqa: SLF001  # moto has no option for it
        bare.app = csrf_guard(any_region(bare.app))
        try:
            host, port = server.get_host_and_port()
            location = TableLocation(EMBEDDED_TABLE, f"http://{host}:{port}")
            client = location.client()
            client.create_table(TableName=location.name, **table_schema(bundled("template.yaml")))
            try:
                yield location
            finally:  # moto keeps its tables when its server stops
                client.delete_table(TableName=location.name)
        finally:
            server.stop()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            return False
    return True


@contextmanager
def chosen_table(
    endpoint_url: str | None,
    table: str | None,
    claims: Path | None,
    tenant: str | None,
    port: int = 0,
) -> Iterator[TableLocation]:
    """Provide the table that the options name; without any, the embedded one with `claims`.

    By default, the embedded table contains the sample claims, on `port` if that is free. A table
    that the options name is only read, so that a test never replaces claims that users sign in
    with. Raises `OperatorError` if the options name a table and `claims`, and for a file that
    cannot be loaded.
    """
    if endpoint_url or table:
        if claims is not None:
            raise _only_read(endpoint_url, table, claims)
        yield TableLocation(table or EMBEDDED_TABLE, endpoint_url)
        return
    with embedded_table(port) as location:
        records = read_records(claims or bundled("events/claims.sample.csv"), tenant)
        write_records(location.client(), location.name, records)
        yield location


def _only_read(endpoint_url: str | None, table: str | None, claims: Path) -> OperatorError:
    given = {"--table": table, "--endpoint-url": endpoint_url}
    found = " and ".join(f"{name} {value}" for name, value in given.items() if value)
    load = {"--table": table or "TABLE", "--endpoint-url": endpoint_url}
    options = " ".join(f"{name} {shlex.quote(value)}" for name, value in load.items() if value)
    message = (
        f"--claims fills the embedded table only, but {found} is also given (or TABLE_NAME,"
        f" AWS_ENDPOINT_URL_DYNAMODB); to load that table, run claimsctl claims load"
        f" {shlex.quote(str(claims))} {options}"
    )
    return OperatorError(message)
