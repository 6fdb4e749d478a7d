"""Any value of the Authorization header is refused without an exception."""

import json
from typing import Any

import pytest
from claimsctl.emulator.authorizer import JwtAuthorizer, Reason, Refusal
from claimsctl.emulator.issuer_keys import IssuerKeys
from claimsctl.entra.tokens import header_of, mint, sign
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import tries
from tests.key_servers import key_set
from tests.tokens import GOOD_CLAIMS, NOW, PROFILE, issuer_key, part

pytestmark = pytest.mark.usefixtures("stopped_clock")
MANY = settings(max_examples=tries(300), deadline=None)
AUTHORIZER = JwtAuthorizer(
    PROFILE.issuer,
    frozenset({str(GOOD_CLAIMS["aud"])}),
    IssuerKeys(lambda: key_set(issuer_key())),
)
GOOD = mint(GOOD_CLAIMS, issuer_key())

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
any_text = st.text(st.characters(), max_size=200)  # lone surrogates included


def _refused(authorization: str) -> Refusal:
    verdict = AUTHORIZER.authorize(authorization)
    assert isinstance(verdict, Refusal)
    assert json.loads(verdict.log_line(NOW))["cause"]["reason"] in set(Reason)
    assert verdict.challenge.isascii()
    return verdict


@MANY
@given(st.binary(max_size=300))
def test_any_bytes(raw: bytes) -> None:
    """As a server reads a header: each byte a character."""
    _refused(raw.decode("latin-1"))
    _refused(f"Bearer {raw.decode('latin-1')}")


@MANY
@given(any_text)
def test_any_text(text: str) -> None:
    """Characters that no header can carry included."""
    _refused(text)


@MANY
@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_parts(parts: list[bytes]) -> None:
    """Rightly encoded parts that hold anything."""
    _refused(".".join(map(part, parts)))


@MANY
@given(json_values | st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64"]), json_values))
def test_any_header(header: Any) -> None:
    """Any JSON for a header, in front of good claims and a signature."""
    _refused(f"{part(header)}.{GOOD.split('.', 1)[1]}")


@MANY
@given(st.integers(0, len(GOOD) - 1), st.characters(codec="latin-1"))
def test_any_character_changed(place: int, character: str) -> None:
    """One character of a good token replaced: refused, or the same token."""
    changed = GOOD[:place] + character + GOOD[place + 1 :]
    if changed != GOOD:
        _refused(changed)


@MANY
@given(
    st.dictionaries(
        st.sampled_from(["iss", "aud", "client_id", "exp", "nbf", "iat", "x"]), json_values
    )
)
def test_any_signed_claims(claims: dict[str, Any]) -> None:
    """Even rightly signed, anything is refused or handed on as strings."""
    verdict = AUTHORIZER.authorize(
        sign(header_of(issuer_key()), GOOD_CLAIMS | claims, issuer_key())
    )
    if isinstance(verdict, Refusal):
        assert json.loads(verdict.log_line(NOW))
    else:
        assert {str} == {type(value) for value in verdict.values()}


@MANY
@given(st.sampled_from(["iss", "aud"]), st.emails() | st.from_regex(r"[A-Z]\w+ [A-Z]\w+"))
def test_no_name_in_the_log(claim: str, personal: str) -> None:
    """An address or a name in a claim that is compared stays out of line and challenge."""
    refusal = _refused(mint(GOOD_CLAIMS | {claim: personal}, issuer_key()))
    assert personal not in refusal.log_line(NOW)
    assert personal not in refusal.challenge
