"""Forged tokens by class, as many as are asked for; seeded, so that a run can be repeated."""

import json
import os
import random
import string
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
from claimsctl.entra.invalid_tokens import OTHER_GUID, caller_claim
from claimsctl.entra.token_claims import CLIENT_APP_ID, SAMPLE_API_APP_ID, TENANT_ID, TokenProfile
from claimsctl.entra.tokens import Claims, SigningKey, base64url, header_of, mint, sign, unsigned

from tests.invalid_tokens import ALL_INVALID_TOKENS, SLOW
from tests.tokens import signing_key

TOKENS: Final = int(os.environ.get("FORGED_TOKENS", "10000"))
"""How many a wall has to stand; `make forge` asks for more."""

SEED: Final = 20261125

OTHER_KEY: Final = signing_key(1)
"""A forger's own key."""

_ODD_VALUES: Final[tuple[Any, ...]] = (
    None, "", " ", 0, -1, 7, 1.5, True, False, [], {}, [[]], ["x"], {"a": "b"}, "null", "*", "\x00",
    float("inf"), float("nan"), 10**400, "1e400", "x" * 2000,
)  # fmt: skip
_LOOK_ALIKES: Final = {"0": "\uff10", "1": "\u0661", "a": "\u0430", "c": "\u0441", "d": "\u0501",
                       "e": "\u0435", "-": "\u2010", "/": "\u2044", ".": "\u2024"}  # fmt: skip
_INVISIBLE: Final = ("\u200b", "\u200d", "\ufeff", "\u00ad", "\u202e", "\x00", " ", "\t", "\n")
_ALGORITHMS: Final[tuple[Any, ...]] = (
    "none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "RS384", "RS512", "PS256",
    "ES256", "EdDSA", "rs256", "RS256 ", " RS256", "RSA1_5", "dir", "RS256\x00", None, 7, ["RS256"],
    True, {},
)  # fmt: skip


_LETTERS: Final = string.ascii_letters + string.digits + "-_.=+/"


@dataclass(frozen=True, slots=True)
class Forged:
    """One try: the whole value of the Authorization header."""

    kind: str
    authorization: str


Make = Callable[[random.Random, Claims, SigningKey], str]
"""How a class is made: chance, good claims, the issuer's key → a token that must not pass."""


def _named(name: str) -> Make:
    return lambda _, claims, key: ALL_INVALID_TOKENS[name].make(claims, key)


def _mutated(chance: random.Random, claims: Claims, key: SigningKey) -> str:
    """One character of a good token changed, so that it says something else."""
    token = mint(claims, key)
    while True:
        place = chance.randrange(len(token))
        letter = chance.choice(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/"
        )
        other = token[:place] + letter + token[place + 1 :]
        if not _says_the_same(other, token):
            return other


def _says_the_same(one: str, other: str) -> bool:
    """The last character of a part has bits that mean nothing: that is no forgery."""
    (*heads, signature), (*other_heads, other_signature) = one.split("."), other.split(".")
    return heads == other_heads and _decoded(signature) == _decoded(other_signature)


def _decoded(part: str) -> bytes:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return part.encode()


def _cut(chance: random.Random, claims: Claims, key: SigningKey) -> str:
    token = mint(claims, key)
    return token[: chance.randrange(len(token) - 1)]


def _spliced(chance: random.Random, claims: Claims, key: SigningKey) -> str:
    """Header, claims and signature of three different good tokens."""
    tokens = [mint({**claims, "oid": str(chance.random())}, key).split(".") for _ in range(3)]
    return ".".join((tokens[0][0], tokens[1][1], tokens[2][2]))


def _odd_claim(chance: random.Random, claims: Claims, key: SigningKey) -> str:
    """Signed by the issuer, but a claim is of a wrong type or of no sense."""
    checked = ("iss", "aud", "ver", caller_claim(claims), "tid", "exp", "nbf", "iat")
    name, value = chance.choice(checked), chance.choice(_ODD_VALUES)
    if name in {"nbf", "iat"} and type(value) is int and value >= 0:
        value = -1  # a moment long past is a good one
    return mint({**claims, name: value}, key)


