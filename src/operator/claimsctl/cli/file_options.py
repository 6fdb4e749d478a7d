"""Options of every command that reads a claims file, and the file checked with them."""

import csv
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from claims_provider.contract.limits import EXPIRES_AT_MAX

from claimsctl.claims_file.checked_file import CheckedFile
from claimsctl.claims_file.fields import RESERVED
from claimsctl.claims_file.formats import LIST_SEPARATOR, Format, JsonType, ReadOptions
from claimsctl.claims_file.schema import read_schema
from claimsctl.claims_file.validation import TenantLayers, check_file
from claimsctl.cli.console import stderr
from claimsctl.cli.options import guid, input_file
from claimsctl.cli.progress import load_progress
from claimsctl.errors import OperatorError
from claimsctl.text import escaped, in_quotes

_DURATION = re.compile(r"([1-9][0-9]{0,6})([mhdw])")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def read_options(
    *,
    tenant: str | None,
    columns: list[str] | None,
    list_separator: str,
    format_: Format | None,
    catalogue: Path | None,
    expires_in: int | None,
    only: list[str] | None = None,
    ignore: list[str] | None = None,
    nulls: list[str] | None = None,
    trim: bool = False,
    text_from: str | None = None,
) -> ReadOptions:
    """Combine the options about the file. Raises `typer.BadParameter` and `OperatorError`."""
    return ReadOptions(
        tenant=tenant,
        columns=_columns(columns or ()),
        list_separator=list_separator,
        format=format_,
        schema=None if catalogue is None else read_schema(catalogue),
        expires_at=None if expires_in is None else int(time.time()) + expires_in,
        only=_headings(only),
        ignore=_headings(ignore),
        nulls=tuple(sorted(set(nulls or ()))),
        trim=trim,
        text_from=_json_types(text_from),
        command=("claimsctl", *sys.argv[1:]),
    )


def reading_options(options: ReadOptions) -> tuple[str, ...]:
    """Return the options that a checkpoint stores together in one field, as typed."""
    return tuple(
        escaped(text)
        for text in (
            *(f"--only {name}" for name in options.only),
            *(f"--ignore {name}" for name in options.ignore),
            *(f"--null {text}" for text in options.nulls),
            *(["--trim"] if options.trim else []),
            *(f"--text-from {kind.value}" for kind in options.text_from),
        )
    )


def _headings(options: list[str] | None) -> tuple[str, ...]:
    """Split each option at its commas; a heading that contains a comma is in quotes."""
    names = {name.strip() for row in csv.reader(options or ()) for name in row}
    return tuple(sorted(names - {""}))


def _json_types(option: str | None) -> tuple[JsonType, ...]:
    try:
        return tuple(sorted({JsonType(name.strip()) for name in (option or "").split(",") if name}))
    except ValueError:
        expected = f"{', '.join(JsonType)}, or both separated by a comma"
        message = f"expected {expected}; found {in_quotes(option or '')}"
        raise typer.BadParameter(message, param_hint="--text-from") from None


def _columns(options: Sequence[str]) -> dict[str, str]:
    renamed = list(map(_renamed, options))
    columns = dict(renamed)
    if len(set(columns.values())) < len(renamed):
        message = f"a field or heading appears more than once in {', '.join(options)}"
        raise typer.BadParameter(message, param_hint="--column")
    return columns


def _renamed(option: str) -> tuple[str, str]:
    field, equals, heading = option.partition("=")
    if field not in RESERVED or not equals or not heading.strip():
        fields = ", ".join(RESERVED)
        message = (
            f"expected FIELD=HEADING, where FIELD is one of {fields}; found {in_quotes(option)}"
        )
        raise typer.BadParameter(message, param_hint="--column")
    return field, heading.strip()


def _separator(value: str) -> str:
    if not value or value.startswith(("[", '"')):
        expected = 'expected one or more characters that do not begin with [ or "'
        message = f"{expected}; found {in_quotes(value)}"
        raise typer.BadParameter(message)
    return value


def _duration(value: str) -> int:
    match = _DURATION.fullmatch(value)
    if match is None:
        message = (
            "expected a number and a unit (m, h, d or w for minutes, hours, days or weeks), such"
            f" as 30d; found {in_quotes(value)}"
        )
        raise typer.BadParameter(message)
    seconds = int(match[1]) * _SECONDS[match[2]]
    if time.time() + seconds > EXPIRES_AT_MAX:
        message = f"expected a duration that ends before the year 5138; found {in_quotes(value)}"
        raise typer.BadParameter(message)
    return seconds


