"""The answer to a refused caller, and its log line."""

import json

import pytest
from claimsctl.emulator.authorizer import Reason, Refusal, loggable


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.MISSING])
def test_a_challenge_names_the_reason(reason: Reason) -> None:
    """In API Gateway's form; nothing in it is the caller's."""
    challenge = Refusal(reason, "iss", "expected", "actual").challenge
    prefix = 'Bearer scope="" error="invalid_token" error_description="the '
    assert challenge.startswith(prefix)
    assert challenge.endswith('"')
    assert 6 == challenge.count('"')
    assert "actual" not in challenge


def test_each_reason_has_its_own_words() -> None:
    """A caller can tell them apart; for the audience they are AWS's."""
    assert len(Reason) == len({Refusal(reason).challenge for reason in Reason})
    description = 'error_description="the token does not have a valid audience"'
    assert description in Refusal(Reason.AUDIENCE).challenge


def test_one_line_for_the_log() -> None:
    """JSON like the function's own line: the same keys for outcome, status and cause."""
    line = Refusal(Reason.EXPIRED, "exp", "after 7", "6").log_line(1795510000.25)
    assert "\n" not in line
    assert {
        "level": "WARNING",
        "message": "callout",
        "timestamp": "2026-11-24 08:46:40,250+0000",
        "service": "local-gateway",
        "outcome": "caller-refused",
        "cause": {"reason": "expired", "claim": "exp", "expected": "after 7", "actual": "6"},
        "status": 401,
    } == json.loads(line)


def test_what_is_not_known_is_left_out() -> None:
    """No token, say, has no claim at fault."""
    assert {"reason": "missing"} == json.loads(Refusal(Reason.MISSING).log_line(0))["cause"]


@pytest.mark.parametrize(
    "text",
    [
        "11112222-bbbb-3333-cccc-4444dddd5555", "2.0"[:1], "RS256", "a_b-C",
        "https://sts.windows.net/x/", "api://host.example.com/11112222-bbbb",
    ],
)  # fmt: skip
def test_ids_and_urls_are_shown(text: str) -> None:
    """What one compares to find the mistake."""
    assert text == loggable(text)


@pytest.mark.parametrize(
    "text",
    [
        "casey@contoso.com", "Casey Jensen", "https://x/casey@contoso.com", "x" * 65, "a\nb",
        "\x1b[31m", "é", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl", "\ud800",
        "https://" + "x" * 201,
    ],
)  # fmt: skip
def test_anything_else_is_counted(text: str) -> None:
    """Addresses, names, tokens, what steers a terminal: only how long it was."""
    assert f"text of {len(text)} characters" == loggable(text)
