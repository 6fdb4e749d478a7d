"""The format of a claims file: given, or detected from the beginning of the file."""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from claimsctl.claims_file.schema import ClaimSchema

LIST_SEPARATOR = "|"


class Format(StrEnum):
    """The formats of a claims file, as ``--format`` names them."""

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
    """How to read a file: what its content does not say."""

    tenant: str | None = None
    """The canonical tenant id of rows that have none."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """The heading in the file for each renamed reserved field."""
    list_separator: str = LIST_SEPARATOR
    format: Format | None = None
    """``None``: detected from the content."""
    schema: ClaimSchema | None = None
    expires_at: int | None = None
    """Epoch seconds for rows without an expiry. Absolute, so that a resumed load uses the same."""
    only: tuple[str, ...] = ()
    """The headings to read as claims; empty for all."""
    ignore: tuple[str, ...] = ()
    """The headings to ignore."""
    nulls: tuple[str, ...] = ()
    """Texts that are read as an empty cell."""
    trim: bool = False
    """Whether to remove leading and trailing blanks from values."""
    text_from: tuple[JsonType, ...] = ()
    """JSON types whose values are converted to text."""
    command: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """The command that reads the file, as typed, if any: errors suggest it with other options."""


_DELIMITERS = ",;\t"
_BEGINNING_CHARACTERS = 1 << 16
_QUOTED = re.compile(r'"[^"]*"')
_TEMPLATE_VERSION = re.compile(r'"?version:v[0-9.]+"?[,;\t]*\s*', re.IGNORECASE)
"""The line above the heading in bulk templates of the Entra admin center."""

_ENVELOPE = re.compile(
    r"""\s*\{\s*"(?:
        @odata\.[\w.]+"\s*:
        | (?:Items|Users|users|value)"\s*:\s*\[\s*(?:[{\]]|$)
        | (?:Count|ScannedCount)"\s*:\s*[0-9]
        | [^"]+"\s*:\s*\[\s*\{\s*"(?:PutRequest|DeleteRequest)"
    )""",
    re.VERBOSE,
)
"""The beginning of an object with an array of rows, as AWS, Microsoft Graph and Firebase write."""

_EXCELS_DELIMITER = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Beginning:
    """A format, and the lines that were read to detect it."""

    format: Format
    lines: list[str]
    delimiter: str = ""
    skipped: int = 0
    """The number of lines before them, which have no content."""
    is_template: bool = False
    """Whether headings have property names in brackets, as in Entra's bulk templates."""


def sniff(text: io.TextIOWrapper, given: Format | None) -> Beginning | None:
    """Detect the format of `text`, unless it is `given`; return ``None`` for an empty file."""
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
    """Return whether a text with this beginning is one object with an array of rows."""
    return _ENVELOPE.match(beginning) is not None


def _format(begins: str) -> Format:
    return {"[": Format.JSON, "{": Format.JSON_LINES}.get(begins[0], Format.CSV)


def _goes_on(line: str) -> bool:
    """Return whether an object begins on `line` but ends on a later one, as in indented JSON."""
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
