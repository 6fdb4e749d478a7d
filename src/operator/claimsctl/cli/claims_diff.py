"""``claimsctl claims diff``."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from claimsctl.claims_file.checked_file import CheckedFile
from claimsctl.claims_file.dynamodb_json import plain
from claimsctl.claims_file.fields import EXPIRES_AT
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_table.diff import Attribute, Change, ChangeKind, plan_changes
from claimsctl.claims_table.items import moment
from claimsctl.claims_table.location import NoTableError, named_table
from claimsctl.claims_table.prune import Removals, Scope
from claimsctl.claims_table.reader import TableReader, table_layers
from claimsctl.claims_table.upsert import OnExisting
from claimsctl.cli.console import stderr, stdout
from claimsctl.cli.file_options import (
    DEFAULT_SEPARATOR,
    CatalogueFile,
    Columns,
    DefaultTenant,
    ExpiresIn,
    File,
    FileFormat,
    Ignore,
    Nulls,
    Only,
    Prune,
    Separator,
    Strict,
    TextFrom,
    Trim,
    checked_file,
    read_options,
    show_keyed_by_address,
    show_problems,
)
from claimsctl.cli.load_view import not_compared, would_be_rejected
from claimsctl.cli.options import EndpointUrl, Stack, TableName
from claimsctl.cli.progress import progress_bar
from claimsctl.errors import ExitCode
from claimsctl.text import escaped

_MARKS = {
    ChangeKind.ADD: ("+", "green"),
    ChangeKind.CHANGE: ("~", "yellow"),
    ChangeKind.REMOVE: ("-", "red"),
    ChangeKind.SAME: ("=", "dim"),
    ChangeKind.KEEP: ("=", "dim"),
    ChangeKind.REJECT: ("!", "red"),
}
_WORDS = {
    ChangeKind.ADD: "to add",
    ChangeKind.CHANGE: "to change",
    ChangeKind.SAME: "unchanged",
    ChangeKind.REMOVE: "to remove",
    ChangeKind.KEEP: "to skip",
    ChangeKind.REJECT: "to reject",
}


def diff(
    file: File,
    tenant: DefaultTenant = None,
    columns: Columns = None,
    list_separator: Separator = DEFAULT_SEPARATOR,
    file_format: FileFormat = None,
    catalogue: CatalogueFile = None,
    expires_in: ExpiresIn = None,
    only: Only = None,
    ignore: Ignore = None,
    nulls: Nulls = None,
    trim: Trim = False,
    text_from: TextFrom = None,
    strict: Strict = False,
    prune: Prune = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object for each change.")
    ] = False,
    table: TableName = None,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Show what loading a file would change, without writing anything.

    The file needs the column user: an object id or an address; empty for the tenant's default.
    Optional columns are tenant_id, app_id, expires_at and hidden_claims. Every other column is a
    claim.

    Exit code 0 when the load would change nothing, 1 when it would change the table, 2 when the
    file is invalid or the table cannot be read.
    """
    options = read_options(
        tenant=tenant,
        columns=columns,
        list_separator=list_separator,
        format_=file_format,
        catalogue=catalogue,
        expires_in=expires_in,
        only=only,
        ignore=ignore,
        nulls=nulls,
        trim=trim,
        text_from=text_from,
    )
    location = named_table(table, stack, endpoint_url)
    reader = TableReader(location.client(), location.name)
    layers = table_layers(reader, time.time())
    with checked_file(file, options, layers, strict=strict) as checked:
        differs = show_plan(reader, checked, prune=prune, as_json=as_json)
    raise typer.Exit(ExitCode.NOT_FINE if differs else ExitCode.FINE)


def show_dry_run(
    file: Path,
    options: ReadOptions,
    table: tuple[str | None, str | None, str | None],
    mode: OnExisting,
    *,
    prune: bool,
    keep_going: bool,
    strict: bool,
) -> None:
    """Report the problems of the file, and what loading it would change if there is a table."""
    reader = layers = None
    try:
        location = named_table(*table)
    except NoTableError:
        if prune:
            raise
    else:
        reader = TableReader(location.client(), location.name)
        layers = table_layers(reader, time.time())
    with checked_file(file, options, layers, keep_going=keep_going, strict=strict) as checked:
        show_problems(checked)
        show_keyed_by_address(checked)
        if reader is not None:
            show_plan(reader, checked, prune=prune and not checked.rejected, mode=mode)
        else:
            stderr().print(not_compared(checked.valid), markup=False)
        if checked.rejected:
            stderr().print(would_be_rejected(checked.rejected, prune=prune), markup=False)


def show_plan(
    reader: TableReader,
    checked: CheckedFile,
    *,
    prune: bool,
    mode: OnExisting = OnExisting.REPLACE,
    as_json: bool = False,
) -> bool:
    """Report what loading `checked` would change; return whether anything would change."""
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
    with progress_bar("comparing", checked.valid) as advance:
        for change in plan_changes(reader, checked.records(), mode):
            advance(1)
            yield change
    if prune:
        with found_removals(reader, checked) as removals:
            yield from removals.changes(reader)


def _show(change: Change, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(change_fields(change)) + "\n")
        return
    for line in change_lines(change):
        stdout().print(line)


@contextmanager
def found_removals(reader: TableReader, checked: CheckedFile) -> Iterator[Removals]:
    """Find the items that the file lacks, in the tenants and apps that it names."""
    with Removals(Scope(checked.scopes(), checked.names)) as removals:
        with progress_bar("scanning", reader.count()) as advance:
            for count in removals.find(reader):
                advance(count)
        yield removals


def change_lines(change: Change) -> Iterator[Text]:
    """Yield the item's key, then a line for each changed value: old → new."""
    mark, colour = _MARKS[change.kind]
    yield Text(f"{mark} {escaped(change.key.pk)} {escaped(change.key.sk)}", style=colour)
    for value in change.values():
        match change.kind:
            case ChangeKind.CHANGE | ChangeKind.KEEP:
                text = (
                    f"{_value_text(value.name, value.old)} → {_value_text(value.name, value.new)}"
                )
            case ChangeKind.REMOVE:
                text = _value_text(value.name, value.old)
            case _:
                text = _value_text(value.name, value.new)
        yield Text(f"    {escaped(value.name)}  {escaped(text)}")


def change_fields(change: Change) -> dict[str, Any]:
    """Return the change as JSON: values as in DynamoDB's API, null where there is none."""
    return {
        "change": change.kind.value,
        "pk": change.key.pk,
        "sk": change.key.sk,
        "values": {value.name: {"old": value.old, "new": value.new} for value in change.values()},
    }


def summary(counts: Mapping[ChangeKind, int], *, prune: bool) -> str:
    """Summarize a plan in one line."""
    always = {ChangeKind.ADD, ChangeKind.CHANGE, ChangeKind.SAME}
    if prune:
        always.add(ChangeKind.REMOVE)
    kinds = [kind for kind in ChangeKind if kind in always or counts.get(kind)]
    return ", ".join(f"{counts.get(kind, 0)} {_WORDS[kind]}" for kind in kinds)


def _value_text(name: str, attribute: Attribute | None) -> str:
    if attribute is None:
        return "(none)"
    return moment(attribute) if name == EXPIRES_AT else plain(attribute)
