"""The format of a file of claims: given, or detected from how the file begins."""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from claimsctl.claims_file.schema import ClaimSchema

LIST_SEPARATOR = "|"


class Format(StrEnum):
    """Formats of a file of claims, as ``--format`` names them."""

    CSV = "csv"
    TSV = "tsv"
    JSON_LINES = "jsonl"
    JSON = "json"


class JsonType(StrEnum):
    """JSON types, other than a string, that can be read as text."""

    NUMBER = "number"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the file does not say itself."""

    tenant: str | None = None
    """Canonical tenant id of rows that name none."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Reserved field → the heading that the file has for it."""
    list_separator: str = LIST_SEPARATOR
    format: Format | None = None
    """``None``: detected from the content."""
    schema: ClaimSchema | None = None
    expires_at: int | None = None
    """Epoch seconds for rows that give none. Absolute, so that a resumed load says the same."""
    only: tuple[str, ...] = ()
    """Headings of the claims to read; none: all of them."""
    ignore: tuple[str, ...] = ()
    """Headings to pass over."""
    nulls: tuple[str, ...] = ()
    """Texts that count as an empty cell."""
    trim: bool = False
    """Whether blanks around a value are dropped."""
    text_from: tuple[JsonType, ...] = ()
    """JSON types that are read as the text that JSON writes for them."""


_DELIMITERS = ",;\t"
_BEGINNING_CHARACTERS = 1 << 16
_QUOTED = re.compile(r'"[^"]*"')
_TEMPLATE_VERSION = re.compile(r'"?version:v[0-9.]+"?[,;\t]*\s*', re.IGNORECASE)
"""The line above the heading of the Entra admin center's bulk templates."""

_ENVELOPE = re.compile(
    r"""\s*\{\s*"(?:
        @odata\.[\w.]+"\s*:
        | (?:Items|Users|users|value)"\s*:\s*\[\s*(?:[{\]]|$)
        | (?:Count|ScannedCount)"\s*:\s*[0-9]
        | [^"]+"\s*:\s*\[\s*\{\s*"(?:PutRequest|DeleteRequest)"
    )""",
    re.VERBOSE,
)
"""How an object begins that has its rows in an array: of AWS, of Microsoft Graph, of Firebase."""

_EXCELS_DELIMITER = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Beginning:
    """A format, and the lines that had to be read to tell."""

    format: Format
    lines: list[str]
    delimiter: str = ""
    skipped: int = 0
    """How many lines before them say nothing."""
    is_template: bool = False
    """Whether headings have the names of properties in brackets, as bulk templates of Entra do."""


def sniff(text: io.TextIOWrapper, given: Format | None) -> Beginning | None:
    """How `text` begins; ``None`` when there is nothing in it. A `given` format is not doubted."""
    lines: list[str] = []
    while not lines or not lines[-1].strip():
        line = text.readline(_BEGINNING_CHARACTERS)
        if not line:
            return None
        lines.append(line)
    begins = lines[-1].lstrip()
    format_ = given or _format(begins)
    if format_ is not Format.JSON and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += text.readline()
    if format_ is Format.JSON_LINES and given is None:
        if is_envelope(lines[-1]):
            format_ = Format.JSON
        elif _goes_on(lines[-1]):
            following = text.readline()
            lines += [following] if following else []
            format_ = Format.JSON if following.strip() else Format.JSON_LINES
    match format_:
        case Format.CSV:
            if _TEMPLATE_VERSION.fullmatch(lines[-1]) and (heading := text.readline()):
                return replace(_csv([*lines, heading]), is_template=True)
            return _csv(lines)
        case Format.TSV:
            return Beginning(format_, lines[-1:], "\t", len(lines) - 1)
        case _:
            return Beginning(format_, lines)


def is_envelope(beginning: str) -> bool:
    """Whether a text that begins so is one object with its rows in an array."""
    return _ENVELOPE.match(beginning) is not None


def _format(begins: str) -> Format:
    return {"[": Format.JSON, "{": Format.JSON_LINES}.get(begins[0], Format.CSV)


def _goes_on(line: str) -> bool:
    """Whether an object begins on `line` that does not end there, as pretty printers write it."""
    try:
        json.loads(line)
    except json.JSONDecodeError as error:
        return error.pos >= len(line.rstrip())
    except (ValueError, RecursionError):
        pass
    return False


def _csv(lines: list[str]) -> Beginning:
    if match := _EXCELS_DELIMITER.fullmatch(lines[-1]):
        return Beginning(Format.CSV, [], match[1], len(lines))
    heading = _QUOTED.sub("", lines[-1])
    delimiter = max(_DELIMITERS, key=heading.count)
    format_ = Format.TSV if delimiter == "\t" else Format.CSV
    return Beginning(format_, lines[-1:], delimiter, len(lines) - 1)
