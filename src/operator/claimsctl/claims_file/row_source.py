"""The rows of a file, with the check for their format."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from claimsctl.claims_file.csv_rows import CsvRows
from claimsctl.claims_file.dynamodb_json import is_item
from claimsctl.claims_file.fields import USER
from claimsctl.claims_file.formats import Format, ReadOptions, sniff
from claimsctl.claims_file.json_rows import json_lines, json_values
from claimsctl.claims_file.known_exports import advice, flattened
from claimsctl.claims_file.problem import Unreadable
from claimsctl.claims_file.record import FileRow
from claimsctl.claims_file.rejects import RejectsFormat
from claimsctl.claims_file.rows import RowCheck
from claimsctl.claims_file.source import Source
from claimsctl.errors import OperatorError
from claimsctl.text import in_quotes

_NAMES_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class ClaimsRows:
    """The rows of one file."""

    format: Format
    each: Iterable[FileRow]
    """Raises `Unreadable` at the point from which the file cannot be split into rows."""
    check: RowCheck
    rejects: RejectsFormat


def open_rows(path: Path, source: Source, options: ReadOptions) -> ClaimsRows:
    """Open the rows of `source`. Raises `OperatorError` when it cannot be a claims file."""
    beginning = sniff(source.text, options.format)
    if beginning is None:
        message = f"{path}: the file is empty; expected CSV with a heading, or JSON Lines"
        raise OperatorError(message)
    if beginning.format in {Format.CSV, Format.TSV}:
        lines = chain(beginning.lines, source.text)
        rows = CsvRows(
            path,
            lines,
            beginning.delimiter,
            beginning.skipped,
            options,
            is_template=beginning.is_template,
        )
        rejects = RejectsFormat(tuple(rows.heading), beginning.delimiter, dict(options.columns))
        check = RowCheck(options, rows.columns, beginning.delimiter)
        return ClaimsRows(beginning.format, rows, check, rejects)
    values: Iterator[FileRow]
    if beginning.format is Format.JSON:
        source.allow_long_lines()
        values = json_values("".join(beginning.lines), source.text)
    else:
        values = json_lines(chain(beginning.lines, source.text))
    values = _recognised(path, values, options)
    rejects = RejectsFormat(None, "", dict(options.columns))
    return ClaimsRows(beginning.format, values, RowCheck(options), rejects)


def _recognised(path: Path, rows: Iterator[FileRow], options: ReadOptions) -> Iterator[FileRow]:
    """Return `rows`. Raises `OperatorError` when the first one is from another product's export."""
    try:
        first = next(rows, None)
    except Unreadable as problem:
        return map(_raise, [problem])
    if first is None:
        return rows
    fields_found = first.value
    if isinstance(fields_found, dict) and not is_item(fields_found):
        names = list(flattened(fields_found))
        has_user = USER in names or USER in options.columns
        if not has_user and (lines := advice(path, names, options)):
            message = (
                f"{path}:{first.line}: no field {in_quotes(USER)} to identify the user; found "
            )
            message += ", ".join(names)[:_NAMES_CHARACTERS]
            raise OperatorError(message, lines=lines)
    return chain([first], rows)


def _raise(problem: Unreadable) -> FileRow:
    raise problem
