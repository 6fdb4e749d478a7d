"""CSV and TSV → rows of cells."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from claimsctl.claims_file.fields import (
    IGNORED,
    NO_CLAIMS,
    REJECT_REASON,
    RESERVED,
    USER,
    check_claim_name,
    meant_by,
)
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.known_exports import advice
from claimsctl.claims_file.problem import FieldProblem, Unreadable
from claimsctl.claims_file.record import FileRow
from claimsctl.errors import OperatorError

_CELL_CHARACTERS_MAX = 512 * 1024
_HEADING_CHARACTERS = 200
_PROPERTY = re.compile(r".*\[(\w+)\].*")
_QUOTES = (
    'a quote inside a quoted cell is written twice ("Kim ""K"" Larsen"), and a cell with a line '
    "break is quoted as a whole; export the file again with a CSV writer"
)


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
        *,
        is_template: bool = False,
    ) -> None:
        """`is_template`: headings such as ``Name [displayName] Required`` mean ``displayName``."""
        csv.field_size_limit(_CELL_CHARACTERS_MAX)
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        self._lines_before = lines_before
        self._path = path
        self._where = f"{path}:{lines_before + 1}"
        self._options = options
        try:
            self.heading = next(self._reader)
        except StopIteration:
            message = f"{self._where}: no heading; expected {', '.join(RESERVED)} and claims"
            raise OperatorError(message) from None
        except csv.Error as error:
            message = f"{self._where}: the heading is not CSV: {error}"
            raise OperatorError(message) from None
        if is_template:
            self.heading = [_PROPERTY.sub(r"\1", name) for name in self.heading]
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
            hint = "" if "limit" in str(error) else f"; {_QUOTES}"
            raise Unreadable(line, f"not CSV: {error}{hint}") from None

    def _columns(self, found: list[str], columns: Mapping[str, str]) -> list[str]:
        meant = {heading: field for field, heading in columns.items()}
        names = [self._passed_over(name) or meant.get(name, name) for name in found]
        for heading, field in meant.items():
            if heading not in found:
                message = f"{self._where}: no column {heading!r} for {field}; found {_list(found)}"
                raise OperatorError(message)
        if USER not in names:
            message = (
                f"{self._where}: no column {USER!r} in the heading; expected {', '.join(RESERVED)} "
                f"and a column for each claim, found {_list(found)}"
            )
            way = advice(self._path, found, self._options)
            raise OperatorError(message if way is None else f"{message}; {way}")
        for option, headings in (("only", self._options.only), ("ignore", self._options.ignore)):
            if missing := [name for name in headings if name not in found]:
                message = f"{self._where}: no column {missing[0]!r} for --{option}; found "
                raise OperatorError(message + _list(found))
        # Excel writes columns once in use
        counts = Counter(name for name in names if name and name not in IGNORED)
        if twice := next((name for name, count in counts.items() if count > 1), None):
            message = f"{self._where}: column {twice!r} appears more than once in the heading"
            if twice in columns:
                message += f", as itself and as {columns[twice]!r}"
            raise OperatorError(message)
        for name in counts:
            if name not in NO_CLAIMS:
                self._check_name(name)
        return names

    def _passed_over(self, name: str) -> str | None:
        """What stands for a heading whose cells are not read; ``None``: they are."""
        return REJECT_REASON if name and passes_over(name, self._options) else None

    def _check_name(self, name: str) -> None:
        try:
            check_claim_name(name)
            if self._options.schema is not None:
                self._options.schema.rule(name)
        except FieldProblem as problem:
            message = f"{self._where}: {name}: {problem}"
            if (field := meant_by(name)) is not None:
                message += f"; name it by --column '{field}={name}', or pass over it: "
                message += f"--ignore '{name}'"
            raise OperatorError(message) from None


def passes_over(name: str, options: ReadOptions) -> bool:
    """Whether `options` leave the column or field out that the file calls `name`.

    A misspelt reserved field stays with ``--only``, to be refused: without its app or its end
    the row would be wider or live longer than meant.
    """
    if name in options.ignore:
        return True
    if not options.only or name in options.only:
        return False
    is_reserved = name in NO_CLAIMS or name in options.columns.values()
    return not is_reserved and meant_by(name) in {None, USER}


def _list(names: list[str]) -> str:
    return ", ".join(names)[:_HEADING_CHARACTERS]
