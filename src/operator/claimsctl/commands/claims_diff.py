"""``claimsctl claims diff``."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from claimsctl import report
from claimsctl.commands.plan_view import change_fields, change_lines, summary
from claimsctl.dataset.file import read_claims_file
from claimsctl.dataset.plan import Change, ChangeKind, plan_records
from claimsctl.dataset.prune import Removals
from claimsctl.dataset.reader import TableReader
from claimsctl.dataset.record import Record
from claimsctl.errors import ExitCode
from claimsctl.local.named_table import named_table
from claimsctl.options import EndpointUrl, Stack, TableName, Tenant, input_file
from claimsctl.progress import counting


def diff(
    file: Annotated[
        Path,
        typer.Argument(parser=input_file, metavar="FILE", help="CSV or JSON lines; - for stdin."),
    ],
    tenant: Tenant = None,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Also what the table has beyond the file."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object for each change.")] = False,
    table: TableName = None,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Show what loading a file would change: the table is read, and never written.

    Exit code 1 when something would change.
    """
    records = read_claims_file(file, tenant)
    location = named_table(table, stack, endpoint_url)
    reader = TableReader(location.client(), location.name)
    counts: Counter[ChangeKind] = Counter()
    with ExitStack() as stack_:
        removals = stack_.enter_context(Removals()) if prune else None
        with counting("comparing", len(records)) as advance:
            for change in _changes(reader, records, removals):
                counts[change.kind] += 1
                advance(1)
                if change.kind is ChangeKind.SAME:
                    continue
                if as_json:
                    sys.stdout.write(json.dumps(change_fields(change), ensure_ascii=False) + "\n")
                else:
                    for line in change_lines(change):
                        report.out().print(line)
    report.err().print(summary(counts, prune=prune), markup=False)
    same = set(counts) <= {ChangeKind.SAME}
    raise typer.Exit(ExitCode.FINE if same else ExitCode.NOT_FINE)


def _changes(
    reader: TableReader, records: list[Record], removals: Removals | None
) -> Iterator[Change]:
    if removals is None:
        yield from plan_records(reader, records)
        return
    yield from plan_records(reader, removals.keeping(records))
    for _ in removals.find(reader):
        pass
    yield from removals.changes(reader)
