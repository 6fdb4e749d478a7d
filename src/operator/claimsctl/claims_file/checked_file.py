"""A file of claims that has been read to its end: its good rows, its bad rows, what it names."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from claims_provider.claims.key import LayerKey

from claimsctl.claims_file.formats import Format
from claimsctl.claims_file.partitions import KeyIndex
from claimsctl.claims_file.problem import Problem
from claimsctl.claims_file.record import Record
from claimsctl.claims_file.rejected import RejectedRow
from claimsctl.claims_file.rejects import RejectsFormat
from claimsctl.claims_file.set_aside import SetAside
from claimsctl.errors import OperatorError


@dataclass(frozen=True, slots=True)
class NumberedRecord:
    """A good row."""

    row: int
    """Counted from 1 over the file's data rows, good and bad."""
    line: int
    """Where it begins in the file."""
    record: Record


@dataclass(slots=True)
class CheckedFile:
    """What one reading of the file gave. Closed, its temporary files are gone."""

    path: Path
    format: Format
    sha256: str
    """Of the file's bytes as they are, compressed or not."""
    bytes: int
    rows: int
    """Data rows read: `valid` + `rejected`."""
    rejected: int
    by_address: int
    """How many good rows are keyed by an address."""
    problem_count: int
    problems: list[Problem]
    """The first ones, by line."""
    complete: bool
    """Whether the file could be told into rows to its end."""
    rejects: RejectsFormat
    _aside: SetAside
    _index: KeyIndex | None = None

    @property
    def valid(self) -> int:
        """How many rows are good."""
        return self.rows - self.rejected

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop the temporary files."""
        if self._index is not None:
            self._index.close()
            self._index = None
        self._aside.close()

    def records(self, after_row: int = 0) -> Iterator[NumberedRecord]:
        """Good rows after row `after_row`, in the file's order: exactly what was checked."""
        later = self._aside.later
        for row, line, *fields in self._aside.good.items(after_row):
            if not later.count or row not in later:
                yield NumberedRecord(row, line, Record(*fields))

    def rejected_rows(self) -> Iterator[RejectedRow]:
        """Bad rows in the file's order, each once with all its problems in `reason`."""
        return self._aside.rejected.rows(self._aside.good, self.rejects.raw)

    def scopes(self) -> Iterator[tuple[str, str | None, bool]]:
        """Each tenant and app (``None``: every app) that rows name, and whether users' rows do.

        One that users' rows and the tenant's defaults name is there twice.
        """
        return self._aside.tenants.scopes()

    def names(self, key: LayerKey) -> bool:
        """Whether a row has `key`, good or bad beside others.

        By a 64-bit hash: in error true of one key in a million million, never false.
        """
        if self._index is None:
            self._index = KeyIndex(self._aside.partitions)
        return self._index.has(hash(key.pk), hash((key.pk, key.sk)))

    def refusal(self) -> OperatorError:
        """The first problems and the count of the others, for a file that must not be written."""
        lines = [problem.told(self.path) for problem in self.problems]
        if self.problem_count > len(lines):
            lines.append(f"… and {self.problem_count - len(lines)} more")
        count = "1 problem" if self.problem_count == 1 else f"{self.problem_count} problems"
        return OperatorError(f"{self.path}: {count}, nothing written", lines=lines)
