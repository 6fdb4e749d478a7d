"""The check of a single row, which returns its record or all its problems."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from claims_provider.contract.answer import Claims, ClaimValue, claims_bytes
from claims_provider.contract.limits import CLAIMS_BYTES_MAX

from claimsctl.claims_file import fields
from claimsctl.claims_file.csv_rows import passes_over
from claimsctl.claims_file.dynamodb_json import fields_of_row, is_item
from claimsctl.claims_file.fields import (
    APP_ID,
    EXPIRES_AT,
    HIDDEN_CLAIMS,
    NO_CLAIMS,
    REJECT_REASON,
    RESERVED,
    TENANT_ID,
    USER,
)
from claimsctl.claims_file.formats import LIST_SEPARATOR, JsonType, ReadOptions
from claimsctl.claims_file.json_rows import RepeatedName
from claimsctl.claims_file.known_exports import flattened
from claimsctl.claims_file.problem import WHOLE_ROW, FieldProblem, shown
from claimsctl.claims_file.record import FileRow, Record
from claimsctl.claims_file.schema import ClaimType
from claimsctl.text import in_quotes

ITEM_BYTES_MAX = 400 * 1024
"""DynamoDB's limit for the names and values of one item."""

_LIST_MEMBER_BYTES = 4
"""An upper bound of what DynamoDB counts for a list's member in addition to its text."""

_NAMES_CHARACTERS = 200
_NAME_LENGTH_KEPT = 256
_NAMES_KEPT = 4096


