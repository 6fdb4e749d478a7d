"""``claimsctl claims export``."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TextIO

import typer
from claims_provider.claims.item import Item

from claimsctl.claims_file.export import Export, ExportCounts, ExportFormat
from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.record import Record
from claimsctl.claims_table.items import has_more, key_of, record_of_item
from claimsctl.claims_table.location import named_table
from claimsctl.claims_table.reader import Page, TableReader
from claimsctl.cli.console import stderr
from claimsctl.cli.options import EndpointUrl, Stack, TableName, Tenant, UserOption
from claimsctl.cli.progress import progress_bar
from claimsctl.errors import ExitCode
from claimsctl.text import escaped


def export(
    tenant: Tenant = None,
    user: UserOption = None,
    form: Annotated[ExportFormat, typer.Option("--format", help="The output format.")] = (
        ExportFormat.CSV
    ),
    table: TableName = None,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Write the table's claims to standard output.

    The output is a file that claims load accepts. It contains the whole table; with --tenant, one
    tenant; with --tenant and --user, one user. Exit code 3 when the format cannot represent some
    items: they are left out and listed.
    """
    if user is not None and tenant is None:
        message = "--user requires --tenant (or TENANT_ID), the tenant that the user belongs to"
        raise typer.BadParameter(message)
    location = named_table(table, stack, endpoint_url)
    reader = TableReader(location.client(), location.name)
    with Export(form) as gathered, _output() as out:
        with progress_bar("reading", None if user else reader.count()) as advance:
            for page in _pages(reader, tenant, user):
                for item in page:
                    _add(gathered, item)
                advance(len(page))
        with progress_bar("writing", gathered.counts.rows) as advance:
            for count in gathered.write(out):
                advance(count)
    _show_summary(gathered.counts, location.name, tenant)
    raise typer.Exit(ExitCode.PARTLY_DONE if gathered.counts.left_out else ExitCode.FINE)


def _add(gathered: Export, item: Item) -> None:
    try:
        record = record_of_item(item)
    except FieldProblem as problem:
        gathered.leave_out(key_of(item), problem)
    else:
        gathered.add(record, has_more=has_more(item))


def _pages(reader: TableReader, tenant: str | None, user: str | None) -> Iterator[Page]:
    if tenant is not None and user is not None:
        yield reader.partition(Record(tenant, user, None).key.pk)
        return
    yield from reader.scan() if tenant is None else reader.scan([tenant])


@contextmanager
def _output() -> Iterator[TextIO]:
    """Standard output as UTF-8, whatever the terminal's encoding, since it is a file's content."""
    sys.stdout.flush()
    out = io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="")
    try:
        yield out
        out.flush()
    finally:
        out.detach()


def _show_summary(met: ExportCounts, table: str, tenant: str | None) -> None:
    console = stderr()
    of_tenant = "" if tenant is None else f" of tenant {tenant}"
    rows = "1 row" if met.rows == 1 else f"{met.rows} rows"
    console.print(f"table {table}: {rows}{of_tenant} exported", markup=False)
    if met.with_more:
        have = "has" if met.with_more == 1 else "have"
        note = "attributes that the function does not use; they are not exported"
        console.print(f"{met.with_more} of them {have} {note}", markup=False)
    if not met.left_out:
        return
    items = "1 item" if met.left_out == 1 else f"{met.left_out} items"
    note = f"{items} left out, because this format cannot represent them:"
    console.print(note, style="red", markup=False)
    for key, reason in met.reasons:
        console.print(escaped(f"{key.pk} {key.sk}: {reason}"), markup=False)
    if met.left_out > len(met.reasons):
        console.print(f"… and {met.left_out - len(met.reasons)} more", markup=False)
