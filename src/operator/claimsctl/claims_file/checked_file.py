"""A file of claims that has been checked: its good rows, its bad rows, what it names."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from claims_provider.claims.key import LayerKey

from claimsctl.claims_file.formats import Format, ReadOptions
from claimsctl.claims_file.problem import FirstProblems, Problem, Unreadable
from claimsctl.claims_file.record import FileRow, Record
from claimsctl.claims_file.rejects import RejectedRow, RejectsFormat, reason_of
from claimsctl.claims_file.row_source import open_rows
from claimsctl.claims_file.rows import RowCheck
from claimsctl.claims_file.source import InputFile, Source
from claimsctl.claims_file.staging import StagedRow, Staging
from claimsctl.claims_file.temporary_database import temporary_file_errors
from claimsctl.errors import OperatorError


class RowAgain(NamedTuple):
    """A row that has been read again, and is as it was checked."""

    row: FileRow
    staged: StagedRow
    check: RowCheck


@dataclass(slots=True)
class CheckedFile:
    """What the first reading of a file has found; each reading after it gives the same rows.

    A context manager. Closed, its temporary files are gone.
    """

    path: Path
    format: Format
    sha256: str
    """Of the file's bytes as they are, compressed or not."""
    bytes: int
    rows: int
    """Data rows read: `valid` + `rejected`."""
    rejected: int
    by_address: int
    """How many rows that are good by themselves are keyed by an address."""
    complete: bool
    """Whether it is known to the file's end where rows begin and end."""
    rejects: RejectsFormat
    found: FirstProblems
    warnings: tuple[str, ...]
    """What is hardly meant in its good rows, by column."""
    options: ReadOptions
    file: InputFile
    staging: Staging

    @property
    def valid(self) -> int:
        """How many rows are good."""
        return self.rows - self.rejected

    @property
    def problem_count(self) -> int:
        """How many problems there are."""
        return self.found.count

    @property
    def problems(self) -> list[Problem]:
        """The first ones, by line."""
        return self.found.first()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and drop what was staged."""
        self.staging.close()
        self.file.close()

    def records(self, after_row: int = 0) -> Iterator[Record]:
        """Good rows after row `after_row`, in the file's order: exactly what was checked.

        Raises `OperatorError` before a row that is not as it was when it was checked.
        """
        for again in self.read_again(after_row):
            if again.staged.is_good_alone and again.staged.rejection is None:
                yield self.record_of(again)

    def rejected_rows(self) -> Iterator[RejectedRow]:
        """Bad rows in the file's order, each once with all its problems in `reason`.

        Raises `OperatorError` as `records` does.
        """
        if not self.rejected:
            return
        for row, staged, check in self.read_again():
            reason = staged.rejection
            if not staged.is_good_alone:
                problems = check.check(row)
                reason = reason_of(problems) if isinstance(problems, list) else None
            if reason is not None:
                yield RejectedRow(row.number, row.line, row.raw, reason)

    def read_again(self, after_row: int = 0) -> Iterator[RowAgain]:
        """The rows after `after_row`, in the file's order, each compared with what was checked.

        Raises `OperatorError` where the file is not what it was. Several may be read at a time.
        """
        source = Source(self.file)
        rows = open_rows(self.path, source, self.options)
        if rows.rejects != self.rejects:
            raise self._changed(1)
        with temporary_file_errors(self.path):
            all_staged = self.staging.rows(after_row)
            try:
                for row in rows.each:
                    if row.number > after_row:
                        staged = next(all_staged, None)
                        if staged is None or staged.digest != row.digest():
                            raise self._changed(row.line)
                        yield RowAgain(row, staged, rows.check)
            except Unreadable as problem:
                if self.complete:
                    raise self._changed(problem.line) from None
            if next(all_staged, None) is not None or source.finish() != (self.sha256, self.bytes):
                raise self._changed(None)

    def record_of(self, again: RowAgain) -> Record:
        """The record of a row that is good by itself. Raises `OperatorError` as `records` does."""
        record = again.check.check(again.row)
        if isinstance(record, Record):
            return record
        raise self._changed(again.row.line)

    def _changed(self, line: int | None) -> OperatorError:
        where = f"{self.path}:{line}" if line else f"{self.path}"
        message = (
            f"{where}: the file has changed since it was checked; run the command again on a file "
            f"that nothing writes to"
        )
        return OperatorError(message)

    def scopes(self) -> Iterator[tuple[str, str | None, bool]]:
        """Each tenant and app (``None``: every app) that rows name, and whether users' rows do.

        One that users' rows and the tenant's defaults name is there twice.
        """
        return self.staging.scopes()

    def names(self, key: LayerKey) -> bool:
        """Whether a row has `key`, good or rejected because of others.

        By a 64-bit hash: in error true of one key in a million million, never false.
        """
        return self.staging.has_key(key)

    def strict_refusal(self) -> OperatorError:
        """The warnings, for a file that must have none."""
        count = "1 warning" if len(self.warnings) == 1 else f"{len(self.warnings)} warnings"
        message = f"{self.path}: {count}, refused by --strict; nothing written"
        return OperatorError(message, lines=[f"{self.path}: {text}" for text in self.warnings])

    def refusal(self) -> OperatorError:
        """The first problems and the count of the others, for a file that must not be written."""
        lines = [problem.text(self.path) for problem in self.problems]
        if self.problem_count > len(lines):
            lines.append(f"… and {self.problem_count - len(lines)} more")
        count = "1 problem" if self.problem_count == 1 else f"{self.problem_count} problems"
        return OperatorError(f"{self.path}: {count}, nothing written", lines=lines)
