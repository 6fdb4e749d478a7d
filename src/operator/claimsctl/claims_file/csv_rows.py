"""Reading of CSV and TSV as rows of cells."""

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
from claimsctl.text import in_quotes

_CELL_CHARACTERS_MAX = 512 * 1024
_HEADING_CHARACTERS = 200
_PROPERTY = re.compile(r".*\[(\w+)\].*")
_QUOTES = (
    'a quote inside a quoted cell must be doubled ("Kim ""K"" Larsen"), and a cell with a line '
    "break must be quoted; export the file again with a program that writes valid CSV"
)


class CsvRows:
    """The rows below the heading. Raises `OperatorError` for an invalid heading."""

    heading: list[str]
    """The headings as in the file."""
    columns: list[str]
    """The reserved field or claim of each column; empty for a column without a heading."""

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
            message = (
                f"{self._where}: the file has no heading; expected columns {', '.join(RESERVED)}"
                " and a column for each claim"
            )
            raise OperatorError(message) from None
        except csv.Error as error:
            message = f"{self._where}: the heading is not valid CSV: {error}"
            raise OperatorError(message) from None
        if is_template:
            self.heading = [_PROPERTY.sub(r"\1", name) for name in self.heading]
        self.columns = self._columns([name.strip() for name in self.heading], options.columns)

    def __iter__(self) -> Iterator[FileRow]:
        """Yield each row that is not blank. Raises `Unreadable` at invalid CSV."""
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
            raise Unreadable(line, f"not valid CSV: {error}{hint}") from None

    def _columns(self, found: list[str], columns: Mapping[str, str]) -> list[str]:
        meant = {heading: field for field, heading in columns.items()}
        names = [self._passed_over(name) or meant.get(name, name) for name in found]
        for heading, field in meant.items():
            if heading not in found:
                option = f"--column {field}={heading}"
                message = (
                    f"{self._where}: no column {in_quotes(heading)} ({option}); the columns are "
                )
                message += _list(found)
                raise OperatorError(message)
        if USER not in names:
            message = (
                f"{self._where}: no column '{USER}'; expected columns {', '.join(RESERVED)} and a"
                f" column for each claim; found {_list(found)}"
            )
            raise OperatorError(message, lines=advice(self._path, found, self._options))
        for option, headings in (("only", self._options.only), ("ignore", self._options.ignore)):
            if missing := [name for name in headings if name not in found]:
                message = f"{self._where}: no column {in_quotes(missing[0])} (--{option});"
                message += f" the columns are {_list(found)}"
                raise OperatorError(message)
        # Excel may also write columns that are no longer in use, without a heading.
        counts = Counter(name for name in names if name and name not in IGNORED)
        if twice := next((name for name, count in counts.items() if count > 1), None):
            message = (
                f"{self._where}: column {in_quotes(twice)} appears more than once in the heading"
            )
            if twice in columns:
                message += f": under its own name and as {in_quotes(columns[twice])} (--column)"
            raise OperatorError(message)
        for name in counts:
            if name not in NO_CLAIMS:
                self._check_name(name)
        return names

    def _passed_over(self, name: str) -> str | None:
        """Return a placeholder for a heading whose cells are ignored, otherwise ``None``."""
        return REJECT_REASON if name and passes_over(name, self._options) else None

    def _check_name(self, name: str) -> None:
        try:
            check_claim_name(name)
            if self._options.schema is not None:
                self._options.schema.rule(name)
        except FieldProblem as problem:
            message = f"{self._where}: {name}: {problem}"
            if (field := meant_by(name)) is not None:
                message += f"; to use it as {field}, add --column '{field}={name}'; to ignore it, "
                message += f"add --ignore '{name}'"
            raise OperatorError(message) from None


def passes_over(name: str, options: ReadOptions) -> bool:
    """Return whether `options` exclude the column or field `name`.

    ``--only`` does not exclude a misspelled reserved field, which is then reported: without its app
    or expiry, the row would apply to more apps, or longer, than intended.
    """
    if name in options.ignore:
        return True
    if not options.only or name in options.only:
        return False
    is_reserved = name in NO_CLAIMS or name in options.columns.values()
    return not is_reserved and meant_by(name) in {None, USER}


def _list(names: list[str]) -> str:
    return ", ".join(names)[:_HEADING_CHARACTERS]
