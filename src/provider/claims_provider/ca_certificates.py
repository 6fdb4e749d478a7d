"""The CA certificates for verifying the table's server, read once for all clients.

botocore reads its list of 127 certificates for every connection, which takes longer than the rest
of a callout. In an environment that is called every few minutes, each callout opens a connection,
because DynamoDB closes idle ones. botocore has no option for this, so the module uses private
names of botocore; if one is missing, the function does not start.
"""

import ssl
from typing import TYPE_CHECKING, Any

from botocore.httpsession import get_cert_path

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class SharedCaCertificates:
    """The TLS context of all clients, created for the first one."""

    def __init__(self) -> None:
        self._context: ssl.SSLContext | None = None

    def share_with(self, client: "DynamoDBClient") -> None:
        """Make `client`'s connections, including through a proxy, use the list already read.

        It is the list that botocore would read: its own, or ``AWS_CA_BUNDLE``.
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
