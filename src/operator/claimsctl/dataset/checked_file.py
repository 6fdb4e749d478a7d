"""A file of claims that has been read to its end: its good rows, its bad rows, what it names."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from claims_provider.claims.key import LayerKey

from claimsctl.dataset.read_options import Format
from claimsctl.dataset.record import Record
from claimsctl.dataset.rejects import Raw, RejectsFormat
from claimsctl.errors import OperatorError


@dataclass(frozen=True, slots=True)
class NumberedRecord:
    """A good row."""

    row: int
    """Counted from 1 over the file's data rows, good and bad."""
    line: int
    """Where it begins in the file."""
    record: Record


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A bad row as the file has it."""

    row: int
    line: int
    raw: Raw
    reason: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of a row; `field` is empty when it is the whole row."""

    row: int
    line: int
    field: str
    message: str

    def told(self, path: Path) -> str:
        """The problem on one line, with its place."""
        where = f"{path}:{self.line}: {self.field}" if self.field else f"{path}:{self.line}"
        return f"{where}: {self.message}"


class CheckedFile:
    """What one reading of the file gave. Closed, its temporary files are gone."""

    path: Path
    format: Format
    sha256: str
    """Of the file's bytes as they are, compressed or not."""
    bytes: int
    rows: int
    """Data rows read: `valid` + `rejected`."""
    valid: int
    rejected: int
    by_address: int
    """How many good rows are keyed by an address."""
    problem_count: int
    problems: list[Problem]
    """The first ones, by line."""
    complete: bool
    """Whether the file could be told into rows to its end."""
    rejects: RejectsFormat

    def __init__(self, records: list[NumberedRecord], rejected: list[RejectedRow]) -> None:
        self._records = records
        self._rejected = rejected

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the temporary files."""

    def records(self, after_row: int = 0) -> Iterator[NumberedRecord]:
        """Good rows after row `after_row`, in the file's order: exactly what was checked."""
        return (record for record in self._records if record.row > after_row)

    def rejected_rows(self) -> Iterator[RejectedRow]:
        """Bad rows in the file's order, each once with all its problems in `reason`."""
        return iter(self._rejected)

    def scopes(self) -> Iterator[tuple[str, str | None]]:
        """Each tenant and app (``None``: every app) that good rows name, once."""
        return iter({(n.record.tenant_id, n.record.app_id) for n in self._records})

    def names(self, key: LayerKey) -> bool:
        """Whether a good row has `key`, by a 64-bit hash: hardly ever true of one that none has."""
        return any(numbered.record.key == key for numbered in self._records)

    def refusal(self) -> OperatorError:
        """The first problems and the count of the others, for a file that must not be written."""
        lines = [problem.told(self.path) for problem in self.problems]
        if self.problem_count > len(lines):
            lines.append(f"… and {self.problem_count - len(lines)} more")
        count = "1 problem" if self.problem_count == 1 else f"{self.problem_count} problems"
        return OperatorError(f"{self.path}: {count}, nothing written", lines=lines)
