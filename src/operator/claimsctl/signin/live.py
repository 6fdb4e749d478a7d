"""Sign-in records asked of Graph beta: of a time, or as soon as one's own attempt is there.

Graph lists interactive sign-ins only, unless the filter asks for others. Records arrive minutes
late. Sources: Graph beta's ``GET /auditLogs/signIns`` and its resource ``signIn``.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from claimsctl.signin.records import SignIn, read_sign_in

PERMISSIONS: Final = ("AuditLog.Read.All",)
POLL_SECONDS: Final = 30.0
POLLS_MAX: Final = 40
"""Twenty minutes: most records are there within five."""
_KINDS: Final = ("interactiveUser", "nonInteractiveUser")

ListRecords = Callable[[str], Iterable[dict[str, Any]]]
"""Lists the objects at a path of Graph beta, on however many pages."""


def record_paths(correlation_id: str, since: datetime, app_id: str = "") -> list[str]:
    """The paths that list the sign-ins: one for interactive ones, one for silent renewals.

    With `app_id` those to one application.
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
    """The sign-ins since a time, or those with one correlation id, each once."""
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
    """The sign-ins with a callout that began after `began`, as soon as there are any.

    Asks every half a minute, for twenty minutes; empty when none came.
    """
    since = began - timedelta(minutes=1)  # clocks differ
    for poll in range(POLLS_MAX):
        if poll:
            sleep(POLL_SECONDS)
        found = list(listed(list_records, correlation_id, since))
        if any(sign_in.callouts for sign_in in found):
            return found
    return []
