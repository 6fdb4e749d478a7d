"""Who is let in, and how the others are kept out."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile

from tests.simulated_services.server import Reply, Request, Respond
from tests.simulated_services.simulated_service import Service, careful, routed, token
from tests.tokens import issuer_key

_GOOD = TokenProfile(TENANT_ID).claims(0)
_FORGED = ("AUT002", "AUT003", "AUT004", "AUT006", "AUT007")
_CONTRACT = ", ".join(f"CON{number:03} fail" for number in range(1, 10))

Check = Callable[[Mapping[str, Any]], bool]
_CHECKS: dict[str, Check] = {
    "exp": lambda claims: claims["exp"] > time.time(),
    "iss": lambda claims: claims["iss"] == _GOOD["iss"],
    "azp": lambda claims: claims["azp"] == _GOOD["azp"],
}


def _answers(_: Request) -> Reply:
    return Reply()


def _all(level: str, *ids: str) -> str:
    return ", ".join(f"{id_} {level}" for id_ in ids)


def _refusing(refusal: Reply, without: Reply | None = None) -> Respond:
    """Refuses a wrong token with `refusal`, a call without one with `without`."""

    def check(request: Request) -> Reply:
        if request.token is None and without is not None:
            return without
        return Reply() if request.token == token() else refusal

    return check


def _if_any_token(request: Request) -> Reply:
    return Reply() if request.token else Reply(401, b"{}")


def _verifying(*left_out: str, answer: Reply | None = None) -> Respond:
    """Verifies a token but for what is left out."""

    def check(request: Request) -> Reply:
        if request.token is None or not _is_good(request.token, left_out):
            return Reply(401, b"{}")
        return answer or Reply()

    return check


def _is_good(given: str, left_out: tuple[str, ...]) -> bool:
    try:
        header = jwt.get_unverified_header(given)
        claims = jwt.decode(given, options={"verify_signature": False})
        is_unsigned = header["alg"] == "none" and "alg" in left_out
        if not is_unsigned and "signature" not in left_out:
            public = issuer_key().private.public_key()
            jwt.decode(given, public, ["RS256"], options={"verify_exp": False, "verify_aud": False})
    except jwt.InvalidTokenError:
        return False
    return all(check(claims) for name, check in _CHECKS.items() if name not in left_out)


def _caller(
    name: str,
    respond: Respond,
    found: str = "",
    code: int | None = None,
    *,
    with_token: bool = False,
    with_issuer_key: bool = False,
    allow_anonymous: bool = False,
) -> Service:
    return Service(
        name=name,
        found=found,
        code=code,
        behaviour=routed(lambda request: _kept(request, respond)),
        with_token=with_token,
        with_issuer_key=with_issuer_key,
        allow_anonymous=allow_anonymous,
    )


def _kept(request: Request, respond: Respond) -> Reply:
    reply = respond(request)
    return careful(lambda _: reply)(request) if reply.status == 200 else reply


def _signed(name: str, left_out: str, found: str) -> Service:
    return _caller(name, _verifying(left_out), found, with_token=True, with_issuer_key=True)


_TEXT = Reply(headers={"content-type": "text/plain"})
_SERVER_ERROR = Reply(500, b"{}")
SERVICES = [
    _caller("answers anybody", _answers, "AUT001 fail"),
    _caller("answers anybody, allowed", _answers, "AUT001 warn", allow_anonymous=True),
    _caller("answers anybody, with a token at hand", _answers, "AUT001 fail", with_token=True),
    _caller("answers anybody, badly", lambda _: _TEXT, f"AUT001 fail, {_CONTRACT}, RSP002 fail",
            1003006),
    _caller("takes any token", _if_any_token, _all("fail", *_FORGED)),
    _caller("takes any token, allowed", _if_any_token, _all("warn", *_FORGED),
            allow_anonymous=True),
    _caller("does not verify signatures", _verifying("signature"), "AUT002 fail, AUT006 fail"),
    _caller("neither verifies signatures nor answers rightly",
            _verifying("signature", answer=_TEXT),
            f"AUT002 fail, AUT006 fail, {_CONTRACT}, RSP002 fail", 1003006),
    _caller("believes alg none", _verifying("alg"), "AUT006 fail"),
    _signed("verifies all", "nothing", ""),
    _signed("takes expired tokens", "exp", "AUT003 fail"),
    _signed("takes another tenant's tokens", "iss", "AUT004 fail"),
    _signed("takes any app's tokens", "azp", "AUT007 fail"),
    _caller("refuses with 401", _refusing(Reply(401, b"{}"))),
    _caller("refuses with 403, and says why",
            _refusing(Reply(403, b'{"detail":"Not authenticated"}'))),
    _caller("refuses all with 403, nobody knows why",
            lambda _: Reply(403, b'{"message":"Forbidden"}'),
            "AUT001 fail, AUT005 fail", code=1003002),
    _caller("asks for a password",
            lambda _: Reply(401, b"", {"www-authenticate": 'Basic realm="x"'}),
            "AUT001 fail, AUT005 fail", code=1003002),
    _caller("refuses the token given, for its issuer",
            lambda _: Reply(401, b"", {"www-authenticate": 'Bearer error="invalid_token", '
                                       'error_description="The issuer is invalid"'}),
            with_token=True),
    _caller("refuses the token given", lambda _: Reply(401, b"{}"), with_token=True),
    _caller("refuses wrong tokens with 400, as the .NET library does",
            _refusing(Reply(400, b"{}"), Reply(401, b"{}")), _all("warn", *_FORGED)),
    _caller("crashes without a token", _refusing(Reply(401, b"{}"), _SERVER_ERROR), "AUT001 warn"),
    _caller("crashes with a token that is wrong", _refusing(_SERVER_ERROR, Reply(401, b"{}")),
            _all("warn", *_FORGED)),
    _caller("crashes whoever calls", lambda _: _SERVER_ERROR,
            f"{_all('warn', 'AUT001', *_FORGED, 'AUT005')}, {_CONTRACT}, RSP001 fail, "
            f"{_all('warn', 'ROB001', 'ROB002', 'ROB003')}", 1003002),
    _caller("hangs without a token", _refusing(Reply(401, b"{}"), Reply(401, b"{}", seconds=2.5)),
            "AUT001 warn", with_token=True),
    _caller("a login for those without a token",
            _refusing(Reply(401, b"{}"),
                      Reply(302, b"", {"location": "https://x.ciamlogin.com/authorize"})),
            "HTTP002 warn, AUT001 warn"),
]  # fmt: skip
