"""Tokens that must be refused, by name: good claims and the issuer's key → a forged token.

The table says of each who refuses it and with which word: the HTTP API's JWT authorizer as
`claimsctl.local.authorizer` models it, or only the function behind it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from claimsctl.entra.forgery import (
    OTHER_GUID,
    Forge,
    caller_claim,
    changed,
    flipped_bit,
    hmac_with_public_key,
    id_token,
    later,
    signed_by_another,
    swapped_payload,
    truncated,
    with_header,
    with_own_key,
    with_own_key_set,
    without_signature,
)
from claimsctl.entra.scenarios import CLIENT_APP_ID
from claimsctl.entra.signing_key import SigningKey
from claimsctl.entra.token import Claims


class Wall(StrEnum):
    """Who refuses a token."""

    GATEWAY = "gateway"
    FUNCTION = "function"


class WrongToken(StrEnum):
    """The names. Never renamed: scripts and logs lean on them."""

    MALFORMED = "malformed"
    ALG_NONE = "alg-none"
    HS256 = "hs256"
    UNKNOWN_ALG = "unknown-alg"
    KID = "kid"
    NO_KID = "no-kid"
    SIGNATURE = "signature"
    PAYLOAD = "payload"
    OTHER_KEY = "other-key"
    JWK_HEADER = "jwk-header"
    JKU_HEADER = "jku-header"
    CRIT = "crit"
    ISS = "iss"
    AUD = "aud"
    EXPIRED = "expired"
    NO_EXP = "no-exp"
    EXP_TEXT = "exp-text"
    NOT_YET_VALID = "not-yet-valid"
    ISSUED_LATER = "issued-later"
    NO_AUD = "no-aud"
    AUD_LIST = "aud-list"
    AZP = "azp"
    NO_AZP = "no-azp"
    VERSION = "version"
    NO_VERSION = "no-version"
    TID = "tid"
    NO_TID = "no-tid"
    ID_TOKEN = "id-token"  # noqa: S105  # a name


@dataclass(frozen=True, slots=True)
class Forgery:
    """How a wrong token is made, and what becomes of it."""

    about: str
    refused_by: Wall
    reason: str
    """``cause.reason`` of the line in the log."""
    forge: Forge


_GATEWAY, _FUNCTION = Wall.GATEWAY, Wall.FUNCTION

FORGERIES: Mapping[WrongToken, Forgery] = {
    WrongToken.MALFORMED: Forgery("two parts instead of three", _GATEWAY, "malformed", truncated),
    WrongToken.ALG_NONE: Forgery(
        "`alg` none, no signature", _GATEWAY, "algorithm", without_signature
    ),
    WrongToken.HS256: Forgery(
        "HMAC with the public key for a secret", _GATEWAY, "algorithm", hmac_with_public_key
    ),
    WrongToken.UNKNOWN_ALG: Forgery(
        "an `alg` that nobody knows", _GATEWAY, "algorithm", with_header(alg="RS257")
    ),
    WrongToken.KID: Forgery(
        "a key that the issuer does not publish",
        _GATEWAY,
        "unknown-key",
        with_header(kid="unknown"),
    ),
    WrongToken.NO_KID: Forgery("names no key", _GATEWAY, "unknown-key", with_header(kid=None)),
    WrongToken.SIGNATURE: Forgery("the signature changed", _GATEWAY, "signature", flipped_bit),
    WrongToken.PAYLOAD: Forgery("the claims changed", _GATEWAY, "signature", swapped_payload),
    WrongToken.OTHER_KEY: Forgery(
        "another key under the right `kid`", _GATEWAY, "signature", signed_by_another
    ),
    WrongToken.JWK_HEADER: Forgery(
        "brings its own key, in `jwk`", _GATEWAY, "signature", with_own_key
    ),
    WrongToken.JKU_HEADER: Forgery(
        "says where its own key is, in `jku`", _GATEWAY, "signature", with_own_key_set
    ),
    WrongToken.CRIT: Forgery(
        "a critical extension that nobody knows", _GATEWAY, "malformed", with_header(crit=["x"])
    ),
    WrongToken.ISS: Forgery(
        "another tenant's issuer",
        _GATEWAY,
        "issuer",
        changed(lambda good: {"iss": good["iss"].replace(good["tid"], OTHER_GUID)}),
    ),
    WrongToken.AUD: Forgery(
        "for another API", _GATEWAY, "audience", changed(lambda _: {"aud": OTHER_GUID})
    ),
    WrongToken.EXPIRED: Forgery(
        "expired an hour ago",
        _GATEWAY,
        "expired",
        changed(lambda good: later(good, "iat", "nbf", "exp", hours=-2)),
    ),
    WrongToken.NO_EXP: Forgery(
        "never expires", _GATEWAY, "malformed", changed(lambda _: {"exp": None})
    ),
    WrongToken.EXP_TEXT: Forgery(
        "`exp` is a string",
        _GATEWAY,
        "malformed",
        changed(lambda good: {"exp": str(good["exp"])}),
    ),
    WrongToken.NOT_YET_VALID: Forgery(
        "valid two hours from now",
        _GATEWAY,
        "not-yet-valid",
        changed(lambda good: later(good, "nbf", "exp", hours=2)),
    ),
    WrongToken.ISSUED_LATER: Forgery(
        "issued two hours from now",
        _GATEWAY,
        "not-yet-valid",
        changed(lambda good: later(good, "iat", "exp", hours=2)),
    ),
    WrongToken.NO_AUD: Forgery(
        "no `aud`, but `client_id`",
        _FUNCTION,
        "audience",
        changed(lambda good: {"aud": None, "client_id": good["aud"]}),
    ),
    WrongToken.AUD_LIST: Forgery(
        "a list of audiences, ours among them",
        _FUNCTION,
        "audience",
        changed(lambda good: {"aud": [OTHER_GUID, good["aud"]]}),
    ),
    WrongToken.AZP: Forgery(
        "another app of the tenant (`azp`, `appid` in v1)",
        _FUNCTION,
        "caller",
        changed(lambda good: {caller_claim(good): CLIENT_APP_ID}),
    ),
    WrongToken.NO_AZP: Forgery(
        "names no calling app",
        _FUNCTION,
        "caller",
        changed(lambda good: {caller_claim(good): None}),
    ),
    WrongToken.VERSION: Forgery(
        "`ver` 3.0", _FUNCTION, "version", changed(lambda _: {"ver": "3.0"})
    ),
    WrongToken.NO_VERSION: Forgery(
        "no `ver`", _FUNCTION, "version", changed(lambda _: {"ver": None})
    ),
    WrongToken.TID: Forgery(
        "another tenant's `tid`", _FUNCTION, "tenant", changed(lambda _: {"tid": OTHER_GUID})
    ),
    WrongToken.NO_TID: Forgery("no `tid`", _FUNCTION, "tenant", changed(lambda _: {"tid": None})),
    WrongToken.ID_TOKEN: Forgery(
        "an ID token: of a user, not of an app", _FUNCTION, "caller", id_token
    ),
}
"""Every wrong token, in the order of the authorizer's steps."""


def forge(name: WrongToken, claims: Claims, key: SigningKey) -> str:
    """The wrong token `name`, made of the good token's `claims` and the issuer's `key`."""
    return FORGERIES[name].forge(claims, key)
