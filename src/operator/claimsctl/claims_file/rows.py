"""A file's text → its rows, and the one check of a row: what it says, or every problem in it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from claims_provider.contract.answer import Claims, ClaimValue, claims_bytes
from claims_provider.contract.limits import CLAIMS_BYTES_MAX

from claimsctl.claims_file import fields
from claimsctl.claims_file.csv_rows import CsvRows
from claimsctl.claims_file.fields import (
    APP_ID,
    EXPIRES_AT,
    HIDDEN_CLAIMS,
    NO_CLAIMS,
    TENANT_ID,
    USER,
)
from claimsctl.claims_file.formats import LIST_SEPARATOR, Format, ReadOptions, sniff
from claimsctl.claims_file.json_rows import RepeatedName, json_lines, json_values
from claimsctl.claims_file.problem import WHOLE_ROW, FieldProblem, shown
from claimsctl.claims_file.record import FileRow, Record
from claimsctl.claims_file.rejects import RejectsFormat
from claimsctl.claims_file.schema import ClaimType
from claimsctl.claims_file.source import Source
from claimsctl.errors import OperatorError

ITEM_BYTES_MAX = 400 * 1024
"""Of one item, names and values; DynamoDB's limit."""

_LIST_MEMBER_BYTES = 4
"""More than DynamoDB counts for a member of a list in addition to its text."""

_NAME_LENGTH_KEPT = 256
_NAMES_KEPT = 4096


class RowCheck:
    """Checks the rows of one file, each by itself."""

    def __init__(
        self, options: ReadOptions, columns: Sequence[str] | None = None, delimiter: str = ""
    ) -> None:
        """`columns`: fields and claims, for rows of cells; ``None``: rows are JSON values."""
        self._options = options
        self._columns = columns
        self._delimiter = delimiter
        self._renamed = {heading: field for field, heading in options.columns.items()}
        self._good_names: set[str] = set()
        rules = {} if options.schema is None else options.schema.claims
        texts = {name for name, rule in rules.items() if rule.type is ClaimType.STRING}
        self._text_columns = (texts | NO_CLAIMS) - {HIDDEN_CLAIMS}
        self._list_columns = set(rules) - texts

    def check(self, row: FileRow) -> Record | list[FieldProblem]:
        """The record of `row`, or everything that is wrong with it."""
        found: list[FieldProblem] = []
        try:
            if self._columns is None:
                values = self._values_of_object(row.value)
            else:
                values = self._values_of_cells(self._columns, row.value, found)
        except FieldProblem as problem:
            return [problem]
        return self._record(values, found, row.number, row.line)

    def check_values(self, values: Mapping[str, object]) -> Record | list[FieldProblem]:
        """The record that `values` make by field, or everything that is wrong with them.

        An empty or null field counts as absent.
        """
        return self._record(values, [], 0, 0)

    def _values_of_object(self, value: object) -> Mapping[str, object]:
        if not isinstance(value, dict) or isinstance(value, RepeatedName):
            raise _not_an_object(value)
        values: dict[str, object] = value
        if self._renamed:
            for heading, field in self._renamed.items():
                if field in values and field != heading:
                    message = f"is in the row, but --column takes {heading!r} for it"
                    raise FieldProblem(field, message)
            values = {self._renamed.get(name, name): content for name, content in values.items()}
        if USER not in values:
            name = self._options.columns.get(USER, USER)
            message = f'no field {name!r}; give "" for the tenant\'s default'
            raise FieldProblem(WHOLE_ROW, message)
        return values

    def _values_of_cells(
        self, columns: Sequence[str], cells: Sequence[str], found: list[FieldProblem]
    ) -> Mapping[str, object]:
        if len(cells) > len(columns) and any(cells[len(columns) :]):
            count = f"{len(cells)} cells, {len(columns)} headings"
            raise FieldProblem(WHOLE_ROW, f"{count}; quote cells that hold {self._delimiter!r}")
        texts, lists = self._text_columns, self._list_columns
        separator = self._options.list_separator
        values: dict[str, object] = {}
        for name, cell in zip(columns, cells, strict=False):
            if not cell:
                continue
            if not name:
                raise FieldProblem(WHOLE_ROW, "a cell in a column without a heading")
            try:
                if name in texts:
                    values[name] = cell
                elif cell[0] == "[":
                    values[name] = fields.read_array(name, cell)
                elif separator in cell or name in lists:
                    values[name] = fields.split_list(name, cell, separator)
                else:
                    values[name] = cell
            except FieldProblem as problem:
                found.append(problem)
        return values

    def _record(
        self, values: Mapping[str, object], found: list[FieldProblem], row: int, line: int
    ) -> Record | list[FieldProblem]:
        def read(name: str, function: Callable[[str, object], Any], default: Any) -> Any:
            value = values.get(name)
            if value is None or value == "":
                return default
            try:
                return function(name, value)
            except FieldProblem as problem:
                found.append(problem)

        options = self._options
        before = len(found)
        tenant = read(TENANT_ID, fields.read_guid, options.tenant)
        if tenant is None and len(found) == before:
            message = "empty; expected the tenant's GUID, or give --tenant"
            found.append(FieldProblem(TENANT_ID, message))
        user = read(USER, fields.read_user, None)
        app = read(APP_ID, fields.read_guid, None) if APP_ID in values else None
        expires_at = options.expires_at
        if EXPIRES_AT in values:
            expires_at = read(EXPIRES_AT, fields.read_expires_at, expires_at)
        claims = self._claims(values, app, found)
        hidden = read(HIDDEN_CLAIMS, self._hidden, ()) if HIDDEN_CLAIMS in values else ()
        if found:
            return found
        size = claims_bytes(claims)
        too_large = _size_problem(claims, size, hidden)
        if too_large is not None:
            return [too_large]
        return Record(tenant, user, app, expires_at, claims, hidden, row, line, size)

    def _claims(
        self, values: Mapping[str, object], app: str | None, found: list[FieldProblem]
    ) -> Claims:
        claims: Claims = {}
        for name, value in values.items():
            if name not in NO_CLAIMS and value is not None and value != "":
                try:
                    claims[name] = self._claim(name, value, app)
                except FieldProblem as problem:
                    found.append(problem)
        return claims

    def _claim(self, name: str, value: object, app: str | None) -> ClaimValue:
        if name not in self._good_names:
            fields.check_text(name, fields.check_claim_name(name))
            if len(name) <= _NAME_LENGTH_KEPT and len(self._good_names) < _NAMES_KEPT:
                self._good_names.add(name)
        claim = fields.read_claim(name, value)
        if self._options.schema is not None:
            rule = self._options.schema.rule(name)
            rule.check_value(claim)
            rule.check_app(app)
        return claim

    def _hidden(self, _name: str, value: object) -> tuple[str, ...]:
        if isinstance(value, str) and LIST_SEPARATOR in value:
            message = f"expected a list of claim names, found {shown(value)}"
            raise FieldProblem(HIDDEN_CLAIMS, message)
        names = fields.read_hidden_claims(value)
        if self._options.schema is not None:
            self._options.schema.check_hidden(names)
        return names


