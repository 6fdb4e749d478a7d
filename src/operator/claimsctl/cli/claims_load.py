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
from claimsctl.cli.claims_diff import found_removals, show_dry_run
from claimsctl.cli.claims_import import import_checked
from claimsctl.cli.console import stderr
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
    reading_options,
    show_keyed_by_address,
    show_problems,
)
from claimsctl.cli.load_view import (
    count,
    different_load_error,
    result_lines,
    stopped_error,
)
from claimsctl.cli.options import EndpointUrl, Stack, TableName, account_or_none, read_input
from claimsctl.cli.progress import load_progress, progress_bar
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.loading.checkpoint import DifferentLoad, LoadRequest
from claimsctl.loading.loader import FileLoad
from claimsctl.loading.results import LoadResult, LoadStopped
from claimsctl.loading.state import LoadPaths
from claimsctl.loading.writers import open_writer
from claimsctl.text import escaped

WORKERS = 16
_NOTHING_REMOVED = "nothing was removed, because rows were rejected"


def load(
    file: File,
    table: TableName = None,
    tenant: DefaultTenant = None,
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
        typer.Option("--on-existing", help="What to do when the item already exists."),
    ] = OnExisting.REPLACE,
    keep_going: Annotated[
        bool,
        typer.Option(
            "--keep-going", help="Write the valid rows even if the file has invalid rows."
        ),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue a load that was interrupted.")
    ] = False,
    rejects: Annotated[
        Path | None,
        typer.Option(
            "--rejects",
            help="The file to write rejected rows to.",
            show_default="next to FILE",
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint",
            help="The file that records the progress of the load.",
            show_default="next to FILE",
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            "--workers", help="The maximum number of concurrent calls to DynamoDB.", min=1, max=64
        ),
    ] = WORKERS,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Show what would change without writing anything. If none of --table, --stack and"
            " --endpoint-url is given and no claimsctl serve is running, check the file only.",
        ),
    ] = False,
    prune: Prune = False,
    prune_count: Annotated[
        int | None,
        typer.Option(
            "--prune-count",
            help="The exact number of items that --prune removes. Confirms without a prompt. If"
            " --prune finds 0 items, the load goes on. If it finds a number other than these two,"
            " nothing is written or removed.",
            min=0,
            show_default=False,
        ),
    ] = None,
    via: Annotated[
        str | None,
        typer.Option(
            "--via",
            metavar="s3://BUCKET/PREFIX",
            help="Import the rows into a new table through S3, for very large files.",
            show_default=False,
        ),
    ] = None,
    bucket_owner: Annotated[
        str | None,
        typer.Option(
            "--bucket-owner",
            help="The AWS account that must own the bucket of --via.",
            envvar="CLAIMS_BUCKET_OWNER",
            callback=account_or_none,
            show_default="the account of the credentials in use",
        ),
    ] = None,
) -> None:
    """Check a claims file, then write its rows to the table.

    The file needs the column user: an object id or an address; empty for the tenant's default.
    Optional columns are tenant_id, app_id, expires_at and hidden_claims. Every other column is a
    claim.

    The whole file is checked before the first row is written. If any row is invalid, nothing is
    written; with --keep-going, the valid rows are written. By default, a row replaces the existing
    item of its tenant, user and app: claims that the row does not have are deleted.

    Exit code 0 when the load succeeded, 2 when an error stopped it before the first write, 130 when
    Ctrl-C did, 3 when only a part was done.
    """
    if prune_count is not None and not prune:
        message = (
            "--prune-count has no effect without --prune, which removes items that the file does"
            " not contain; omit --prune-count, or add --prune if you want that"
        )
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
    if dry_run:
        show_dry_run(
            file,
            options,
            (table, stack, endpoint_url),
            on_existing,
            prune=prune,
            keep_going=keep_going,
            strict=strict,
        )
        return
    location = named_table(table, stack, endpoint_url)
    reader = TableReader(location.client(), location.name)
    layers = table_layers(reader, time.time())
    with closing(LoadPaths.of(file, checkpoint, rejects)) as paths, ExitStack() as stack_:
        saved = paths.begin(resume=resume)
        writer, retrier = open_writer(
            location, on_existing, workers, compares=prune, resumed=resume
        )
        if saved is not None:  # --expires-in counts from the start of the interrupted load
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
    """Turn the exceptions that end a load early into the command's error."""
    try:
        yield
    except DifferentLoad as different:
        raise different_load_error(different) from None
    except LoadStopped as stop:
        if stop.calls_hang:  # let another Ctrl-C end the process immediately
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        raise stopped_error(table, stop) from None


def _refuse_with_via(given: Mapping[str, object]) -> None:
    """Raise `OperatorError` for options that an import into a new table does not support."""
    if names := [name for name, value in given.items() if value]:
        message = (
            f"--via and {names[0]} are mutually exclusive: --via imports the whole file into a new"
            f" table; remove {names[0]}"
        )
        raise OperatorError(message)


def _show_result(checked: CheckedFile, table: str, result: LoadResult) -> None:
    show_problems(checked)
    console = stderr()
    for line in result_lines(table, result):
        console.print(escaped(line), markup=False)
    show_keyed_by_address(checked)


def _confirm_removals(removals: Removals, table: str, count: int | None) -> None:
    """Confirm the number of items to remove: with `count`, or by asking at the terminal.

    Raises `OperatorError`, before anything is written, when the numbers differ.
    """
    if not removals.count:
        return
    items = "1 item" if removals.count == 1 else f"{removals.count} items"
    found = f"table {table}: --prune would remove {items}"
    if removals.of_tenants:
        found += f", {removals.of_tenants} of which apply to a whole tenant"
    if count is None and sys.stdin.isatty():
        stderr().print(f"{found}. Type the number to confirm: ", end="", markup=False)
        typed = sys.stdin.readline().strip()
        count = int(typed) if typed.isascii() and typed.isdigit() else -1
    if count == removals.count:
        return
    if count is None:
        message = (
            f"{found}; nothing was written. Review the items with --dry-run, then confirm with"
            f" --prune-count {removals.count}"
        )
        raise OperatorError(message)
    message = (
        f"{found}, but {max(count, 0)} were confirmed; nothing was written. Review the items with"
        " --dry-run"
    )
    raise OperatorError(message)


def _remove_items(reader: TableReader, removals: Removals) -> None:
    """Remove the items. Raises `OperatorError` with exit code 3 unless all are removed."""
    done = Removed()
    try:
        with (
            progress_bar("removing", removals.count, is_report=False) as advance,
            closing(remove(reader, removals, done)) as going,  # waits for deletes in progress
        ):
            for _ in going:
                advance(1)
    except (OperatorError, KeyboardInterrupt) as error:
        reason = str(error) or "interrupted"
        message = f"{reason}; {done.removed} of {removals.count} items were removed before that"
        raise OperatorError(message, exit_code=ExitCode.PARTLY_DONE) from None
    stderr().print(f"table {reader.table}: {count(done.removed, 'item')} removed", markup=False)
    if done.kept:
        message = (
            f"table {reader.table}: kept {count(done.kept, 'item')} that changed after the scan;"
            " to review what is left, run claimsctl claims diff --prune"
        )
        raise OperatorError(message, exit_code=ExitCode.PARTLY_DONE)


def _digest(catalogue: Path | None) -> str | None:
    return None if catalogue is None else hashlib.sha256(read_input(catalogue)).hexdigest()
