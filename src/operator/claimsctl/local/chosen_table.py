"""The table that `claimsctl invoke` and `serve` work on: the embedded one, or somebody's own."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from claimsctl.dataset.check import read_records
from claimsctl.dataset.table import write_records
from claimsctl.errors import OperatorError
from claimsctl.local.bundle import bundled
from claimsctl.local.table import EMBEDDED_TABLE, TableLocation, embedded_table


@contextmanager
def chosen_table(
    endpoint_url: str | None,
    table: str | None,
    claims: Path | None,
    tenant: str | None,
    port: int = 0,
) -> Iterator[TableLocation]:
    """The table that the options name; without any, the embedded one, filled from `claims`.

    By default that one holds the sample's claims; it is on `port`, or on any. A table of somebody's
    own is only read: the rows that people sign in with must not be replaced by a trial. Raises
    `OperatorError` when it is asked for together with `claims`.
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
        f"--claims fills the embedded table only, found {found} (or TABLE_NAME,"
        f" AWS_ENDPOINT_URL_DYNAMODB); to load that table: claimsctl claims load"
        f" {shlex.quote(str(claims))} {options}"
    )
    return OperatorError(message)
