"""A claims file that has been checked: its valid and invalid rows, tenants and apps."""

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
    """A row that was read again and has not changed since the check."""

    row: FileRow
    staged: StagedRow
    check: RowCheck


@dataclass(slots=True)
class CheckedFile:
    """The result of checking a file; each further reading is verified to give the same rows.

    A context manager, which removes its temporary files on exit.
    """

    path: Path
    format: Format
    sha256: str
    """The digest of the file as stored, before any decompression."""
    bytes: int
    rows: int
    """The number of data rows read: `valid` + `rejected`."""
    rejected: int
    by_address: int
    """The number of rows, valid on their own, that are keyed by address."""
    complete: bool
    """Whether the whole file could be split into rows."""
    rejects: RejectsFormat
    found: FirstProblems
    warnings: tuple[str, ...]
    """Implausible values in valid rows, one warning for each column."""
    options: ReadOptions
    file: InputFile
    staging: Staging

    @property
    def valid(self) -> int:
        """The number of valid rows."""
        return self.rows - self.rejected

    @property
    def problem_count(self) -> int:
        """The number of problems."""
        return self.found.count

    @property
    def problems(self) -> list[Problem]:
        """The first problems, in the order of rows."""
        return self.found.first()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and the staging database."""
        self.staging.close()
        self.file.close()

    def records(self, after_row: int = 0) -> Iterator[Record]:
        """Yield the valid rows after row `after_row`, in the file's order, exactly as checked.

        Raises `OperatorError` before a row that has changed since the check.
        """
        for again in self.read_again(after_row):
            if again.staged.is_good_alone and again.staged.rejection is None:
                yield self.record_of(again)

    def rejected_rows(self) -> Iterator[RejectedRow]:
        """Yield the invalid rows in the file's order, each with all its problems in `reason`.

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
        """Yield the rows after `after_row`, in the file's order, each compared with the check.

        Raises `OperatorError` where the file has changed. Several readings may run at once.
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
        """Return the record of a row that is valid on its own.

        Raises `OperatorError` as `records` does.
        """
        record = again.check.check(again.row)
        if isinstance(record, Record):
            return record
        raise self._changed(again.row.line)

    def _changed(self, line: int | None) -> OperatorError:
        where = f"{self.path}:{line}" if line else f"{self.path}"
        message = (
            f"{where}: the file has changed since it was checked; run the command again while "
            f"nothing writes to the file"
        )
        return OperatorError(message)

    def scopes(self) -> Iterator[tuple[str, str | None, bool]]:
        """Yield each tenant and app (``None``: every app) named, and whether by a user's row.

        A tenant and app named by both users' rows and default rows is yielded twice.
        """
        return self.staging.scopes()

    def names(self, key: LayerKey) -> bool:
        """Return whether a row that is valid on its own has `key`.

        Compares 64-bit hashes: wrongly true for about one key in 10¹², never wrongly false.
        """
        return self.staging.has_key(key)

    def strict_refusal(self) -> OperatorError:
        """Return the error for a file with warnings under ``--strict``."""
        count = "1 warning" if len(self.warnings) == 1 else f"{len(self.warnings)} warnings"
        message = f"{self.path}: {count}, treated as errors by --strict; nothing was written"
        return OperatorError(message, lines=[f"{self.path}: {text}" for text in self.warnings])

    def refusal(self) -> OperatorError:
        """Return the error for a file with problems: the first ones, and the number of others."""
        lines = [problem.text(self.path) for problem in self.problems]
        if self.problem_count > len(lines):
            lines.append(f"… and {self.problem_count - len(lines)} more")
        count = "1 problem" if self.problem_count == 1 else f"{self.problem_count} problems"
        return OperatorError(f"{self.path}: {count}; nothing was written", lines=lines)