def _not_an_object(value: object) -> FieldProblem:
    match value:
        case FieldProblem():
            return value
        case RepeatedName():
            return FieldProblem(value.name, "appears more than once in the row")
        case _:
            return FieldProblem(WHOLE_ROW, "expected a JSON object")


def _size_problem(claims: Claims, size: int, hidden: tuple[str, ...]) -> FieldProblem | None:
    if size > CLAIMS_BYTES_MAX:
        largest = max(claims, key=lambda name: claims_bytes({name: claims[name]}))
        message = (
            f"the row's claims have {size} bytes; Entra takes at most {CLAIMS_BYTES_MAX} in one "
            f"answer, and this one is the largest"
        )
        return FieldProblem(largest, message)
    members = len(hidden)
    for value in claims.values():
        if isinstance(value, list):
            members += len(value)
    item = size + members * _LIST_MEMBER_BYTES
    if hidden:
        item += sum(len(name.encode()) for name in hidden)
    if item > ITEM_BYTES_MAX:
        message = f"the row's lists need {item} bytes; an item of DynamoDB has {ITEM_BYTES_MAX}"
        return FieldProblem(WHOLE_ROW, message)
    return None


@dataclass(frozen=True, slots=True)
class ClaimsRows:
    """The rows of one file."""

    format: Format
    each: Iterable[FileRow]
    """Raises `Unreadable` where the rest cannot be split into rows."""
    check: RowCheck
    rejects: RejectsFormat


def open_rows(path: Path, source: Source, options: ReadOptions) -> ClaimsRows:
    """The rows of `source`. Raises `OperatorError` when it cannot be a file of claims."""
    beginning = sniff(source.text, options.format)
    if beginning is None:
        message = f"{path}: the file is empty; expected CSV with a heading, or JSON lines"
        raise OperatorError(message)
    if beginning.format in {Format.CSV, Format.TSV}:
        lines = chain(beginning.lines, source.text)
        rows = CsvRows(path, lines, beginning.delimiter, beginning.skipped, options)
        rejects = RejectsFormat(tuple(rows.heading), beginning.delimiter, dict(options.columns))
        check = RowCheck(options, rows.columns, beginning.delimiter)
        return ClaimsRows(beginning.format, rows, check, rejects)
    values: Iterator[FileRow]
    if beginning.format is Format.JSON:
        source.allow_long_lines()
        values = json_values("".join(beginning.lines), source.text)
    else:
        values = json_lines(chain(beginning.lines, source.text))
    rejects = RejectsFormat(None, "", dict(options.columns))
    return ClaimsRows(beginning.format, values, RowCheck(options), rejects)
