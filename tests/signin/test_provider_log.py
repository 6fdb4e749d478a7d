"""Read the function's log lines in all formats of CloudWatch."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from claimsctl.errors import OperatorError
from claimsctl.signin.provider_log import Lines, read_log

from tests.signin.samples import correlation_id

WANTED: Final = {correlation_id(2), correlation_id(3)}
MESSAGES: Final[list[dict[str, Any]]] = [
    {
        "level": "WARNING", "message": "callout", "timestamp": "2026-11-28 09:30:01,100+0000",
        "correlationId": correlation_id(2).upper(), "outcome": "caller-refused",
        "cause": {"reason": "issuer"}, "status": 401, "answer_ms": 6.5, "request_id": "r1",
    },
    {
        "level": "INFO", "message": "callout", "timestamp": "2026-11-28 09:30:02,100+0000",
        "correlationId": correlation_id(3), "outcome": "answered", "status": 200,
        "answer_ms": 12.25, "request_id": "r2",
    },
    {
        "level": "INFO", "message": "callout", "timestamp": "2026-11-28 09:30:03,100+0000",
        "correlationId": correlation_id(77), "outcome": "answered", "status": 200,
        "answer_ms": 1, "request_id": "r3",
    },
]  # fmt: skip
PLATFORM: Final = "START RequestId: 1 Version: $LATEST\n"
_PLATFORM_JSON: Final = '{"time":"2026-11-28T09:30:00Z","type":"platform.start","record":{}}\n'
STREAM: Final = "2026/11/28/[$LATEST]0123"
AT: Final = "2026-11-28T09:30:01.100000+00:00"


def _lines(before: str = "", indent: int | None = None) -> str:
    return (
        before
        + PLATFORM
        + "".join(f"{before}{json.dumps(message, indent=indent)}\n" for message in MESSAGES)
    )


def _insights_csv() -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["@timestamp", "@message"])
    for message in MESSAGES:
        writer.writerow(["2026-11-28 09:30:01.100", json.dumps(message)])
    return file.getvalue()


def _insights_fields() -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    names = ["@timestamp", "correlationId", "outcome", "cause.reason", "status", "answer_ms"]
    writer.writerow(names)
    for message in MESSAGES:
        row = {**message, "@timestamp": message["timestamp"].replace(",", ".")[:23]}
        row["cause.reason"] = message.get("cause", {}).get("reason", "")
        writer.writerow([row[name] for name in names])
    return file.getvalue()


def _events() -> str:
    events = [{"timestamp": 1, "message": PLATFORM}]
    events += [{"timestamp": 1, "message": json.dumps(message) + "\n"} for message in MESSAGES]
    return json.dumps({"events": events, "searchedLogStreams": []}, indent=4)


def _results() -> str:
    rows = [
        [
            {"field": "@timestamp", "value": "2026-11-28 09:30:01.100"},
            {"field": "@message", "value": json.dumps(message)},
        ]
        for message in MESSAGES
    ]
    return json.dumps({"results": rows, "statistics": {"recordsMatched": 3.0}, "status": "Done"})


FORMS: Final[dict[str, Callable[[], str]]] = {
    "bare": _lines,
    "tail": lambda: _lines(f"{AT} {STREAM} "),
    "tail-short": lambda: _lines("2026-11-28T09:30:01 "),
    "tail-json": lambda: _lines(f"{AT} {STREAM} ", indent=4),
    "s3-export": lambda: _lines("2026-11-28T09:30:01.100Z "),
    "filter-log-events": _events,
    "insights-csv": _insights_csv,
    "insights-fields": _insights_fields,
    "insights-results": _results,
    "insights-json": lambda: json.dumps([{"@message": message} for message in MESSAGES]),
}


def read(text: str) -> Lines:
    """Return the lines of the wanted sign-ins."""
    return read_log(io.BytesIO(text.encode()), "log", WANTED)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_every_form_is_read_the_same(form: str, *, packed: bool) -> None:
    """Each format gives only the wanted lines, by correlation id in lower case."""
    content = FORMS[form]().encode()
    found = read_log(io.BytesIO(gzip.compress(content) if packed else content), "log", WANTED)
    assert WANTED == set(found)
    (refused,), (answered,) = found[correlation_id(2)], found[correlation_id(3)]
    assert ("caller-refused", 401, "issuer", 6.5) == (
        refused.outcome, refused.status, refused.reason, refused.answer_ms
    )  # fmt: skip
    assert ("answered", 200, "", 12.25) == (
        answered.outcome, answered.status, answered.reason, answered.answer_ms
    )  # fmt: skip
    assert refused.at.startswith("2026-11-28T09:30:01")


def test_a_damaged_line_costs_itself_alone() -> None:
    """A truncated line or a single brace hides no later line."""
    cut = json.dumps(MESSAGES[0])[:50] + "\n{\nnothing\n"
    assert {correlation_id(3)} == set(read(cut + json.dumps(MESSAGES[1]) + "\n"))


def test_lines_of_one_sign_in_are_limited() -> None:
    """A correlation id with a thousand lines needs bounded memory."""
    text = "".join(json.dumps(MESSAGES[1] | {"request_id": f"{n}"}) + "\n" for n in range(1000))
    assert 10 == len(read(text)[correlation_id(3)])


@pytest.mark.parametrize(
    "text",
    ["", "\n", PLATFORM * 3, f"{AT} {STREAM} INIT_START Runtime Version: x\n", _PLATFORM_JSON],
    ids=["empty", "blank", "text", "tail", "json"],
)
def test_a_function_that_nobody_called_has_a_log(text: str) -> None:
    """A log that is empty or has only Lambda's lines is valid: Entra may never have called."""
    assert {} == read(text)


@pytest.mark.parametrize("text", ["hello\n", '{"a": 1}\n', "[]", "@message\nx\n"])
def test_what_is_no_log_is_named(text: str) -> None:
    """The message names the command that prints the log."""
    with pytest.raises(OperatorError, match="aws logs tail"):
        read(text)
