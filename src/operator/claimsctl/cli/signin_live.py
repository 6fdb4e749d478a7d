"""Read a tenant's sign-in records for ``claimsctl entra signin --tenant``."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from claimsctl.cli import tenant_options
from claimsctl.cli.console import stderr
from claimsctl.entra.token_claims import TenantKind
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.signin.live import PERMISSIONS, POLL_SECONDS, followed, listed
from claimsctl.signin.records import SignIn
from claimsctl.tenant.credentials import Login
from claimsctl.tenant.graph import GraphError

_NO_LICENCE = "NonPremiumTenant"
"""In Graph's code for a tenant without Entra ID P1 or P2."""


def read_tenant(
    tenant: str,
    kind: TenantKind,
    client_id: str | None,
    login: Login,
    correlation_id: str,
    hours: int,
    *,
    follow: bool,
) -> list[SignIn]:
    """Return the sign-ins. Raises `OperatorError` that names a missing licence or permission."""
    graph = tenant_options.signed_in(tenant, kind, client_id, login, PERMISSIONS)
    note = stderr()
    note.print("Reading from Graph beta, which Microsoft can change at any time.", markup=False)

    def list_records(path: str) -> Iterable[dict[str, object]]:
        return graph.list(path, "beta")

    now = datetime.now(UTC)
    try:
        if not follow:
            return list(listed(list_records, correlation_id, now - timedelta(hours=hours)))
        note.print(
            f"Sign in now. Records arrive after some minutes; checking every {POLL_SECONDS:.0f} s.",
            markup=False,
        )
        return followed(list_records, correlation_id, now, time.sleep)
    except GraphError as error:
        if _NO_LICENCE not in error.code:
            raise
        message = (
            f"tenant {tenant} has no licence for Entra ID P1 or P2, which Graph requires for the"
            " sign-in log; download the log as JSON from the portal, and pass the file"
        )
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE) from None
