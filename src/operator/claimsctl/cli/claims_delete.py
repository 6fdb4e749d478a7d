"""``claimsctl claims delete``."""

import sys
import time
from collections.abc import Sequence
from typing import Annotated

import typer
from claims_provider.claims.item import Item
from claims_provider.claims.key import LayerKey

from claimsctl.claims_file.record import Record
from claimsctl.claims_table.errors import CALL_ERRORS, failure_of
from claimsctl.claims_table.items import key_of
from claimsctl.claims_table.location import named_table
from claimsctl.claims_table.reader import TableReader, wire_key
from claimsctl.cli.console import stderr, stdout
from claimsctl.cli.item_view import item_lines, key_text
from claimsctl.cli.options import App, EndpointUrl, Stack, TableName, TenantOfUser, User
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.text import escaped


def delete(
    user: User,
    tenant: TenantOfUser,
    app: App = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete without asking for confirmation.")
    ] = False,
    table: TableName = None,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Delete a user's items, for all apps or for one app.

    The items are shown, and deleted after confirmation. The tenant's default items are not deleted:
    they still apply to the user. Exit code 1 when there is nothing to delete, or the deletion is
    not confirmed.
    """
    location = named_table(table, stack, endpoint_url)
    reader = TableReader(location.client(), location.name)
    key = Record(tenant, user, app).key
    items = _read_items(reader, key, only_this=app is not None)
    note = stderr()
    if not items:
        missing = f"table {location.name}: no item for user {user}; nothing was deleted"
        note.print(escaped(missing), markup=False)
        raise typer.Exit(ExitCode.NOT_FINE)
    for item in items:
        for line in item_lines(item, time.time()):
            stdout().print(line)
    if not yes and not _is_confirmed(len(items), location.name):
        note.print("nothing was deleted", markup=False)
        raise typer.Exit(ExitCode.NOT_FINE)
    _delete(reader, [key_of(item) for item in items])
    for later in _read_items(reader, key, only_this=app is not None):
        message = (
            f"table {location.name}: {key_text(key_of(later))} was written again during the"
            " deletion; run the command again to delete it"
        )
        raise OperatorError(message, exit_code=ExitCode.PARTLY_DONE)


def _read_items(reader: TableReader, key: LayerKey, *, only_this: bool) -> Sequence[Item]:
    return [item for item in reader.partition(key.pk) if not only_this or key_of(item) == key]


def _is_confirmed(count: int, table: str) -> bool:
    """Ask for confirmation. Raises `OperatorError` when standard input is not a terminal."""
    items = "this item" if count == 1 else f"these {count} items"
    if not sys.stdin.isatty():
        message = (
            f"table {table}: cannot ask for confirmation to delete {items}, because standard input"
            " is not a terminal; nothing was deleted. To delete without confirmation, add --yes"
        )
        raise OperatorError(message)
    stderr().print(f"Delete {items} from table {table}? Type yes: ", end="", markup=False)
    return sys.stdin.readline().strip() == "yes"


def _delete(reader: TableReader, keys: Sequence[LayerKey]) -> None:
    for number, key in enumerate(keys):
        try:
            reader.client.delete_item(TableName=reader.table, Key=wire_key(key))
        except KeyboardInterrupt:
            reason = "interrupted; one more item may have been deleted"
            raise _stopped(reader, number, len(keys), reason, ExitCode.PARTLY_DONE) from None
        except CALL_ERRORS as error:
            reason = failure_of(reader.client, error).reason
            code = ExitCode.PARTLY_DONE if number else ExitCode.USAGE
            raise _stopped(reader, number, len(keys), reason, code) from None
        stderr().print(f"deleted {key_text(key)}", markup=False)


def _stopped(
    reader: TableReader, done: int, count: int, reason: str, code: ExitCode
) -> OperatorError:
    message = f"table {reader.table}: {done} of {count} items deleted, then: {reason}"
    return OperatorError(message, exit_code=code)