def _claims_file(value: str) -> Path:
    """Check that the file exists, before AWS is asked for anything. Raises `OperatorError`."""
    path = input_file(value)
    if value != "-":
        try:
            path.stat()
        except (OSError, ValueError) as error:  # ValueError: a null character
            message = f"{path}: cannot be read: {getattr(error, 'strerror', error)}"
            raise OperatorError(message) from None
    return path


File = Annotated[
    Path,
    typer.Argument(
        parser=_claims_file,
        metavar="FILE",
        help="The claims file (CSV, TSV, JSON Lines or JSON), or - for standard input.",
    ),
]
DefaultTenant = Annotated[
    str | None,
    typer.Option(
        "--tenant",
        help="The tenant id (a GUID) of rows that have no tenant_id.",
        envvar="TENANT_ID",
        callback=guid,
        show_default=False,
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="FIELD=HEADING",
        help="The column to read a reserved field from, such as user=email. Repeatable.",
        show_default=False,
    ),
]
Separator = Annotated[
    str,
    typer.Option(
        "--list-separator",
        help="The text between the values of a list in a CSV cell.",
        callback=_separator,
    ),
]
FileFormat = Annotated[
    Format | None,
    typer.Option(
        "--format",
        help="The file's format.",
        show_default="detected from the content",
    ),
]
CatalogueFile = Annotated[
    Path | None,
    typer.Option(
        "--catalogue",
        help="A claims schema (claims.toml) to check rows against.",
        envvar="CLAIMS_CATALOGUE",
        show_default=False,
    ),
]
ExpiresIn = Annotated[
    int | None,
    typer.Option(
        "--expires-in",
        parser=_duration,
        metavar="DURATION",
        help="For rows without expires_at, set it to this long from now, such as 30d or 12h.",
        show_default=False,
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="HEADING,…",
        help="The columns to read as claims; other claim columns are ignored. Repeatable.",
        show_default=False,
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        metavar="HEADING,…",
        help="Columns to ignore. Repeatable.",
        show_default=False,
    ),
]
Nulls = Annotated[
    list[str] | None,
    typer.Option(
        "--null",
        metavar="TEXT",
        help="A text to read as an empty cell, such as NULL. Repeatable.",
        show_default=False,
    ),
]
Trim = Annotated[
    bool, typer.Option("--trim", help="Remove leading and trailing blanks from values.")
]
TextFrom = Annotated[
    str | None,
    typer.Option(
        "--text-from",
        metavar="number,boolean",
        help="Convert JSON values of these types to text instead of rejecting them.",
        show_default=False,
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Treat warnings about the file as errors.")]
Prune = Annotated[
    bool,
    typer.Option(
        "--prune",
        help="Also remove items that the file does not contain, limited to the tenants and apps"
        " that it names.",
    ),
]
DEFAULT_SEPARATOR = LIST_SEPARATOR


@contextmanager
def checked_file(
    file: Path,
    options: ReadOptions,
    layers: TenantLayers | None = None,
    *,
    keep_going: bool = False,
    strict: bool = False,
) -> Iterator[CheckedFile]:
    """Check the whole file.

    Raises `OperatorError` when a row is invalid; with `keep_going`, only when the file cannot be
    split into rows.
    """
    with ExitStack() as stack:
        with load_progress() as progress:
            checked = stack.enter_context(
                check_file(file, options, progress=progress.checked, tenant_layers=layers)
            )
        for warning in checked.warnings:
            stderr().print(escaped(f"{file}: warning: {warning}"), markup=False)
        if checked.problem_count and not (keep_going and checked.complete):
            raise checked.refusal()
        if strict and checked.warnings:
            raise checked.strict_refusal()
        yield checked


def show_problems(checked: CheckedFile) -> None:
    """Show the first problems of a file whose valid rows are used."""
    for problem in checked.problems:
        stderr().print(escaped(problem.text(checked.path)), markup=False)


def show_keyed_by_address(checked: CheckedFile) -> None:
    """Note rows keyed by address, which the function reads only if its settings say so."""
    if checked.by_address:
        rows = "1 row is" if checked.by_address == 1 else f"{checked.by_address} rows are"
        note = "the function uses such rows only if USER_KEYS lists mail or userPrincipalName"
        stderr().print(f"{rows} keyed by address; {note}", markup=False)
