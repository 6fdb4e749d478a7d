"""The CA certificates by which the table's server is verified: read once, for all clients.

botocore reads its list of 127 at every connection, which takes longer than the rest of a callout;
and in an environment that is called every few minutes each callout makes a connection, since
DynamoDB closes idle ones. There is no option for it, so this module depends on private names of
botocore; where one is gone, the function does not start.
"""

import ssl
from typing import TYPE_CHECKING, Any

from botocore.httpsession import get_cert_path

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class SharedCaCertificates:
    """The TLS context of all clients; the list is read for the first one."""

    def __init__(self) -> None:
        self._context: ssl.SSLContext | None = None

    def share_with(self, client: "DynamoDBClient") -> None:
        """Let `client` connect, through a proxy too, by the list that is read already.

        The list stays the one that botocore would read: its own, or ``AWS_CA_BUNDLE``.
        """
        session: Any = client._endpoint.http_session  # type: ignore[attr-defined] # noqa: SLF001
        if self._context is None:
            context = session._get_ssl_context()  # noqa: SLF001
            context.load_verify_locations(get_cert_path(session._verify))  # noqa: SLF001
            self._context = context
        session._manager.connection_pool_kw["ssl_context"] = self._context  # noqa: SLF001
        session._get_ssl_context = lambda: self._context  # noqa: SLF001
        session._setup_ssl_cert = _require_certificate  # noqa: SLF001


def _require_certificate(connections: Any, url: str, _: object) -> None:
    connections.cert_reqs = "CERT_REQUIRED" if url.lower().startswith("https") else "CERT_NONE"
