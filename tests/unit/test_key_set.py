"""A key server's answer → the keys that can sign for an issuer."""

import json
from typing import Any

import pytest
from claims_provider.inbound.key_set import KEYS_MAX, KeyServerError, read_key_set
from claimsctl.entra.tokens import SigningKey, base64url
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given
from hypothesis import strategies as st

from tests.key_servers import key_set
from tests.tokens import signing_key

TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
GOOD = signing_key(0).jwk()


def _set(*entries: Any) -> bytes:
    return json.dumps({"keys": entries}).encode()


def test_every_key_is_found_by_its_id() -> None:
    """A key set of several keys gives each of them by key id."""
    keys = read_key_set(key_set(signing_key(0), signing_key(1)), TENANT)
    assert {signing_key(0).kid, signing_key(1).kid} == keys.keys()
    public = signing_key(0).private.public_key().public_numbers()
    assert public == keys[signing_key(0).kid].public_numbers()


@pytest.mark.parametrize(
    "own",
    [
        "https://login.microsoftonline.com/{tenantid}/v2.0",
        f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "https://{tenantid}.ciamlogin.com/{tenantid}/v2.0",
        "https://sts.windows.net/{tenantid}/",
        None,
    ],
    ids=["any-tenant", "this-tenant", "external", "v1", "unsaid"],
)
def test_a_key_may_say_whose_it_is(own: str | None) -> None:
    """Entra's workforce key sets name the issuer of each key."""
    entry = GOOD if own is None else {**GOOD, "issuer": own}
    assert {GOOD["kid"]} == read_key_set(_set(entry), TENANT).keys()


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "{tenantid}"},
        {"issuer": "https://login.microsoftonline.com/{tenantid}"},
        {"issuer": "https://evil.example/{tenantid}/v2.0"},
        {"issuer": "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"},
        {"issuer": 7},
        {"use": "enc"},
        {"key_ops": ["encrypt"]},
        {"key_ops": ["sign", "wrapKey"]},
        {"key_ops": []},
        {"key_ops": "verify"},
        {"key_ops": None},
        {"alg": "RS512"},
        {"kty": "EC"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kid": None},
        {"kid": 7},
        {"n": None},
        {"n": 7},
        {"n": "!"},
        {"n": ""},
        {"n": "AQAB" * 10_000},
        {"n": base64url(((1 << 9000) + 1).to_bytes(1126))},
        {"e": None},
        {"e": "!"},
        {"e": "AA"},
        pytest.param(SigningKey(generate_private_key(65537, 1024)).jwk(), id="1024 bits"),
    ],
    ids=lambda change: json.dumps(change)[:60],
)
def test_a_key_that_cannot_sign_is_passed_over(change: dict[str, Any]) -> None:
    """A key of another issuer, purpose or kind, too short or not readable, costs no other key."""
    odd = {**GOOD, **change}
    assert [signing_key(1).kid] == list(read_key_set(_set(odd, signing_key(1).jwk()), TENANT))
    with pytest.raises(KeyServerError, match="no key can sign for the tenant, of 1"):
        read_key_set(_set(odd), TENANT)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"\xff", b"null", b"[]", b"{}", b'{"keys": {}}', b'{"keys": []}', b"[" * 10**5,
     b'{"keys": [null, 7, "x", []]}', _set(*[GOOD] * (KEYS_MAX + 1))],
    ids=lambda body: str(body[:20]),
)  # fmt: skip
def test_what_is_no_key_set_is_refused(body: bytes) -> None:
    """Garbage, an empty set and far too many keys are an error that quotes nothing of them."""
    with pytest.raises(KeyServerError):
        read_key_set(body, TENANT)


def test_of_two_keys_with_one_id_the_first_counts() -> None:
    """If a set has a key id twice, the first key is used."""
    clash = {**signing_key(1).jwk(), "kid": GOOD["kid"]}
    keys = read_key_set(_set(GOOD, clash), TENANT)
    assert signing_key(0).private.public_key() == keys[GOOD["kid"]]


@pytest.mark.parametrize("operations", [["verify"], ["sign", "verify"], ["verify", 7]])
def test_a_key_may_say_that_it_verifies(operations: list[Any]) -> None:
    """A key whose operations (RFC 7517) include `verify` is one that can sign an access token."""
    entry = {**GOOD, "key_ops": operations}
    assert {GOOD["kid"]} == read_key_set(_set(entry), TENANT).keys()


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.just(GOOD["n"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["keys", "kid", "kty", "n", "e", "use", "key_ops", "alg", "issuer"]
                ),
                inner,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_gives_keys_or_the_one_error(document: Any) -> None:
    """Any answer of a key server gives keys or `KeyServerError`."""
    try:
        keys = read_key_set(json.dumps({"keys": document}).encode(), TENANT)
    except KeyServerError:
        return
    assert keys
