"""``claimsctl claims load --prune``: what the file lacks, found, agreed to, removed."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

from claimsctl.claims_file.checked_file import CheckedFile
from claimsctl.claims_table.prune import Removals, Removed, Scope, remove
from claimsctl.claims_table.reader import TableReader
from claimsctl.cli.console import stderr
from claimsctl.cli.progress import counting
from claimsctl.errors import ExitCode, OperatorError


@contextmanager
def found_removals(reader: TableReader, checked: CheckedFile) -> Iterator[Removals]:
    """What the table has beyond the file, in the tenants and apps that it names."""
    with Removals(Scope(checked.scopes(), checked.names)) as removals:
        with counting("looking for more", reader.count()) as advance:
            for count in removals.find(reader):
                advance(count)
        yield removals


def agree(removals: Removals, table: str, count: int | None) -> None:
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


def prune(reader: TableReader, removals: Removals) -> None:
    """Remove them. Raises `OperatorError` with exit code 3 when that stops, or leaves some."""
    done = Removed()
    try:
        with (
            counting("removing", removals.count, is_report=False) as advance,
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
