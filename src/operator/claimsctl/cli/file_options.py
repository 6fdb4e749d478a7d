"""Options of every command that reads a file of claims, and the file as they have it read."""

import csv
import re
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
from claimsctl.cli.options import input_file
from claimsctl.cli.progress import load_progress
from claimsctl.text import escaped

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
    """What the options say about the file. Raises `typer.BadParameter` and `OperatorError`."""
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
    )


def reading_options(options: ReadOptions) -> tuple[str, ...]:
    """Those `options` that a checkpoint keeps under one name, as one would write them."""
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
    """Headings, separated by commas in each option, in quotes where they hold one."""
    names = {name.strip() for row in csv.reader(options or ()) for name in row}
    return tuple(sorted(names - {""}))


def _json_types(option: str | None) -> tuple[JsonType, ...]:
    try:
        return tuple(sorted({JsonType(name.strip()) for name in (option or "").split(",") if name}))
    except ValueError:
        message = f"expected {' or '.join(JsonType)}, or both with a comma, found {option!r}"
        raise typer.BadParameter(message, param_hint="--text-from") from None


def _columns(options: Sequence[str]) -> dict[str, str]:
    renamed = list(map(_renamed, options))
    columns = dict(renamed)
    if len(set(columns.values())) < len(renamed):
        message = f"a field or a heading stands twice in {', '.join(options)}"
        raise typer.BadParameter(message, param_hint="--column")
    return columns


def _renamed(option: str) -> tuple[str, str]:
    field, equals, heading = option.partition("=")
    if field not in RESERVED or not equals or not heading.strip():
        message = (
            f"expected one of {', '.join(RESERVED)}, then = and the heading that stands for it, "
            f"found {option!r}"
        )
        raise typer.BadParameter(message, param_hint="--column")
    return field, heading.strip()


def _separator(value: str) -> str:
    if not value or value.startswith(("[", '"')):
        message = f"expected one or more characters, not [ or a quote, found {value!r}"
        raise typer.BadParameter(message)
    return value


def _duration(value: str) -> int:
    match = _DURATION.fullmatch(value)
    if match is None:
        message = f"expected a number and m, h, d or w such as 30d, found {value!r}"
        raise typer.BadParameter(message)
    seconds = int(match[1]) * _SECONDS[match[2]]
    if time.time() + seconds > EXPIRES_AT_MAX:
        message = f"expected an end before the year 5138, found {value!r}"
        raise typer.BadParameter(message)
    return seconds


File = Annotated[
    Path,
    typer.Argument(
        parser=input_file, metavar="FILE", help="CSV, TSV, JSON lines or JSON; - for stdin."
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="FIELD=HEADING",
        help="A heading that stands for a reserved field, such as user=email; repeatable.",
        show_default=False,
    ),
]
Separator = Annotated[
    str,
    typer.Option(
        "--list-separator", help="What stands between the items of a list.", callback=_separator
    ),
]
FileFormat = Annotated[
    Format | None,
    typer.Option(
        "--format", help="The file's format; told by its content else.", show_default=False
    ),
]
CatalogueFile = Annotated[
    Path | None,
    typer.Option(
        "--catalogue",
        help="A schema of claims (claims.toml) that rows must follow.",
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
        help="When rows without expires_at end, from now: 30d, 12h.",
        show_default=False,
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="HEADING,…",
        help="The claims to read, by heading; other columns are passed over. Repeatable.",
        show_default=False,
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="HEADING,…", help="Columns to pass over.", show_default=False),
]
Nulls = Annotated[
    list[str] | None,
    typer.Option(
        "--null",
        metavar="TEXT",
        help="A text that counts as an empty cell, such as NULL; repeatable.",
        show_default=False,
    ),
]
Trim = Annotated[bool, typer.Option("--trim", help="Drop blanks around values.")]
TextFrom = Annotated[
    str | None,
    typer.Option(
        "--text-from",
        metavar="number,boolean",
        help="JSON types to read as text.",
        show_default=False,
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Refuse a file that gives rise to warnings.")
]
Prune = Annotated[
    bool,
    typer.Option(
        "--prune",
        help="Also remove what the table has beyond the file, in the tenants and apps it names.",
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
    """The file, checked to its end.

    Raises `OperatorError` when a row is bad; with `keep_going`, only when it is not known where
    rows begin and end.
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
    """Show the first problems of a file whose other rows are used."""
    for problem in checked.problems:
        stderr().print(escaped(problem.text(checked.path)), markup=False)


def show_keyed_by_address(checked: CheckedFile) -> None:
    """Note rows whose key is an address, which the function reads by its settings only."""
    if checked.by_address:
        rows = "1 row is" if checked.by_address == 1 else f"{checked.by_address} rows are"
        note = "such rows count only where USER_KEYS lists mail or userPrincipalName"
        stderr().print(f"{rows} keyed by address: {note}", markup=False)
