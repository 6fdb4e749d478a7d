"""Read sign-in records from Graph beta: of a period, or of the next sign-in.

Graph lists interactive sign-ins only, unless the filter names others. Records arrive after some
minutes. Sources: Graph beta's ``GET /auditLogs/signIns`` and its resource ``signIn``.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from claimsctl.signin.records import SignIn, read_sign_in

PERMISSIONS: Final = ("AuditLog.Read.All",)
POLL_SECONDS: Final = 30.0
POLLS_MAX: Final = 40
"""Twenty minutes: most records arrive within five."""
_KINDS: Final = ("interactiveUser", "nonInteractiveUser")

ListRecords = Callable[[str], Iterable[dict[str, Any]]]
"""Lists the objects at a path of Graph beta, from all pages."""


def record_paths(correlation_id: str, since: datetime, app_id: str = "") -> list[str]:
    """Return the paths that list sign-ins: one for interactive ones, one for silent renewals.

    With `app_id`, only sign-ins to this application.
    """
    when = f"createdDateTime ge {since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    when = f"appId eq '{app_id}' and {when}" if app_id else when
    which = f"correlationId eq '{correlation_id}'" if correlation_id else when
    return [
        "/auditLogs/signIns?$filter="
        + quote(f"{which} and signInEventTypes/any(t: t eq '{kind}')", safe="/:'()")
        for kind in _KINDS
    ]


def listed(
    list_records: ListRecords, correlation_id: str, since: datetime, app_id: str = ""
) -> Iterator[SignIn]:
    """Yield the sign-ins after `since`, or those with a correlation id, without duplicates."""
    seen: set[str] = set()
    for path in record_paths(correlation_id, since, app_id):
        for record in list_records(path):
            id_ = str(record.get("id", ""))
            sign_in = read_sign_in(record)
            if sign_in is not None and (not id_ or id_ not in seen):
                seen.add(id_)
                yield sign_in


def followed(
    list_records: ListRecords,
    correlation_id: str,
    began: datetime,
    sleep: Callable[[float], None],
) -> list[SignIn]:
    """Wait for sign-ins with a callout after `began`, and return them.

    Polls every half a minute, for twenty minutes; empty if none arrives.
    """
    since = began - timedelta(minutes=1)  # clocks differ
    for poll in range(POLLS_MAX):
        if poll:
            sleep(POLL_SECONDS)
        found = list(listed(list_records, correlation_id, since))
        if any(sign_in.callouts for sign_in in found):
            return found
    return []
