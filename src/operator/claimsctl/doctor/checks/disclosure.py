"""HYG…: what answers disclose, based on the calls of the other checks."""

import re
from collections.abc import Iterator

from claimsctl.doctor.calls import Run
from claimsctl.doctor.runner import Check, finding
from claimsctl.judge.attempt import Answer
from claimsctl.judge.finding import Finding, Level

_TRACES = re.compile(
    r"Traceback \(most recent call last\)|^[ \t]+at (async )?[\w.$<>]+[ (]|\bat System\.|"
    r"\w\.?Exception: |File \"[^\"]+\", line \d+|node_modules/|/var/task/|site-packages|"
    r"/home/site/wwwroot|\"(stackTrace|stack_trace)\"|\"errorType\"|Werkzeug Debugger|SQLSTATE|"
    r"An error occurred \(\w+\) when calling the",
    re.MULTILINE,
)
"""No alternative begins with an unbounded repetition, which would backtrack at every position."""
_READ_BYTES = 50_000
_TELLING = ("x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-debug-token")
_VERSION = re.compile(r"/\d")
_PLATFORMS = ("awselb/", "Microsoft-HTTPAPI/")
"""Platforms' servers, whose name a customer cannot change."""


def _check(run: Run) -> Iterator[Finding]:
    answers = [
        (call.purpose, call.attempt.answer) for call in run.calls if call.attempt.answer is not None
    ]
    traced = next((purpose for purpose, answer in answers if _has_trace(answer)), None)
    yield finding(
        "HYG001",
        Level.OK if traced is None else Level.WARN,
        "none in any answer" if traced is None else f"in the answer to: {traced}",
        hint="" if traced is None else "Do not send internals in an error; log them instead.",
        expected="" if traced is None else "no stack trace, no exception's text",
    )
    telling = sorted({line for _, answer in answers for line in _telling(answer)})
    yield finding(
        "HYG002",
        Level.WARN if telling else Level.OK,
        ", ".join(telling) or "none",
        hint="Disable these headers: they help attackers choose an exploit." if telling else "",
        expected="no software versions" if telling else "",
    )


def _has_trace(answer: Answer) -> bool:
    text = answer.body[:_READ_BYTES].decode("utf-8", "replace")
    return bool(_TRACES.search(text.replace("\\n", "\n").replace('\\"', '"')))  # in JSON too


def _telling(answer: Answer) -> Iterator[str]:
    for name, value in answer.headers:
        versioned = _VERSION.search(value) and not value.startswith(_PLATFORMS)
        if name.lower() in _TELLING or (name.lower() == "server" and versioned):
            yield f"{name.lower()}: {value[:60]}"


CHECK = Check(("HYG001", "HYG002"), _check, needs=("HTTP001",))
