"""Stream the sign-in records of a file in any export format.

The formats are answers of Graph beta and Log Analytics, JSON lines of storage and Event Hubs, an
array, the portal's JSON, the output of PowerShell's ``ConvertTo-Json``, and CSV; also with gzip, in
UTF-8 or UTF-16. No record is kept: memory does not grow with the file.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import IO, Final

from claimsctl.errors import ExitCode, OperatorError
from claimsctl.signin.json_values import (
    PART,
    TextSource,
    Unreadable,
    records_in_line,
    records_of_values,
)
from claimsctl.signin.lookalikes import what_it_is
from claimsctl.signin.query_answer import is_query_answer, rows_of_tables
from claimsctl.signin.record_scan import RecordScanner
from claimsctl.signin.records import Column, SignIn, columns_that_count, plain_name, read_sign_in
from claimsctl.signin.text_source import RECORD_MAX, FileText

_SIGN_IN_COLUMNS: Final = {"correlationid", "appliedeventlisteners"}
_COLUMNS_MIN: Final = 2
_LINES_BEFORE_MAX: Final = 20
_SEPARATOR: Final = re.compile(r"sep=.\s*")
"""The first line of a CSV file for Excel."""
_EMPTY_LIST: Final = re.compile(r'[\[\{](?:[^\[\]{}]*"(?:value|records)"\s*:\s*\[)?\s*\]')
_LATE: Final = "Records arrive some minutes after the sign-in."
_LINE_ENDS: Final = ("}\n", "}\r\n")

COLUMN_QUERIES: Final = (
    "Graph: GET https://graph.microsoft.com/beta/auditLogs/signIns (not in v1.0)",
    (
        "Log Analytics: SigninLogs | project TimeGenerated, CorrelationId, AppId, AppDisplayName,"
        " ResultType, AppliedEventListeners; likewise AADNonInteractiveUserSignInLogs"
    ),
    "portal: Sign-in logs, Download JSON (the column is not in its CSV)",
    (
        "PowerShell: Get-MgBetaAuditLogSignIn -Filter \"correlationId eq 'ID'\""
        " | ConvertTo-Json -Depth 10"
    ),
)
"""How to export records with the event listeners that ran."""


class SignInFile:
    """The sign-ins of one file. `records` can be read once; then the counts are complete."""

    def __init__(self, raw: IO[bytes], name: str) -> None:
        self.name = name
        self.unreadable: Counter[Unreadable] = Counter()
        """The number of parts that are not sign-in records."""
        self.columns: Counter[Column] = Counter()
        """The number of sign-ins, by whether they name the listeners that ran."""
        self._raw = raw

    @property
    def sign_ins(self) -> int:
        """The number of sign-ins read."""
        return self.columns.total()

    def records(self) -> Iterator[SignIn]:
        """Yield every sign-in, in the file's order.

        Raises `OperatorError` when the file cannot be read, when it contains no sign-in (with what
        it looks like and what to export instead), or when no sign-in has the column.
        """
        source = FileText(self._raw, self.name)
        before, head = _head(source)
        if before:
            self.unreadable[Unreadable.NOT_JSON] += 1
        is_lines = _is_line(head) and not is_query_answer(head)
        if not is_lines and _is_json(head):
            head += source.read(PART)
        read = self._of_lines if is_lines else self._of_text
        yield from filter(None, read(head, source))
        if source.is_cut:
            self.unreadable[Unreadable.CUT_OFF] += 1
        self._check(before + head)

    def _of_lines(self, line: str, source: FileText) -> Iterator[SignIn | None]:
        scanner = RecordScanner()
        while line:
            sign_in = scanner.scan(line) if line.endswith(_LINE_ENDS) else None
            if sign_in is None:
                for document in records_in_line(line):
                    scanner.learn(line, document)
                    yield self._counted(document)
            else:
                yield self._counted(sign_in)
            line = source.readline(RECORD_MAX)

    def _of_text(self, head: str, source: FileText) -> Iterator[SignIn | None]:
        documents: Iterator[object]
        if is_query_answer(head):
            documents = rows_of_tables(head, source)
        elif _is_json(head):
            documents = records_of_values(head, source, RecordScanner())
        else:
            header = _csv_header(head)
            documents = iter(()) if header is None else _csv_records(header, source)
        return map(self._counted, documents)

    def _counted(self, document: object) -> SignIn | None:
        """Return the sign-in in `document`; count anything that is not one, and return `None`."""
        if isinstance(document, Unreadable):
            self.unreadable[document] += 1
            return None
        sign_in = document if isinstance(document, SignIn) else read_sign_in(document)
        if sign_in is None:
            self.unreadable[Unreadable.NOT_A_SIGN_IN] += 1
            return None
        self.columns[sign_in.column] += 1
        if sign_in.column is Column.UNREADABLE:
            self.unreadable[Unreadable.LISTENERS] += 1
        return sign_in

    def _check(self, shown: str) -> None:
        if not self.sign_ins and shown.strip() and not self.unreadable and _is_known(shown):
            message = f"{self.name}: the export has no record; extend its time range or its filter"
            raise OperatorError(message, exit_code=ExitCode.NOT_FINE, lines=(_LATE,))
        if not self.sign_ins:
            found, advice = what_it_is(shown)
            if self.unreadable[Unreadable.CUT_OFF] and not shown:
                found = "its compressed data is cut off or damaged at the beginning"
            message = f"{self.name}: not a sign-in log: {found}; expected Entra's sign-in records"
            raise OperatorError(message, lines=(*advice, *COLUMN_QUERIES))
        if self.columns[Column.PRESENT]:
            return
        if self.columns[Column.CUT]:
            message = (
                f"{self.name}: PowerShell wrote type names instead of the event listeners; export"
                " the file again with ConvertTo-Json -Depth 10"
            )
            raise OperatorError(message)
        if self.columns[Column.UNREADABLE]:
            message = (
                f"{self.name}: {self.sign_ins} sign-ins, none with readable event listeners, where"
                " Entra records callouts; export the records with them:"
            )
            raise OperatorError(message, lines=COLUMN_QUERIES)
        message = (
            f"{self.name}: {self.sign_ins} sign-ins, none with appliedEventListeners, where Entra"
            " records callouts; export the records with it:"
        )
        raise OperatorError(message, lines=COLUMN_QUERIES)


def _head(source: FileText) -> tuple[str, str]:
    """Return the text before the records, such as a command's warnings, and their first line.

    Without records, return the first line of the file.
    """
    before: list[str] = []
    first = ""
    while line := source.readline(PART):  # `what_it_is` sees the same amount
        line = line.lstrip("\x00")
        if _is_json(line) or _csv_header(line) is not None:
            return "".join(before), line
        if line.strip() and not _SEPARATOR.fullmatch(line):
            first = first or line
            before.append(line)
        if len(before) > _LINES_BEFORE_MAX:
            break
    return "", first


def _is_line(head: str) -> bool:
    """Return whether the first line is a whole object."""
    try:
        return head.startswith("{") and isinstance(json.loads(head), dict)
    except (ValueError, RecursionError):
        return False


def _is_known(head: str) -> bool:
    """Return whether a file without a record is an export."""
    is_empty = _EMPTY_LIST.match(head.strip()) is not None
    return is_empty or is_query_answer(head) or _csv_header(head) is not None


def _is_json(head: str) -> bool:
    return head.lstrip().startswith(("{", "["))


def _csv_header(line: str) -> tuple[str, list[str]] | None:
    """Return the delimiter and the columns, if the line is the header of a sign-in log."""
    for delimiter in (",", ";", "\t"):
        columns = next(csv.reader([line], delimiter=delimiter), [])
        plain = {plain_name(column) for column in columns}
        if len(columns) >= _COLUMNS_MIN and _SIGN_IN_COLUMNS & plain:
            return delimiter, columns
    return None


def _csv_records(header: tuple[str, list[str]], source: TextSource) -> Iterator[object]:
    delimiter, columns = header
    counted = columns_that_count(columns)
    csv.field_size_limit(RECORD_MAX)
    rows = csv.reader(source, delimiter=delimiter)  # type: ignore[arg-type]
    while True:
        try:
            row = next(rows, None)
        except csv.Error:
            yield Unreadable.COLUMNS
            continue
        if row is None:
            return
        if len(row) == len(columns):
            yield {name: row[place] for name, place in counted.items()}
        elif row:
            yield Unreadable.COLUMNS