class RowCheck:
    """Checks the rows of one file, each on its own."""

    def __init__(
        self, options: ReadOptions, columns: Sequence[str] | None = None, delimiter: str = ""
    ) -> None:
        """`columns`: the fields and claims of cells; ``None`` if rows are JSON values."""
        self._options = options
        self._columns = columns
        self._delimiter = delimiter
        self._renamed = {heading: field for field, heading in options.columns.items()}
        self._good_names: set[str] = set()
        named = [number for number, name in enumerate(columns or (), start=1) if name]
        self._width = max(named, default=0)
        self._changes_values = bool(options.nulls or options.trim or options.text_from)
        rules = {} if options.schema is None else options.schema.claims
        texts = {name for name, rule in rules.items() if rule.type is ClaimType.STRING}
        self._text_columns = (texts | NO_CLAIMS) - {HIDDEN_CLAIMS}
        self._list_columns = set(rules) - texts
        self._defaults: dict[str, Any] = {
            TENANT_ID: options.tenant,
            USER: None,
            APP_ID: None,
            EXPIRES_AT: options.expires_at,
            HIDDEN_CLAIMS: (),
        }
        self._readers: dict[str, Callable[[str, object], Any]] = {
            TENANT_ID: fields.read_guid,
            USER: fields.read_user,
            APP_ID: fields.read_guid,
            EXPIRES_AT: fields.read_expires_at,
            HIDDEN_CLAIMS: self._hidden,
            REJECT_REASON: lambda _name, _value: None,
        }

    def check(self, row: FileRow) -> Record | list[FieldProblem]:
        """Return the record of `row`, or all its problems."""
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
        """Return the record with `values` by field, or all their problems.

        An empty or null field counts as missing.
        """
        return self._record(_without_empty(values), [], 0, 0)

    def _values_of_object(self, value: object) -> Mapping[str, object]:
        if not isinstance(value, dict) or isinstance(value, RepeatedName):
            raise _not_an_object(value)
        values: Mapping[str, object] = flattened(value)
        if is_item(value):
            values = {
                name: content
                for name, content in fields_of_row(value).items()
                if name != REJECT_REASON
            }
        if self._options.only or self._options.ignore:
            values = {
                name: content
                for name, content in values.items()
                if not passes_over(name, self._options)
            }
        if self._renamed:
            for heading, field in self._renamed.items():
                if field in values and field != heading:
                    message = (
                        "the row has a field with this name, but --column maps"
                        f" {in_quotes(heading)} to it"
                    )
                    raise FieldProblem(field, message)
            values = {self._renamed.get(name, name): content for name, content in values.items()}
        if USER not in values:
            name = self._options.columns.get(USER, USER)
            found = ", ".join(values)[:_NAMES_CHARACTERS] or "no fields"
            raise FieldProblem(
                WHOLE_ROW, f"no field {in_quotes(name)} to identify the user; found {found}"
            )
        if self._changes_values:
            values = {name: self._read_value(name, content) for name, content in values.items()}
        values = _without_empty(values)
        self._check_user_is_given(values)
        return values

    def _values_of_cells(
        self, columns: Sequence[str], cells: Sequence[str], found: list[FieldProblem]
    ) -> Mapping[str, object]:
        self._check_width(columns, cells)
        if self._changes_values:
            cells = list(map(self._read_value, columns, cells))
        texts, lists = self._text_columns, self._list_columns
        separator = self._options.list_separator
        values: dict[str, object] = {}
        for name, cell in zip(columns, cells, strict=False):
            if not cell:
                continue
            if not name:
                raise FieldProblem(WHOLE_ROW, "a column without a heading contains a value")
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
        self._check_user_is_given(values)
        return values

    def _check_width(self, columns: Sequence[str], cells: Sequence[str]) -> None:
        """Raise `FieldProblem` where a row has too many cells, or too few."""
        if len(cells) > len(columns) and any(cells[len(columns) :]):
            count = f"{len(cells)} cells, but {len(columns)} headings"
            delimiter = "a tab" if self._delimiter == "\t" else in_quotes(self._delimiter)
            message = f"{count}; put cells that contain {delimiter} in quotes"
            raise FieldProblem(WHOLE_ROW, message)
        if len(cells) < self._width:
            count = f"{len(cells)} cells, but {self._width} headings"
            message = f"{count}; complete the row, or put cells that contain line breaks in quotes"
            raise FieldProblem(WHOLE_ROW, message)

    def _read_value(self, name: str, value: Any) -> Any:
        """Apply ``--null``, ``--trim`` and ``--text-from`` to `value`.

        A user is left unchanged if it would become empty: the row would become a tenant default.
        """
        match value:
            case str():
                text = value.strip() if self._options.trim else value
                text = "" if text in self._options.nulls else text
                return value if name == USER and not text else text
            case list() if name not in RESERVED:
                return [self._read_value(name, part) for part in value]
            case bool() if JsonType.BOOLEAN in self._options.text_from and name not in RESERVED:
                return json.dumps(value)
            case int() | float() if (
                not isinstance(value, bool)
                and JsonType.NUMBER in self._options.text_from
                and name not in RESERVED
            ):
                return json.dumps(value)
            case _:
                return value

    def _check_user_is_given(self, values: Mapping[str, object]) -> None:
        """Raise `FieldProblem` if another product's row has no user: it is not a default row."""
        heading = self._options.columns.get(USER)
        if heading is not None and USER not in values:
            message = (
                f"{in_quotes(heading)} is empty; a row without a user would apply to the whole"
                " tenant. Fill it in, remove the row, or use another column with --column"
                " user=HEADING"
            )
            raise FieldProblem(USER, message)

    def _record(
        self, values: Mapping[str, object], found: list[FieldProblem], row: int, line: int
    ) -> Record | list[FieldProblem]:
        """`values`: none is empty. `found`: the problems that were found when reading them."""
        problems: list[FieldProblem] = []
        reserved = self._defaults.copy()
        claims: Claims = {}
        for name, value in values.items():
            try:
                if name in self._readers:
                    reserved[name] = self._readers[name](name, value)
                else:
                    claims[name] = self._claim(name, value)
            except FieldProblem as problem:
                problems.append(problem)
        if reserved[TENANT_ID] is None and TENANT_ID not in values:
            message = "missing; expected the tenant's GUID, in the row or with --tenant"
            problems.append(FieldProblem(TENANT_ID, message))
        if self._options.schema is not None:
            problems += self._options.schema.app_problems(claims, reserved[APP_ID])
        if problems or found:
            return found + _in_order(problems, list(values))
        size = claims_bytes(claims)
        too_large = _size_problem(claims, size, reserved[HIDDEN_CLAIMS])
        if too_large is not None:
            return [too_large]
        return Record(
            reserved[TENANT_ID],
            reserved[USER],
            reserved[APP_ID],
            reserved[EXPIRES_AT],
            claims,
            reserved[HIDDEN_CLAIMS],
            row,
            line,
            size,
        )

    def _claim(self, name: str, value: object) -> ClaimValue:
        if name not in self._good_names:
            fields.check_text(name, fields.check_claim_name(name))
            if len(name) <= _NAME_LENGTH_KEPT and len(self._good_names) < _NAMES_KEPT:
                self._good_names.add(name)
        claim = fields.read_claim(name, value)
        if self._options.schema is not None:
            self._options.schema.rule(name).check_value(claim)
        return claim

    def _hidden(self, _name: str, value: object) -> tuple[str, ...]:
        if isinstance(value, str) and LIST_SEPARATOR in value:
            message = f"expected a list of claim names; found {shown(value)}"
            raise FieldProblem(HIDDEN_CLAIMS, message)
        names = fields.read_hidden_claims(value)
        if self._options.schema is not None:
            self._options.schema.check_hidden(names)
        return names


def _without_empty(values: Mapping[str, object]) -> Mapping[str, object]:
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _in_order(problems: list[FieldProblem], names: list[str]) -> list[FieldProblem]:
    """Sort problems: reserved fields, then claims in the order of `names`, then hidden claims."""

    def place(problem: FieldProblem) -> tuple[int, int]:
        name = problem.field
        if name == HIDDEN_CLAIMS:
            return len(RESERVED) + 1, 0
        if name in RESERVED:
            return RESERVED.index(name), 0
        return len(RESERVED), names.index(name)

    return sorted(problems, key=place)


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
            f"the row's claims have {size} bytes, and Entra accepts at most {CLAIMS_BYTES_MAX} in "
            f"one answer; this claim is the largest"
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
        message = (
            f"the row's lists need {item} bytes, and a DynamoDB item can have at most"
            f" {ITEM_BYTES_MAX}"
        )
        return FieldProblem(WHOLE_ROW, message)
    return None
