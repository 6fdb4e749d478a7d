"""CSV and TSV → rows of cells."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from claimsctl.claims_file.fields import NO_CLAIMS, RESERVED, USER, check_claim_name
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.problem import FieldProblem, Unreadable
from claimsctl.claims_file.record import FileRow
from claimsctl.errors import OperatorError

_CELL_CHARACTERS_MAX = 512 * 1024
_HEADING_CHARACTERS = 200


class CsvRows:
    """The rows under a heading. Raises `OperatorError` for a heading that makes no sense."""

    heading: list[str]
    """As the file has it."""
    columns: list[str]
    """Reserved fields and claims, column by column; empty where there is no heading."""

    def __init__(
        self,
        path: Path,
        lines: Iterator[str],
        delimiter: str,
        lines_before: int,
        options: ReadOptions,
    ) -> None:
        csv.field_size_limit(_CELL_CHARACTERS_MAX)
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        self._lines_before = lines_before
        self._where = f"{path}:{lines_before + 1}"
        try:
            self.heading = next(self._reader)
        except StopIteration:
            message = f"{self._where}: no heading; expected {', '.join(RESERVED)} and claims"
            raise OperatorError(message) from None
        except csv.Error as error:
            message = f"{self._where}: the heading is not CSV: {error}"
            raise OperatorError(message) from None
        self._schema = options.schema
        self.columns = self._columns([name.strip() for name in self.heading], options.columns)

    def __iter__(self) -> Iterator[FileRow]:
        """Each row that is not blank. Raises `Unreadable` where the file is not CSV any more."""
        reader = self._reader
        before = self._lines_before + 1
        line = reader.line_num + before
        number = 0
        try:
            for cells in reader:
                if any(cells):
                    number += 1
                    yield FileRow(number, line, cells, cells)
                line = reader.line_num + before
        except csv.Error as error:
            raise Unreadable(line, f"not CSV: {error}") from None

    def _columns(self, found: list[str], columns: Mapping[str, str]) -> list[str]:
        meant = {heading: field for field, heading in columns.items()}
        names = [meant.get(name, name) for name in found]
        for heading, field in meant.items():
            if heading not in found:
                message = f"{self._where}: no column {heading!r} for {field}; found {_list(found)}"
                raise OperatorError(message)
        if USER not in names:
            message = (
                f"{self._where}: no column {USER!r} in the heading; expected {', '.join(RESERVED)} "
                f"and a column for each claim, found {_list(found)}"
            )
            raise OperatorError(message)
        counts = Counter(name for name in names if name)  # Excel writes columns once in use
        if twice := next((name for name, count in counts.items() if count > 1), None):
            message = f"{self._where}: column {twice!r} appears more than once in the heading"
            if twice in columns:
                message += f", as itself and as {columns[twice]!r}"
            raise OperatorError(message)
        for name in counts:
            if name not in NO_CLAIMS:
                self._check_name(name)
        return names

    def _check_name(self, name: str) -> None:
        try:
            check_claim_name(name)
            if self._schema is not None:
                self._schema.rule(name)
        except FieldProblem as problem:
            message = f"{self._where}: {name}: {problem}"
            raise OperatorError(message) from None


def _list(names: list[str]) -> str:
    return ", ".join(names)[:_HEADING_CHARACTERS]
