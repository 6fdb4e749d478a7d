"""The judge never raises for any input, and agrees with the provider."""

import json
from typing import Any

import pytest
from claims_provider.claims.compose import compose
from claims_provider.claims.item import Layer
from claims_provider.contract.answer import Claims, claims_bytes
from claims_provider.errors import CalloutError, ErrorCode
from claims_provider.outbound.failure import failure_response
from claims_provider.outbound.response import claims_response
from claimsctl.judge.attempt import Answer
from claimsctl.judge.judge import judge
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.effort import tries
from tests.judge.answers import ACTION, RESPONSE_DATA, answer_of, body_with_actions

MANY = settings(max_examples=tries(200), deadline=None, suppress_health_check=list(HealthCheck))
CODES = {
    1003002, 1003003, 1003006, 1003007, 1003009, 1003010, 1003012, 1003025, 1003026,
}  # fmt: skip

any_text = st.text(st.characters(), max_size=20)  # lone surrogates included
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=12,
)
claim_values = st.text(max_size=1200) | st.lists(st.text(max_size=40), max_size=5)
good_claims = st.dictionaries(st.text(min_size=1).filter(str.strip), claim_values, max_size=5)


def _as_answer(response: dict[str, Any]) -> Answer:
    headers = tuple(response["headers"].items())
    return Answer(response["statusCode"], headers, response["body"].encode())


def _check(answer: Answer) -> None:
    verdict = judge(answer)
    assert {finding.entra_code for finding in verdict.findings} <= CODES
    assert len({finding.id for finding in verdict.findings}) >= (not verdict.accepted)


@MANY
@given(st.binary(), st.integers(), any_text | st.none())
def test_any_bytes(body: bytes, status: int, content_type: str | None) -> None:
    """Any answer gets a verdict with documented codes."""
    _check(answer_of(body))
    _check(answer_of(body, status=status, content_type=content_type))


@MANY
@given(json_values, json_values, json_values)
def test_any_json(action: Any, claims: Any, data: Any) -> None:
    """Any JSON in any position gets a verdict."""
    _check(answer_of(json.dumps(data).encode()))
    _check(answer_of(json.dumps({"data": data}).encode()))
    _check(answer_of(body_with_actions(action)))
    _check(answer_of(body_with_actions({"@odata.type": ACTION, "claims": claims})))


@pytest.mark.parametrize("depth", [10, 300, 900, 960, 980, 990, 995, 1000, 5_000, 20_000])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b""),
        (b'{"data": ', b"}"),
        (b'{"data": {"@odata.type": "' + RESPONSE_DATA.encode() + b'", "actions": {"a": ', b"}}}"),
        (
            b'{"data": {"@odata.type": "' + RESPONSE_DATA.encode() + b'", "actions": '
            b'[{"@odata.type": "' + ACTION.encode() + b'", "claims": {"n": ',
            b"}}]}}",
        ),
    ],
    ids=["whole", "data", "actions", "claim"],
)
@pytest.mark.parametrize("brackets", [b"[]", b'{"a":}'], ids=["lists", "objects"])
def test_any_depth(depth: int, before: bytes, after: bytes, brackets: bytes) -> None:
    """A body of any depth gets a verdict."""
    body = before + brackets[:-1] * depth + b"1" + brackets[-1:] * depth + after
    verdict = judge(answer_of(body))
    assert not verdict.accepted


@MANY
@given(good_claims)
def test_the_providers_answers_are_accepted(claims: Claims) -> None:
    """The judge accepts every answer of the provider, and counts the same bytes."""
    try:
        composed = compose([Layer(claims)], {})
    except CalloutError:
        verdict = judge(_as_answer(claims_response(claims)))
        assert [1003025] == [finding.entra_code for finding in verdict.findings]
    else:
        verdict = judge(_as_answer(claims_response(composed.claims)))
        assert (True, claims) == (verdict.accepted, verdict.claims)
    assert claims_bytes(claims) == verdict.claims_bytes


@MANY
@given(st.dictionaries(st.text(max_size=4), st.text(max_size=4) | json_values, max_size=3))
def test_the_provider_could_give_what_is_accepted(claims: dict[str, Any]) -> None:
    """What the judge accepts without a warning, the provider's answer carries unchanged."""
    verdict = judge(answer_of(body_with_actions({"@odata.type": ACTION, "claims": claims})))
    if verdict.accepted and not verdict.findings:
        assert claims == judge(_as_answer(claims_response(claims))).claims


@pytest.mark.parametrize("code", ErrorCode)
def test_the_providers_errors_are_refused(code: ErrorCode) -> None:
    """No error answer of the provider looks like claims."""
    failure = judge(_as_answer(failure_response(CalloutError(code)))).first_failure
    assert failure is not None
    assert 1003002 == failure.entra_code