def _look_alike(chance: random.Random, claims: Claims, key: SigningKey) -> str:
    """A claim that looks like the right one and is another."""
    name = chance.choice(("iss", "aud", caller_claim(claims), "tid", "ver"))
    text = claims[name]
    place = chance.randrange(len(text))
    look_alike = _LOOK_ALIKES.get(text[place], text[place].swapcase())
    if look_alike == text[place] or chance.random() < 0.5:  # a coin
        look_alike = text[place] + chance.choice(_INVISIBLE)
    return mint({**claims, name: text[:place] + look_alike + text[place + 1 :]}, key)


def _duplicate_claim(chance: random.Random, claims: Claims, key: SigningKey) -> str:
    """A claim twice: whoever takes the other one sees a good token."""
    name = chance.choice(("iss", "aud", caller_claim(claims), "tid", "ver"))
    body = json.dumps({**claims, name: OTHER_GUID})
    twice = f'{{"{name}": {json.dumps(claims[name])}, {body[1:]}'
    head = base64url(json.dumps(header_of(key)).encode())
    signer = key if chance.random() < 0.5 else OTHER_KEY  # a coin
    return _signed(f"{head}.{base64url(twice.encode())}", signer)


def _duplicate_header(chance: random.Random, claims: Claims, key: SigningKey) -> str:
    """A header member twice, one of them to be believed by somebody."""
    good = json.dumps(header_of(key))
    odd = chance.choice(('"alg": "none"', f'"kid": "{OTHER_KEY.kid}"', '"alg": "HS256"'))
    text = f"{{{odd}, {good[1:]}" if chance.random() < 0.5 else f"{good[:-1]}, {odd}}}"
    payload = unsigned({}, claims).partition(".")[2]
    return _signed(f"{base64url(text.encode())}.{payload}", OTHER_KEY)


def _signed(signing_input: str, key: SigningKey) -> str:
    signature = jwt.get_algorithm_by_name("RS256").sign(signing_input.encode(), key.private)
    return f"{signing_input}.{base64url(signature)}"


def _algorithm(chance: random.Random, claims: Claims, key: SigningKey) -> str:
    """Another algorithm in the header, with a signature, the issuer's own or none at all."""
    header = {**header_of(key), "alg": chance.choice(_ALGORITHMS)}
    if chance.random() < 0.3:
        return unsigned(header, claims) + "."
    return sign(header, claims, chance.choice((key, OTHER_KEY)))


def _own_key(chance: random.Random, claims: Claims, key: SigningKey) -> str:
    """A header that brings a key along, or says where one is."""
    url = chance.choice(("https://127.0.0.1/k", "http://169.254.169.254/", "file:///etc/passwd"))
    certificate = base64url(OTHER_KEY.public_pem())
    brought: Mapping[str, Any] = chance.choice(
        (
            {"jwk": OTHER_KEY.jwk()},
            {"jwk": {**OTHER_KEY.jwk(), "kid": key.kid}},
            {"jku": url},
            {"x5u": url},
            {"x5c": [certificate]},
            {"x5t": certificate[:27]},
            {"jku": url, "jwk": OTHER_KEY.jwk(), "kid": OTHER_KEY.kid},
        )
    )
    return sign({**header_of(key), **brought}, claims, OTHER_KEY)


def _odd_key_id(chance: random.Random, claims: Claims, key: SigningKey) -> str:
    """A key id that names a file, a query or another key."""
    odd: Any = chance.choice(
        (
            "../../dev/null",
            "' OR 1=1 --",
            "",
            " ",
            key.kid + " ",
            key.kid.swapcase(),
            key.kid[:-1],
            OTHER_KEY.kid,
            0,
            [],
            {},
            None,
            [key.kid],
            "\x00",
            "x" * 4000,
        )
    )
    return sign({**header_of(key), "kid": odd}, claims, chance.choice((key, OTHER_KEY)))


