"""``claimsctl claims load``."""

import hashlib
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from claimsctl.claims_file.checked_file import CheckedFile
from claimsctl.claims_table.location import named_table
from claimsctl.claims_table.prune import Removals, Removed, remove
from claimsctl.claims_table.reader import TableReader, table_layers
from claimsctl.claims_table.upsert import OnExisting
from claimsctl.cli.claims_diff import found_removals, show_plan
from claimsctl.cli.claims_import import import_checked
from claimsctl.cli.console import stderr
from claimsctl.cli.file_options import (
    DEFAULT_SEPARATOR,
    CatalogueFile,
    Columns,
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
    reading_options,
    show_keyed_by_address,
    show_problems,
)
from claimsctl.cli.load_view import count, different_load_error, result_lines, stopped_error
from claimsctl.cli.options import EndpointUrl, Stack, TableName, Tenant, account_or_none, read_input
from claimsctl.cli.progress import load_progress, progress_bar
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.loading.checkpoint import DifferentLoad, LoadRequest
from claimsctl.loading.loader import FileLoad
from claimsctl.loading.results import LoadResult, LoadStopped
from claimsctl.loading.state import LoadPaths
from claimsctl.loading.writers import open_writer
from claimsctl.text import escaped

WORKERS = 16
_NOTHING_REMOVED = "nothing removed, since rows were rejected"


def load(
    file: File,
    table: TableName = None,
    tenant: Tenant = None,
    endpoint_url: EndpointUrl = None,
    stack: Stack = None,
    columns: Columns = None,
    list_separator: Separator = DEFAULT_SEPARATOR,
    format_: FileFormat = None,
    catalogue: CatalogueFile = None,
    expires_in: ExpiresIn = None,
    only: Only = None,
    ignore: Ignore = None,
    nulls: Nulls = None,
    trim: Trim = False,
    text_from: TextFrom = None,
    strict: Strict = False,
    on_existing: Annotated[
        OnExisting,
        typer.Option("--on-existing", help="What becomes of a row whose key is in the table."),
    ] = OnExisting.REPLACE,
    keep_going: Annotated[
        bool,
        typer.Option("--keep-going", help="Write the good rows of a file that has bad ones."),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a load that was cut off.")
    ] = False,
    rejects: Annotated[
        Path | None,
        typer.Option(
            "--rejects",
            help="Where rows go that are not written; beside FILE else.",
            show_default=False,
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint",
            help="Where it is noted how far the load has come; beside FILE else.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", help="Calls to the table at once.", min=1, max=64)
    ] = WORKERS,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")
    ] = False,
    prune: Prune = False,
    prune_count: Annotated[
        int | None,
        typer.Option(
            "--prune-count",
            help="How many rows --prune is to remove: else it asks, or removes none.",
            min=0,
            show_default=False,
        ),
    ] = None,
    via: Annotated[
        str | None,
        typer.Option(
            "--via",
            metavar="s3://BUCKET/PREFIX",
            help="Import into a new table by way of S3, for very many rows.",
            show_default=False,
        ),
    ] = None,
    bucket_owner: Annotated[
        str | None,
        typer.Option(
            "--bucket-owner",
            help="The account that owns the bucket of --via.",
            envvar="CLAIMS_BUCKET_OWNER",
            callback=account_or_none,
            show_default="the account of the credentials",
        ),
    ] = None,
) -> None:
    """Check a whole file of claims, then put its rows into a table."""
    if prune_count is not None and not prune:
        message = "--prune-count goes with --prune, which is not given"
        raise OperatorError(message)
    options = read_options(
        tenant=tenant,
        columns=columns,
        list_separator=list_separator,
        format_=format_,
        catalogue=catalogue,
        expires_in=expires_in,
        only=only,
        ignore=ignore,
        nulls=nulls,
        trim=trim,
        text_from=text_from,
    )
    if via is not None:
        _refuse_with_via(
            {
                "--stack": stack,
                "--on-existing": on_existing is not OnExisting.REPLACE,
                "--keep-going": keep_going,
                "--resume": resume,
                "--rejects": rejects,
                "--checkpoint": checkpoint,
                "--dry-run": dry_run,
                "--prune": prune,
            }
        )
        import_checked(file, options, via, bucket_owner, table, endpoint_url, strict=strict)
        return
    location = named_table(table, stack, endpoint_url)
    reader = TableReader(location.client(), location.name)
    layers = table_layers(reader, time.time())
    if dry_run:
        with checked_file(file, options, layers, keep_going=keep_going, strict=strict) as checked:
            show_problems(checked)
            show_keyed_by_address(checked)
            removes = prune and not checked.rejected
            show_plan(reader, checked, prune=removes, mode=on_existing)
            if checked.rejected:
                told = f"{count(checked.rejected, 'row')} rejected by the check"
                told += f"; {_NOTHING_REMOVED}" if prune else ""
                stderr().print(told, markup=False)
        return
    with closing(LoadPaths.of(file, checkpoint, rejects)) as paths, ExitStack() as stack_:
        saved = paths.begin(resume=resume)
        writer, retrier = open_writer(
            location, on_existing, workers, compares=prune, resumed=resume
        )
        if saved is not None:  # what --expires-in meant then, not now
            options = replace(options, expires_at=saved.expires_at)
        checked = stack_.enter_context(
            checked_file(file, options, layers, keep_going=keep_going, strict=strict)
        )
        removals = stack_.enter_context(found_removals(reader, checked)) if prune else None
        if removals is not None:
            _confirm_removals(removals, location.name, prune_count)
        meta = retrier.client.meta
        request = LoadRequest(
            file_sha256=checked.sha256,
            rejected_by_check=checked.rejected,
            table=location.name,
            endpoint_url=meta.endpoint_url,
            region=meta.region_name,
            tenant=tenant,
            columns=tuple(sorted(map(escaped, columns or ()))),
            list_separator=escaped(list_separator),
            format=format_,
            schema_sha256=_digest(catalogue),
            expires_in=expires_in,
            on_existing=on_existing,
            keep_going=keep_going,
            rejects=escaped(str(paths.rejects.absolute())),
            reading=reading_options(options),
        )
        with _load_errors(location.name):
            run = FileLoad(checked, paths, request, saved=saved, expires_at=options.expires_at)
            with load_progress() as progress:
                result = run.run(writer, retrier, workers, progress)
        _show_result(checked, location.name, result)
        if removals is not None and not result.counts.rejected:
            _remove_items(reader, removals)
    if result.counts.rejected:
        if prune:
            stderr().print(_NOTHING_REMOVED, markup=False)
        raise typer.Exit(ExitCode.PARTLY_DONE)


