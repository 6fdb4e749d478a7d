"""The user of ``claimsctl call``, as a table has it."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.record import Record
from claimsctl.claims_table.items import key_of, record_key
from claimsctl.claims_table.location import TableLocation
from claimsctl.claims_table.reader import TableReader
from claimsctl.entra.callout import set_fields, set_user
from claimsctl.errors import OperatorError

_APPS_MAX = 3


def set_user_of_table(body: dict[str, Any], user: str, location: TableLocation) -> str:
    """Make a user of the table sign in to the one app that the user's rows are for, if they are.

    A table has no other field of a user. The tenant is the body's. Returns what was filled in, in
    words; raises `OperatorError` when the table has no row of the user in that tenant.
    """
    data = body.get("data")
    tenant = str(data.get("tenantId", "")) if isinstance(data, dict) else ""
    pk = Record(tenant, user, None).key.pk
    apps = sorted(set(_apps(TableReader(location.client(), location.name), pk)))
    set_user(body, user)
    filled = f"tenant {tenant}, user {user}"
    apps_of_rows = [app for app in apps if app]
    if len(apps) == len(apps_of_rows) == 1:
        set_fields(body, (f"clientServicePrincipal.appId={apps[0]}",))
        if "source" in body:
            body["source"] = f"/tenants/{tenant}/applications/{apps[0]}"
        filled += f", app {apps[0]}"
    elif apps_of_rows:
        filled += (
            f"; it has rows for app {', '.join(apps_of_rows[:_APPS_MAX])}: sign in to it with"
            " --set clientServicePrincipal.appId=…"
        )
    return f"From table {location.name}: {filled}"


def _apps(reader: TableReader, pk: str) -> Iterator[str]:
    """The app of each row; empty for rows of every app."""
    items = reader.partition(pk)
    if not items:
        message = (
            f"table {reader.table}: no row {pk}; nothing was sent. The tenant is that of --tenant,"
            " or of the event"
        )
        raise OperatorError(message)
    for item in items:
        with suppress(FieldProblem):
            yield record_key(key_of(item))[2] or ""
