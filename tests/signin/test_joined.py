"""Entra's record joined with the function's log and with tap's recordings."""

import json
from pathlib import Path
from typing import Any

import pytest
from claimsctl.errors import OperatorError
from claimsctl.judge.attempt import Phase
from claimsctl.signin.access_log import GatewayAnswer
from claimsctl.signin.joined import Sources
from claimsctl.signin.provider_log import LogLine
from claimsctl.signin.recordings import Recording, read_recordings
from claimsctl.signin.records import read_sign_in
from claimsctl.signin.summary import Row
from claimsctl.tap.exchanges import exchange_document, mask_and_judge
from claimsctl.tap.recording import Message, RecordedExchange
from claimsctl.tap.upstream import parse_upstream

from tests.cli.command import MEMBER
from tests.signin.samples import correlation_id, graph, listener

BAD_ANSWER = {
    "data": {
        "@odata.type": "microsoft.graph.onTokenIssuanceStartResponseData",
        "actions": [],
    }
}


def row(code: int | None, attempts: int, status: int | None) -> Row:
    """A callout of sign-in 1."""
    sign_in = read_sign_in(graph(1, listener(code, attempts, status), error=1100001))
    assert sign_in is not None
    return Row("2026-11-28T09:30:01", 1, sign_in, sign_in.callouts[0])


def line(outcome: str, status: int, reason: str = "") -> LogLine:
    """A line of the log."""
    return LogLine("2026-11-28T09:30:01Z", outcome, status, reason, 12.0, "r")


def joined(row: Row, *lines: LogLine) -> list[str]:
    """Return what the log adds."""
    return list(Sources(log={row.sign_in.correlation_id: list(lines)}).conclusions(row))


def test_what_the_gateway_answered_is_joined_by_time_only() -> None:
    """The access log distinguishes a refused call from a call to another endpoint."""
    called = row(1003002, 1, 401)
    id_ = called.sign_in.correlation_id
    refused = GatewayAnswer("2026-11-28T09:30:02Z", 401, "the token has expired", "g1")
    sources = Sources(log={}, gateway={id_: [refused]})
    unlogged, answered, caution = sources.conclusions(called)
    assert "the function's log has no line for it" == unlogged
    assert answered.endswith(
        "the gateway answered 401 without the function (the token has expired)"
    )
    assert "joined by time only: the gateway gave 1 such answer within 5 s" in caution
    assert [refused.document()] == sources.document(called)["gateway"]
    nothing = list(Sources(log={}, gateway={id_: []}).conclusions(called))
    assert "Entra called another endpoint or stack" in nothing[1]
    not_asked = list(Sources(log={}, gateway={}).conclusions(called))
    assert ["the gateway's authorizer" in text for text in not_asked] == [True]


def test_a_refused_token_has_its_reason() -> None:
    """The log says why the endpoint answered 401."""
    assert ["log 2026-11-28T09:30:01Z: caller-refused (issuer), status 401 after 12 ms"] == (
        joined(row(1003002, 1, 401), line("caller-refused", 401, "issuer"))
    )


def test_a_retry_is_two_lines_of_one_record() -> None:
    """Both attempts are shown; a missing line is reported."""
    twice = joined(row(1003005, 2, None), line("store-failure", 503), line("answered", 200))
    assert ["store-failure", "answered"] == [
        text.split(": ")[1].split(",")[0] for text in twice[:2]
    ]
    assert "the function answered: a cold start" in twice[2]
    once = joined(row(1003005, 2, None), line("answered", 200))
    assert "1 of 2 attempts have no line in the log" == once[1]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (row(1003002, 1, 401), "the gateway's authorizer"),
        (row(1003027, 2, None), "the gateway's authorizer"),
    ],
)
def test_called_and_not_in_the_log(given: Row, expected: str) -> None:
    """Something in front of the function answered, or the log is from another stack."""
    (text,) = joined(given)
    assert expected in text


def test_never_called_is_not_in_the_log() -> None:
    """A log without a line confirms the verdict; a line belongs to another callout."""
    assert [] == joined(row(1003021, 0, None))
    assert "belong to another callout" in joined(row(1003021, 0, None), line("answered", 200))[-1]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (row(1003003, 1, 200), "judge it"),
        (row(1003002, 1, 502), "something between it and Entra changed the status"),
    ],
)
def test_answered_and_refused(given: Row, expected: str) -> None:
    """If the function answered and the record failed, the advice is to record the answer."""
    assert expected in joined(given, line("answered", 200))[-1]


def _recorded(body: Any, number: int) -> dict[str, Any]:
    callout = json.loads(MEMBER.read_bytes())
    callout["data"]["authenticationContext"]["correlationId"] = correlation_id(number)
    sent = json.dumps(callout).encode()
    answer = json.dumps(body).encode()
    exchange = RecordedExchange(
        number,
        method="POST",
        target="/callout",
        request=Message((("content-type", "application/json"),), bytearray(sent), len(sent)),
        status=200,
        answer=Message((("content-type", "application/json"),), bytearray(answer), len(answer)),
        connecting={Phase.CONNECT: 1.0},
        arrived=True,
    )
    exchange.end()
    shown = mask_and_judge(exchange, 2000, unmask=False)
    return exchange_document(shown, parse_upstream("http://127.0.0.1:8000"))


def test_recordings_are_those_that_tap_writes(tmp_path: Path) -> None:
    """The failure, its location and what to do are from the file; other findings are omitted."""
    for number in (1, 5):
        document = _recorded(BAD_ANSWER, number)
        (tmp_path / f"2026-{number}.exchange.json").write_text(json.dumps(document))
    (tmp_path / "cut.exchange.json").write_text("{")
    found, unreadable = read_recordings(tmp_path, {correlation_id(1)})
    assert ({correlation_id(1)}, 1) == (set(found), unreadable)
    (recording,) = found[correlation_id(1)]
    assert (False, 1003010, "RSP006") == (
        recording.accepted, recording.entra_code, recording.finding
    )  # fmt: skip
    texts = list(Sources(recordings=found).conclusions(row(1003010, 1, 200)))
    assert texts[0].startswith("tap 2026-1.exchange.json: RSP006 at line ")
    assert texts[1].startswith("do: ")
    assert 2 == len(texts)
    texts = list(Sources(recordings=found).conclusions(row(1003003, 1, 200)))
    assert "for this answer, the judge expects code 1003010" == texts[-1]


def test_other_recordings() -> None:
    """The conclusions for an accepted, an unjudged and a missing recording."""
    good = Recording("f", "", True, None, "", "", "", "")  # noqa: FBT003  # as the file has it
    other = Recording("g", "", None, None, "", "", "", "")
    late = row(1003005, 1, None)
    found = {late.sign_in.correlation_id: [good, other]}
    assert [
        "tap f: the judge found no problem in the answer",
        "tap g: not judged",
    ] == list(Sources(recordings=found).conclusions(late))
    assert ["tap did not record it: Entra's call did not pass through tap"] == list(
        Sources(recordings={}).conclusions(late)
    )


def test_a_folder_without_recordings_is_named(tmp_path: Path) -> None:
    """An empty or missing folder is wrong usage."""
    with pytest.raises(OperatorError, match="tap --save"):
        read_recordings(tmp_path, set())
    with pytest.raises(OperatorError, match="No such file"):
        read_recordings(tmp_path / "none", set())