@contextmanager
def _load_errors(table: str) -> Iterator[None]:
    """Turn what ends a load early into the command's error."""
    try:
        yield
    except DifferentLoad as different:
        raise different_load_error(different) from None
    except LoadStopped as stop:
        if stop.calls_hang:  # one more Ctrl-C ends the process at once
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        raise stopped_error(table, stop) from None


def _refuse_with_via(given: Mapping[str, object]) -> None:
    """Raise `OperatorError` for what an import into a new table knows nothing of."""
    if names := [name for name, value in given.items() if value]:
        message = f"--via makes a new table, whole or not at all: it goes without {names[0]}"
        raise OperatorError(message)


def _show_result(checked: CheckedFile, table: str, result: LoadResult) -> None:
    show_problems(checked)
    console = stderr()
    for line in result_lines(table, result):
        console.print(escaped(line), markup=False)
    show_keyed_by_address(checked)


def _confirm_removals(removals: Removals, table: str, count: int | None) -> None:
    """Make sure that as many are meant: by `count`, else whoever sits at the terminal types it.

    Raises `OperatorError`, before anything is written, when it is another number.
    """
    if not removals.count:
        return
    told = f"--prune would remove {removals.count} from {table}"
    if removals.of_tenants:
        told += f", {removals.of_tenants} of them what a whole tenant gets"
    if count is None and sys.stdin.isatty():
        stderr().print(f"{told}. Type that number to agree: ", end="", markup=False)
        typed = sys.stdin.readline().strip()
        count = int(typed) if typed.isascii() and typed.isdigit() else -1
    if count == removals.count:
        return
    if count is None:
        way = f"see which by --dry-run, then --prune-count {removals.count}"
        message = f"{told}: nothing written; {way}"
        raise OperatorError(message)
    message = f"{told}, agreed to were {max(count, 0)}: nothing written; see which by --dry-run"
    raise OperatorError(message)


def _remove_items(reader: TableReader, removals: Removals) -> None:
    """Remove them. Raises `OperatorError` with exit code 3 when that stops, or leaves some."""
    done = Removed()
    try:
        with (
            progress_bar("removing", removals.count, is_report=False) as advance,
            closing(remove(reader, removals, done)) as going,  # deletes under way count as well
        ):
            for _ in going:
                advance(1)
    except (OperatorError, KeyboardInterrupt) as error:
        reason = str(error) or "interrupted"
        message = f"{reason}; {done.removed} of {removals.count} removed before that"
        raise OperatorError(message, exit_code=ExitCode.PARTLY_DONE) from None
    stderr().print(f"{done.removed} removed from {reader.table}", markup=False)
    if done.kept:
        message = f"{done.kept} have changed since they were found, and stay"
        raise OperatorError(message, exit_code=ExitCode.PARTLY_DONE)


def _digest(catalogue: Path | None) -> str | None:
    return None if catalogue is None else hashlib.sha256(read_input(catalogue)).hexdigest()
