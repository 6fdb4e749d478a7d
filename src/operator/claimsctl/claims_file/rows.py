"""A file's text → its rows, in whichever format it is, and the check that they need."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from claimsctl.claims_file.cells_check import cells_check
from claimsctl.claims_file.csv_rows import TableRows
from claimsctl.claims_file.fields_check import FieldsCheck
from claimsctl.claims_file.formats import Beginning, Format, ReadOptions, Source, sniff
from claimsctl.claims_file.json_rows import json_lines, json_values
from claimsctl.claims_file.known import Check
from claimsctl.claims_file.rejects import Raw, RejectsFormat
from claimsctl.errors import OperatorError


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one file."""

    format: Format
    each: Iterable[tuple[int, Any, Raw]]
    """Line, what `check` takes, and the row as the file has it."""
    check: Check
    rejects: RejectsFormat


def rows_of(path: Path, source: Source, options: ReadOptions) -> Rows:
    """The rows of `source`. Raises `OperatorError` when there are none to be had."""
    beginning = sniff(source.text, options.format)
    if beginning is None:
        message = f"{path}: the file is empty; expected CSV with a heading, or JSON lines"
        raise OperatorError(message)
    if beginning.format in {Format.CSV, Format.TSV}:
        return _table(path, source, beginning, options)
    each: Iterator[tuple[int, Any, Raw]]
    if beginning.format is Format.JSON:
        source.allow_long_lines()
        each = json_values("".join(beginning.lines), source.text)
    else:
        each = json_lines(chain(beginning.lines, source.text))
    rejects = RejectsFormat(None, "", dict(options.columns))
    return Rows(beginning.format, each, FieldsCheck(options), rejects)


def _table(path: Path, source: Source, beginning: Beginning, options: ReadOptions) -> Rows:
    lines = chain(beginning.lines, source.text)
    rows = TableRows(path, lines, beginning.delimiter, beginning.skipped, options)
    check = cells_check(rows.names, beginning.delimiter, options)
    rejects = RejectsFormat(tuple(rows.heading), beginning.delimiter, dict(options.columns))
    return Rows(beginning.format, rows, check, rejects)
