"""Read the function's log lines by correlation id, in all formats of CloudWatch.

They are ``aws logs tail`` (each of its formats), ``filter-log-events``, results of Logs Insights as
JSON or CSV, an export to S3, and bare lines; also with gzip. Only the lines of wanted sign-ins are
kept.
"""

import csv
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import IO, Any, Final

from claimsctl.errors import OperatorError
from claimsctl.signin.json_values import PART, records_of_values
from claimsctl.signin.records import moment
from claimsctl.signin.text_source import RECORD_MAX, FileText

LINES_PER_SIGN_IN: Final = 10
_PRETTY_LINES_MAX: Final = 200
_CSV_HEADINGS: Final = {"@message", "correlationId"}
_LISTS: Final = ("events", "results")
_PLATFORM: Final = re.compile(
    r"(?:INIT_START|START|END|REPORT) R(?:equestId|untime)|\"platform\.[a-zA-Z]+\""
)
"""The lines that Lambda writes, as text and as JSON."""
_SPACES: Final = "\x00\r\n\t ,"


@dataclass(frozen=True, slots=True)
class LogLine:
    """The function's log line for one callout, without personal data."""

    at: str
    outcome: str
    status: int | None
    reason: str
    """The reason for the failure, from `cause`."""
    answer_ms: float | None
    request_id: str

    def document(self) -> dict[str, Any]:
        """Return the line as a JSON object."""
        return asdict(self)


Lines = dict[str, list[LogLine]]


def read_log(raw: IO[bytes], name: str, wanted: Collection[str]) -> Lines:
    """Read the lines of the `wanted` correlation ids.

    Raises `OperatorError` for a file that is not a log of the function. A file without a callout is
    a log if it is empty or begins with Lambda's lines: Entra may never have called.
    """
    found: Lines = {}
    callouts = 0
    text = FileText(raw, name)
    head = _head(text)
    for fields in _messages(head, text):
        line = callout_line(fields)
        if line is not None:
            callouts += 1
            add_line(found, *line, wanted)
    if not callouts and head and not _PLATFORM.search(head):
        message = (
            f"{name}: no log line of a callout; expected the function's log, such as from aws logs"
            " tail GROUP --since 1d --format short, where GROUP is the output FunctionLogGroup"
        )
        raise OperatorError(message)
    return found


def add_line(found: Lines, correlation_id: str, line: LogLine, wanted: Collection[str]) -> None:
    """Keep `line` if its sign-in is wanted and has few enough lines."""
    if correlation_id in wanted:
        lines = found.setdefault(correlation_id, [])
        if len(lines) < LINES_PER_SIGN_IN and line not in lines:
            lines.append(line)


def callout_line(fields: Mapping[str, Any]) -> tuple[str, LogLine] | None:
    """Return the correlation id and the line in a log message; `None` for another message."""
    correlation_id, outcome = fields.get("correlationId"), fields.get("outcome")
    if not isinstance(correlation_id, str) or not isinstance(outcome, str) or not outcome:
        return None
    cause = fields.get("cause")
    reason = cause.get("reason", "") if isinstance(cause, dict) else fields.get("cause.reason", "")
    return correlation_id.lower(), LogLine(
        _time(fields.get("@timestamp") or fields.get("timestamp")),
        outcome,
        _number(fields.get("status")),
        reason if isinstance(reason, str) else "",
        _milliseconds(fields.get("answer_ms")),
        str(fields.get("request_id") or ""),
    )


def _time(value: Any) -> str:
    text = str(value or "").replace(",", ".")
    return moment(text) or text


def _number(value: Any) -> int | None:
    milliseconds = _milliseconds(value)
    return None if milliseconds is None else int(milliseconds)


def _milliseconds(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _head(text: FileText) -> str:
    """Return the first line that is not blank."""
    head = text.readline(PART)
    while head and not head.strip(_SPACES):
        head = text.readline(PART)
    return head


def _messages(head: str, text: FileText) -> Iterator[Mapping[str, Any]]:
    """Yield the fields of each message."""
    columns = next(csv.reader([head]), [])
    if _CSV_HEADINGS & set(columns):
        csv.field_size_limit(RECORD_MAX)
        for row in csv.reader(text):
            yield _with_message(dict(zip(columns, row, strict=False)))
    elif head.lstrip().startswith("[") or _begins_list(head):
        yield from map(_with_message, _rows(head, text))
    else:
        yield from _of_lines(head, text)


def _begins_list(head: str) -> bool:
    """Return whether the file is one object from a command, not lines."""
    beginning = head.strip()
    if beginning == "{":
        return True
    return any(beginning.startswith((f'{{"{name}"', f'{{ "{name}"')) for name in _LISTS)


def _rows(head: str, text: FileText) -> Iterator[dict[str, Any]]:
    """Yield the events of a command's output; a row of Insights is a list of fields."""
    row: dict[str, Any] = {}
    for value in records_of_values(head, text):
        if not isinstance(value, dict):
            continue
        if set(value) == {"field", "value"}:
            if value["field"] in row:
                yield row
                row = {}
            row[value["field"]] = value["value"]
        else:
            yield value
    if row:
        yield row


def _with_message(row: dict[str, Any]) -> Mapping[str, Any]:
    """Return the fields of the row and of the message in it."""
    message = row.get("@message", row.get("message"))
    if isinstance(message, str):
        begin = message.find("{")
        message = _object_in(message[begin:]) if begin >= 0 else None
    return {**row, **message} if isinstance(message, dict) else row


def _of_lines(head: str, text: FileText) -> Iterator[Mapping[str, Any]]:
    """Yield the fields of messages in lines with a prefix; a message may have several lines."""
    pending: list[str] = []
    for line in _chained(head, text):
        begin = line.find("{")
        if begin >= 0 and (fields := _object_in(line[begin:])) is not None:
            pending = []
            yield fields
        elif begin >= 0 and not line[begin + 1 :].strip() and not pending:
            pending = [line[begin:]]  # aws logs tail --format json writes it so
        elif pending:
            pending.append(line)
            if line.strip() == "}" and (fields := _object_in("".join(pending))) is not None:
                yield fields
            if (line.strip() == "}" and line[0] == "}") or len(pending) > _PRETTY_LINES_MAX:
                pending = []


def _object_in(text: str) -> dict[str, Any] | None:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _chained(head: str, text: FileText) -> Iterator[str]:
    yield head
    yield from text