def _huge(chance: random.Random, claims: Claims, key: SigningKey) -> str:
    """A token larger than any of Entra's, by claims, by header or by depth."""
    size = chance.choice((9_000, 20_000, 100_000))
    match chance.randrange(3):
        case 0:
            return sign(header_of(key), {**claims, "x": "x" * size}, OTHER_KEY)
        case 1:
            return sign({**header_of(key), "x": "x" * size}, claims, OTHER_KEY)
        case _:
            deep = base64url(("[" * size).encode())
            return f"{base64url(json.dumps(header_of(key)).encode())}.{deep}.{deep[:342]}"


def _other_tenant(chance: random.Random, claims: Claims, key: SigningKey) -> str:
    """A real token of another tenant, signed by the same key, or a crossing of two tenants'."""
    theirs = TokenProfile(OTHER_GUID).claims(int(time.time()))
    crossing: Mapping[str, Any] = chance.choice(
        ({}, {"tid": TENANT_ID}, {"iss": claims["iss"]}, {"aud": SAMPLE_API_APP_ID})
    )
    return mint({**theirs, **crossing}, key)


def _another_app(chance: random.Random, claims: Claims, key: SigningKey) -> str:
    """A real token of another app of the tenant, or for another API, or of two versions."""
    name = caller_claim(claims)
    other = "appid" if name == "azp" else "azp"
    changes: Mapping[str, Any] = chance.choice(
        (
            {name: CLIENT_APP_ID},
            {name: SAMPLE_API_APP_ID},
            {name: None, other: claims[name]},
            {"aud": CLIENT_APP_ID},
            {"ver": "1.0" if name == "azp" else "2.0"},
        )
    )
    changed = {**claims, **changes}
    return mint({name: value for name, value in changed.items() if value is not None}, key)


def _random_bytes(chance: random.Random, claims: Claims, key: SigningKey) -> str:
    return ".".join(base64url(chance.randbytes(chance.randrange(200))) for _ in range(3))


CLASSES: Final[Mapping[str, Make]] = {
    **{f"named: {name}": _named(name) for name in ALL_INVALID_TOKENS},
    "mutated": _mutated,
    "cut": _cut,
    "spliced": _spliced,
    "odd claim": _odd_claim,
    "look-alike": _look_alike,
    "claim twice": _duplicate_claim,
    "header twice": _duplicate_header,
    "algorithm": _algorithm,
    "own key": _own_key,
    "odd key id": _odd_key_id,
    "huge": _huge,
    "another tenant": _other_tenant,
    "another app": _another_app,
    "random bytes": _random_bytes,
}
"""Every class of forged token."""

_SLOW: Final = frozenset(f"named: {name}" for name in SLOW)
"""Tried, but not by the hundred."""
_SLOW_MAX: Final = 5


def forged_tokens(
    count: int,
    key: SigningKey,
    seed: int,
    profile: TokenProfile = TokenProfile(TENANT_ID),  # noqa: B008  # frozen
) -> Iterator[Forged]:
    """`count` forged tokens, all classes in turn, made of the good ones that `profile` has."""
    chance = random.Random(seed)  # repeatable
    claims = profile.claims(int(time.time()))
    made = 0
    turn = 0
    while made < count:
        for kind, make in CLASSES.items():
            if made == count:
                return
            if kind in _SLOW and turn >= _SLOW_MAX:
                continue
            yield Forged(kind, f"Bearer {make(chance, claims, key)}")
            made += 1
        turn += 1


def odd_headers(key: SigningKey) -> Iterator[Forged]:
    """Authorization headers round a good token that are none."""
    token = mint(TokenProfile(TENANT_ID).claims(int(time.time())), key)
    for odd in (
        "", "Bearer", "Bearer ", "{0}", "Basic {0}", "Bearer{0}", "Bearer\t{0}", "Bearer\u00a0{0}",
        "Bearer {0} {0}", "Bearer {0},Bearer {0}", "Bearer {0};", "Bearer {0}==", "Bearer {0}.",
        ".{0}", "Bearer .{0}", "Bearer  {0}x", "Bearer Bearer {0}", "DPoP {0}", "\u0412earer {0}",
        "Bearer {0}%00", 'Bearer "{0}"', "Bearer <{0}>", "bearer:{0}", "Token {0}", "JWT {0}",
    ):  # fmt: skip
        yield Forged("header", odd.format(token))
