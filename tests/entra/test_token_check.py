"""The token check never raises, and never fails a correct token."""

from typing import Any

import pytest
from claimsctl.entra.token_check import Expected, Outcome, bare_token, check_token
from claimsctl.entra.token_claims import (
    SAMPLE_API_APP_ID,
    TENANT_ID,
    TenantKind,
    TokenProfile,
    TokenVersion,
)
from claimsctl.entra.tokens import SigningKey, mint

NOW = 1_800_000_000
KEY = SigningKey.generate()
OTHER = "bbbbcccc-1111-dddd-2222-eeee3333ffff"


def _outcomes(expected: Expected, profile: TokenProfile, **changed: Any) -> dict[str, Outcome]:
    token = mint({**profile.claims(NOW), **changed}, KEY)
    return {each.part: each.outcome for each in check_token(token, expected, NOW)}


@pytest.mark.parametrize("kind", TenantKind)
@pytest.mark.parametrize("version", TokenVersion)
def test_entras_own_tokens_are_right(kind: TenantKind, version: TokenVersion) -> None:
    """Of either kind and version, whether the kind is said or not: nothing fails."""
    for said in (kind, None):
        expected = Expected(TENANT_ID, said, app_id=SAMPLE_API_APP_ID)
        outcomes = _outcomes(expected, TokenProfile(TENANT_ID, kind, version))
        assert Outcome.FAIL not in outcomes.values()
        assert Outcome.OK is outcomes["iss"]
        assert Outcome.OK is outcomes["aud"]


@pytest.mark.parametrize(
    ("expected", "found", "outcome"),
    [
        (None, TokenVersion.V2, Outcome.OK),
        (None, TokenVersion.V1, Outcome.WARN),
        (TokenVersion.V1, TokenVersion.V1, Outcome.OK),
        (TokenVersion.V2, TokenVersion.V2, Outcome.OK),
        (TokenVersion.V2, TokenVersion.V1, Outcome.FAIL),
        (TokenVersion.V1, TokenVersion.V2, Outcome.FAIL),
    ],
)
def test_the_version_is_compared_where_it_is_said(
    expected: TokenVersion | None, found: TokenVersion, outcome: Outcome
) -> None:
    """A v1 token is a warning only while nobody says what the endpoint is set up for."""
    profile = TokenProfile(TENANT_ID, TenantKind.EXTERNAL, found)
    assert outcome is _outcomes(Expected(version=expected), profile)["ver"]


@pytest.mark.parametrize("name", ["nbf", "exp"])
@pytest.mark.parametrize(
    "value", [10**400, -(10**400), 10**30, 1.5e300, float("nan"), True, "soon", None, [], {}]
)
def test_times_that_are_none(name: str, value: Any) -> None:
    """A value outside of the calendar fails, and breaks nothing."""
    outcomes = _outcomes(Expected(), TokenProfile(TENANT_ID), **{name: value})
    assert Outcome.FAIL is outcomes[name]


def test_an_expired_token_has_no_leeway() -> None:
    """The gateway's model has none: what it refuses is not called right."""
    assert Outcome.FAIL is _outcomes(Expected(), TokenProfile(TENANT_ID), exp=NOW - 1)["exp"]


@pytest.mark.parametrize(
    ("aud", "outcome"),
    [(OTHER, Outcome.FAIL), (["a"], Outcome.FAIL), (SAMPLE_API_APP_ID.upper(), Outcome.OK)],
)
def test_the_app_decides_on_the_audience(aud: Any, outcome: Outcome) -> None:
    """Its GUID in any case; another app's, or a list, fails."""
    expected = Expected(app_id=SAMPLE_API_APP_ID)
    assert outcome is _outcomes(expected, TokenProfile(TENANT_ID), aud=aud)["aud"]


@pytest.mark.parametrize("name", ["iss", "tid", "aud", "azp", "ver"])
def test_a_long_value_is_cut(name: str) -> None:
    """A claim of any length, and of any type, is shown in a line."""
    for value in ("x" * 9000, ["x" * 9000], {"a": [1] * 9000}):
        token = mint({**TokenProfile(TENANT_ID).claims(NOW), name: value}, KEY)
        for each in check_token(token, Expected(OTHER, app_id=OTHER), NOW):
            assert max(map(len, (each.found, each.expected, each.cure))) < 400


@pytest.mark.parametrize(
    "text",
    [
        "a.b.c", " a.b.c\n", "Bearer a.b.c", "authorization: bearer a.b.c", '"a.b.c"',
        "Authorization:Bearer  a.b.c\r\n", '{"token_type": "Bearer", "access_token": "a.b.c"}',
    ],
)  # fmt: skip
def test_as_people_paste_it(text: str) -> None:
    """A header, a scheme, quotes and a token answer round the token are taken away."""
    assert "a.b.c" == bare_token(text)
