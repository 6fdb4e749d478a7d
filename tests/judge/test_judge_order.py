"""The judge reports in Entra's order, and counts bytes as Entra is assumed to."""

from typing import Any

import pytest
from claimsctl.judge.judge import judge

from tests.judge.answers import (
    ACTION,
    RESPONSE_DATA,
    answer_of,
    body_with_actions,
    body_with_claims,
    body_with_data,
)

LARGE = "x" * 3073
NO_NAME: dict[str, Any] = {"n": 1, "": "x", "large": LARGE}
WRONG_TYPE: dict[str, Any] = {"n": 1, "large": LARGE}
NO_CLAIMS = {"@odata.type": ACTION}
ORDER: list[tuple[str, int, str, bytes, int | None]] = [
    ("status", 500, "text/plain", b"", 1003002),
    ("content type", 200, "text/plain", b"", 1003006),
    ("no body", 200, "application/json", b"", 1003009),
    ("no JSON", 200, "application/json", b'{"data": {"actions": []}', 1003003),
    ("schema", 200, "application/json", body_with_data([]), 1003003),
    ("actions", 200, "application/json", body_with_actions({}, {}), 1003010),
    ("action type", 200, "application/json", body_with_actions({"claims": None}), 1003012),
    ("no claims", 200, "application/json", body_with_actions(NO_CLAIMS), 1003007),
    ("claim name", 200, "application/json", body_with_claims(NO_NAME), 1003026),
    ("claim type", 200, "application/json", body_with_claims(WRONG_TYPE), 1003003),
    ("size", 200, "application/json", body_with_claims({"large": LARGE}), 1003025),
    ("nothing", 200, "application/json", body_with_claims({}), None),
]
"""Each answer is wrong in one thing less than the one before."""


@pytest.mark.parametrize(
    ("status", "content_type", "body", "code"),
    [row[1:] for row in ORDER],
    ids=[r[0] for r in ORDER],
)
def test_the_first_thing_wrong_is_reported(
    status: int, content_type: str, body: bytes, code: int | None
) -> None:
    """The fault that Entra would find first comes first."""
    failure = judge(answer_of(body, status=status, content_type=content_type)).first_failure
    assert code == (None if failure is None else failure.entra_code)


def test_later_faults_are_told_too() -> None:
    """One run shows all faults."""
    body = body_with_claims(NO_NAME)
    verdict = judge(answer_of(body, content_type="text/plain"))
    assert [1003006, 1003026, 1003003, 1003025] == [f.entra_code for f in verdict.findings]
    assert ({}, False) == (verdict.claims, verdict.accepted)


@pytest.mark.parametrize(
    ("claims", "size"),
    [
        ({}, 0),
        ({"name": "x" * 3068}, 3072),
        ({"name": "x" * 3069}, 3073),
        ({"é": "é" * 1535}, 3072),
        ({"é": "é" * 1535, "": ""}, 3072),
        ({"n": "\U0001f600" * 767 + "€"}, 3072),
        ({"n": ["x" * 3000, "", "é" * 35, "y"]}, 3072),
        ({"n": ["x" * 3000, "", "é" * 35, "yz"]}, 3073),
        ({"a" * 1536: "b" * 1536}, 3072),
        ({"a": "x" * 1535, "b": ["y" * 1536]}, 3073),
    ],
)
def test_sizes_are_utf8_bytes_of_names_and_values(claims: dict[str, Any], size: int) -> None:
    """3072 bytes of names and values pass, 3073 do not; brackets and quotes are not counted."""
    body = body_with_claims(claims)
    verdict = judge(answer_of(body))
    assert size == verdict.claims_bytes
    assert (1003025 in [f.entra_code for f in verdict.findings]) is (size > 3072)


def test_escapes_do_not_count() -> None:
    """The decoded text counts, not its JSON spelling."""
    claims = b'{"n": "' + rb"\u0041" * 3071 + b'"}'
    body = body_with_data({"@odata.type": RESPONSE_DATA, "actions": ["here"]}).replace(
        b'"here"', b'{"@odata.type": "' + ACTION.encode() + b'", "claims": ' + claims + b"}"
    )
    verdict = judge(answer_of(body))
    assert (3072, True) == (verdict.claims_bytes, verdict.accepted)


def test_the_largest_claims_are_named() -> None:
    """The finding names the largest claims."""
    failure = judge(
        answer_of(body_with_claims({"s": "x", "m": "x" * 9, "l": ["x" * 3000], "k": "x" * 99}))
    ).first_failure
    assert failure is not None
    assert "3113 bytes; largest: l (3001), k (100), m (10)" == failure.evidence
