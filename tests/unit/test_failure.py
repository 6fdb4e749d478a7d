"""The one table of errors."""

import json

import pytest
from claims_provider.errors import CallerRefused, CalloutError, ErrorCode, RefusalReason
from claims_provider.outbound.failure import FAILURES, failure_response


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_code_has_an_answer_entra_takes_for_no_claims(code: ErrorCode) -> None:
    """No error is ever answered with a 200, and each carries its code and nothing else."""
    response = failure_response(CalloutError(code, evidence={"secret": "x"}))
    problem = json.loads(response["body"])
    assert 400 <= response["statusCode"] < 600
    assert {
        "type": "about:blank",
        "title": FAILURES[code].title,
        "status": response["statusCode"],
        "code": code.value,
    } == problem
    assert response["headers"]["content-type"] == "application/problem+json"


def test_a_refused_caller_learns_nothing() -> None:
    """The answer to a refused caller is always exactly the same."""
    bodies = {
        failure_response(CallerRefused(reason, expected="x", actual="y"))["body"]
        for reason in RefusalReason
    }
    assert 1 == len(bodies)


def test_a_refused_caller_is_told_how_to_come() -> None:
    """A 401 names the scheme, as HTTP demands (RFC 9110)."""
    response = failure_response(CallerRefused(RefusalReason.MISSING))
    assert (401, "Bearer") == (response["statusCode"], response["headers"]["www-authenticate"])


def test_a_wrong_method_is_told_the_right_one() -> None:
    """A 405 names the methods, as HTTP demands (RFC 9110)."""
    assert (
        "POST" == failure_response(CalloutError(ErrorCode.METHOD_NOT_ALLOWED))["headers"]["allow"]
    )


def test_detail_and_field_are_told() -> None:
    """An accepted caller gets the reason and position of an error in the body."""
    response = failure_response(CalloutError(ErrorCode.FIELD_MISSING, "required", field="data.x"))
    assert ("required", "data.x") == (
        (problem := json.loads(response["body"]))["detail"],
        problem["field"],
    )
