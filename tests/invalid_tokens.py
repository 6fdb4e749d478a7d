"""Every invalid token that the suite tries: those of `claimsctl token --wrong`, and more."""

from collections.abc import Mapping
from typing import Final

from claimsctl.entra.invalid_tokens import (
    INVALID_TOKENS,
    OTHER_GUID,
    Make,
    Recipe,
    RefusedBy,
    caller_claim,
    with_claims,
    with_header,
)
from claimsctl.entra.token_claims import CLIENT_APP_ID
from claimsctl.entra.tokens import Claims, SigningKey, base64url, header_of, mint, sign, unsigned

_TWO_HOURS_SECONDS = 7200


def _truncated(claims: Claims, key: SigningKey) -> str:
    return mint(claims, key).rpartition(".")[0]


def _swapped_payload(claims: Claims, key: SigningKey) -> str:
    signature = mint(claims, key).rpartition(".")[2]
    return f"{unsigned(header_of(key), {**claims, 'oid': OTHER_GUID})}.{signature}"


def _signed_by_another(claims: Claims, key: SigningKey) -> str:
    return sign(header_of(key), claims, SigningKey.generate())


def _with_own_key(claims: Claims, key: SigningKey) -> str:
    other = SigningKey.generate()
    return sign({**header_of(key), "jwk": {**other.jwk(), "kid": key.kid}}, claims, other)


def _with_own_key_set(claims: Claims, key: SigningKey) -> str:
    header = {**header_of(key), "jku": "https://keys.example.com/keys"}
    return sign(header, claims, SigningKey.generate())


def _id_token(claims: Claims, key: SigningKey) -> str:
    """An ID token of the endpoint's own app registration: right issuer, key and audience."""
    kept = {name: claims[name] for name in ("iss", "iat", "nbf", "exp", "tid", "ver", "aud")}
    return mint({**kept, "sub": base64url(b"pairwise subject"), "nonce": CLIENT_APP_ID}, key)


def _later(*names: str) -> Make:
    """The named times two hours from now."""
    return with_claims(lambda good: {name: good[name] + _TWO_HOURS_SECONDS for name in names})


def _at_gateway(about: str, reason: str, make: Make) -> Recipe:
    return Recipe(about, "", RefusedBy.GATEWAY, reason, make)


def _at_function(about: str, reason: str, make: Make) -> Recipe:
    return Recipe(about, "", RefusedBy.FUNCTION, reason, make)


SLOW: Final = frozenset({"other-key", "jwk-header", "jku-header"})
"""Each of these makes a new key, which takes a tenth of a second."""

ALL_INVALID_TOKENS: Final[Mapping[str, Recipe]] = {
    **{name.value: recipe for name, recipe in INVALID_TOKENS.items()},
    "malformed": _at_gateway("two parts instead of three", "malformed", _truncated),
    "unknown-alg": _at_gateway("an `alg` that nobody knows", "algorithm", with_header(alg="RS257")),
    "no-kid": _at_gateway("names no key", "unknown-key", with_header(kid=None)),
    "payload": _at_gateway("the claims changed", "signature", _swapped_payload),
    "other-key": _at_gateway("another key, the right `kid`", "signature", _signed_by_another),
    "jwk-header": _at_gateway("brings its own key, in `jwk`", "signature", _with_own_key),
    "jku-header": _at_gateway("names its own key's URL", "signature", _with_own_key_set),
    "crit": _at_gateway("a critical extension", "malformed", with_header(crit=["x"])),
    "no-exp": _at_gateway("never expires", "malformed", with_claims(lambda _: {"exp": None})),
    "exp-text": _at_gateway(
        "`exp` is a string", "malformed", with_claims(lambda good: {"exp": str(good["exp"])})
    ),
    "not-yet-valid": _at_gateway("valid later", "not-yet-valid", _later("nbf", "exp")),
    "issued-later": _at_gateway("issued later", "not-yet-valid", _later("iat", "exp")),
    "no-aud": _at_function(
        "no `aud`, but `client_id`",
        "audience",
        with_claims(lambda good: {"aud": None, "client_id": good["aud"]}),
    ),
    "aud-list": _at_function(
        "a list of audiences, the right one among them",
        "audience",
        with_claims(lambda good: {"aud": [OTHER_GUID, good["aud"]]}),
    ),
    "no-azp": _at_function(
        "names no calling app", "caller", with_claims(lambda good: {caller_claim(good): None})
    ),
    "version": _at_function("`ver` 3.0", "version", with_claims(lambda _: {"ver": "3.0"})),
    "no-version": _at_function("no `ver`", "version", with_claims(lambda _: {"ver": None})),
    "no-tid": _at_function("no `tid`", "tenant", with_claims(lambda _: {"tid": None})),
    "id-token": _at_function("of a user, not of an app", "caller", _id_token),
}
"""By name: a good token with one thing wrong."""
