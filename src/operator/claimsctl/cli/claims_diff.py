"""``claimsctl claims diff``."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Annotated

import typer

from claimsctl.claims_file.checked_file import CheckedFile
from claimsctl.claims_table.diff import Change, ChangeKind, plan_changes
from claimsctl.claims_table.location import named_table
from claimsctl.claims_table.reader import TableReader, table_layers
from claimsctl.claims_table.upsert import OnExisting
from claimsctl.cli.claims_prune import found_removals
from claimsctl.cli.console import stderr, stdout
from claimsctl.cli.diff_view import change_fields, change_lines, summary
from claimsctl.cli.file_check import good_file
from claimsctl.cli.options import EndpointUrl, Prune, Stack, TableName, Tenant
from claimsctl.cli.progress import counting
from claimsctl.cli.reading_options import (
    DEFAULT_SEPARATOR,
    CatalogueFile,
    Columns,
    ExpiresIn,
    File,
    FileFormat,
    Separator,
    read_options,
)
from claimsctl.errors import ExitCode


def diff(
    file: File,
    tenant: Tenant = None,
    columns: Columns = None,
    list_separator: Separator = DEFAULT_SEPARATOR,
    file_format: FileFormat = None,
    catalogue: CatalogueFile = None,
    expires_in: ExpiresIn = None,
    prune: Prune = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object for each change.")] = False,
    table: TableName = None,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Show what loading a file would change; the table is only read.

    Exit code 1 when something would.
    """
    options = read_options(
        tenant=tenant,
        columns=columns,
        list_separator=list_separator,
        format_=file_format,
        catalogue=catalogue,
        expires_in=expires_in,
    )
    location = named_table(table, stack, endpoint_url)
    reader = TableReader(location.client(), location.name)
    layers = table_layers(reader, time.time())
    with good_file(file, options, layers) as checked:
        differs = show_plan(reader, checked, prune=prune, as_json=as_json)
    raise typer.Exit(ExitCode.NOT_FINE if differs else ExitCode.FINE)


def show_plan(
    reader: TableReader,
    checked: CheckedFile,
    *,
    prune: bool,
    mode: OnExisting = OnExisting.REPLACE,
    as_json: bool = False,
) -> bool:
    """Report what loading `checked` would change; whether it would change anything."""
    counts: Counter[ChangeKind] = Counter()
    for change in _plan(reader, checked, mode, prune=prune):
        counts[change.kind] += 1
        if change.kind is not ChangeKind.SAME:
            _show(change, as_json=as_json)
    stderr().print(summary(counts, prune=prune), markup=False)
    return not set(counts) <= {ChangeKind.SAME}


def _plan(
    reader: TableReader, checked: CheckedFile, mode: OnExisting, *, prune: bool
) -> Iterator[Change]:
    with counting("comparing", checked.valid) as advance:
        for change in plan_changes(reader, checked.records(), mode):
            advance(1)
            yield change
    if prune:
        with found_removals(reader, checked) as removals:
            yield from removals.changes(reader)


def _show(change: Change, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(change_fields(change), ensure_ascii=False) + "\n")
        return
    for line in change_lines(change):
        stdout().print(line)
