"""`claimsctl invoke` on every file in events/: status, code and exit code as its index says."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import EVENTS, Outcome, Run
from tests.effort import mostly_slow
from tests.integration.engine import Table
from tools.sample_events.__main__ import event_files
from tools.sample_events.callouts import EventFile

FILES = event_files()
SOME = [
    file
    for file in FILES
    if file.name
    in {
        "callout/guest.json",
        "gateway/http-api-base64.json",
        "bad/empty.json",
        "bad/not-utf8.json",
        "bad/gateway-another-caller.json",
    }
]


def _check(outcome: Outcome, status: int, code: str | None) -> None:
    shown: dict[str, Any] = json.loads(outcome.out)  # nothing else is on standard output
    assert ["statusCode", "headers", "body"] == list(shown)
    assert (status, code) == (shown["statusCode"], shown["body"].get("code"))
    assert ("data" in shown["body"]) is (status == 200)
    assert "content-type" in shown["headers"]
    assert (status != 200) == outcome.exit_code
    (line,) = outcome.err.splitlines()
    assert status == json.loads(line)["status"]


def _invoke(run: Run, sample: Table, event: str | Path, **options: Any) -> Outcome:
    where = ("--endpoint-url", sample.url, "--table", sample.name)
    return run("invoke", "--json", event, *where, **options)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_event(run: Run, sample: Table, file: EventFile) -> None:
    """`--json` prints only the function's answer; its log is on standard error."""
    _check(_invoke(run, sample, EVENTS / file.name), file.status, file.code)


@pytest.mark.parametrize(
    "file",
    mostly_slow(SOME, lambda file: file.name == "bad/empty.json"),
    ids=lambda file: file.name,
)
def test_some_events_in_a_process(process: Run, file: EventFile) -> None:
    """A script sees the same, over the embedded table with the sample's claims."""
    _check(process("invoke", "--json", EVENTS / file.name), file.status, file.code)


@pytest.mark.parametrize("file", [file for file in FILES if file.status_open], ids=lambda f: f.name)
def test_an_open_door_answers(run: Run, sample: Table, file: EventFile) -> None:
    """`CALLER_VERIFICATION=none` answers what is refused for its caller or envelope alone."""
    assert file.status_open is not None
    outcome = _invoke(run, sample, EVENTS / file.name, CALLER_VERIFICATION="none")
    _check(outcome, file.status_open, None)
    assert "open_door" in outcome.err


@pytest.mark.parametrize("file", SOME, ids=lambda file: file.name)
def test_an_event_may_come_from_standard_input(run: Run, sample: Table, file: EventFile) -> None:
    """`-` reads standard input, byte for byte."""
    outcome = _invoke(run, sample, "-", stdin=(EVENTS / file.name).read_bytes())
    _check(outcome, file.status, file.code)
