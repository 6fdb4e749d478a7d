"""AUT…: who gets an answer. Claims are identity data: only Entra should."""

import time
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from claimsctl.doctor.calls import Call, CallId, Run
from claimsctl.doctor.protection import REFUSALS, read_refusal
from claimsctl.doctor.runner import Check, claims_in, finding, skipped_for
from claimsctl.doctor.target import Expectations, encoded
from claimsctl.entra.invalid_tokens import OTHER_GUID, InvalidToken, make_invalid_token
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile
from claimsctl.entra.tokens import SigningKey, mint, unverified_claims
from claimsctl.judge.attempt import Answer
from claimsctl.judge.finding import Finding, Level, NoResult
from claimsctl.judge.refusal import login_of, quoted, token_refusal

_SUCCESS = range(200, 300)
_EVENTS_APP_ID = "99045fe1-7639-4a75-9d4a-577b6ca3810f"
_INVALID_TOKENS = {
    "AUT002": (CallId.WRONG_SIGNATURE, "a token with a wrong signature"),
    "AUT003": (CallId.EXPIRED, "an expired token"),
    "AUT004": (CallId.OTHER_TENANT, "another tenant's token"),
    "AUT006": (CallId.UNSIGNED, "a token without a signature"),
    "AUT007": (CallId.OTHER_APP, "another app's token"),
}
_SIGNED = {CallId.EXPIRED, CallId.OTHER_TENANT, CallId.OTHER_APP}
"""Tokens whose signature is right, if the issuer's key is there to make it."""
_LET_IN = (
    "To test the contract let a test caller in for a while (here: TEST_CALLER_APP_IDS with "
    "TEST_CALLERS_UNTIL; elsewhere: accept its azp in addition to Entra's), and give its token: "
    "--token-from client-credentials, or --token."
)
_CLOSE = (
    "Verify the bearer token before anything else: signature, issuer, audience, expiry, and that "
    f"azp (v1: appid) is {_EVENTS_APP_ID}."
)


def _check(run: Run) -> Iterator[Finding]:
    expectations = run.target.expectations
    body = encoded(run.target.callout("member"))
    if expectations.bearer is None:
        made = run.first_call()
    else:
        made = run.call(CallId.NO_TOKEN, "no token", body)
    proven = expectations.bearer is not None and _is_answered(run.first_call())
    without_token = _judged("AUT001", made, expectations, is_proven=proven)
    yield without_token
    if without_token.level is Level.FAIL and not _is_answered(made):
        yield from skipped_for(without_token, *_INVALID_TOKENS)
        return
    if _is_answered(made):
        why = "not tried: it answers without any token"
        yield from (finding(id_, Level.SKIP, why) for id_ in _INVALID_TOKENS)
        return
    for id_, token in _tokens(expectations).items():
        made = run.call(*_INVALID_TOKENS[id_], body, bearer=token)
        yield _judged(id_, made, expectations, is_proven=proven)
        if _is_answered(made):
            run.accepted_invalid_token = token


def _tokens(expectations: Expectations) -> dict[str, str]:
    """An invalid token for each id, like the operator's where there is one, else like Entra's.

    Signed with the issuer's key where that is known. Where it is not, each has a wrong signature
    too, and only shows whether the signature, or at least the other fault, is checked.
    """
    key = expectations.invalid_token_key or _unknown_key()
    claims = _readable_claims(expectations.bearer)
    if claims is None:
        tenant = expectations.tenant_id or TENANT_ID
        claims = TokenProfile(tenant).claims(int(time.time()))
    tenant_id = str(claims["tid"])
    other_issuer = str(claims["iss"]).replace(tenant_id, OTHER_GUID)
    return {
        "AUT002": _with_wrong_signature(expectations.bearer)
        or make_invalid_token(InvalidToken.SIGNATURE, claims, key),
        "AUT003": make_invalid_token(InvalidToken.EXPIRED, claims, key),
        "AUT004": mint({**claims, "tid": OTHER_GUID, "iss": other_issuer}, key),
        "AUT006": make_invalid_token(InvalidToken.ALG_NONE, claims, key),
        "AUT007": make_invalid_token(InvalidToken.AZP, claims, key),
    }


@cache
def _unknown_key() -> SigningKey:
    return SigningKey.generate()


def _readable_claims(bearer: str | None) -> Mapping[str, Any] | None:
    """The claims of the operator's token, if they have what invalid tokens are made from."""
    claims = None if bearer is None else unverified_claims(bearer)
    if claims is None:
        return None
    times = (claims.get(name) for name in ("iat", "nbf", "exp"))
    is_whole = {"tid", "iss"} <= claims.keys() and all(isinstance(each, int) for each in times)
    return claims if is_whole else None


def _with_wrong_signature(bearer: str | None) -> str | None:
    """The operator's token with its signature changed: nothing else in it is wrong."""
    if bearer is None or _readable_claims(bearer) is None:
        return None
    signed, _, signature = bearer.rpartition(".")
    return f"{signed}.{'B' if signature.startswith('A') else 'A'}{signature[1:]}"


def _is_answered(made: Call) -> bool:
    answer = made.attempt.answer
    return answer is not None and answer.status in _SUCCESS


def _judged(id_: str, made: Call, expectations: Expectations, *, is_proven: bool) -> Finding:
    """What became of a call that should be refused.

    `is_proven`: the operator's token got in, so that a refusal is due to the token.
    """
    answer = made.attempt.answer
    if answer is None:
        return finding(id_, Level.WARN, "no answer", expected="401", hint=_CLOSE)
    if answer.status in REFUSALS:
        refusal = read_refusal(answer)
        if not refusal.protects and not is_proven:
            return finding(
                id_,
                Level.FAIL,
                f"{answer.status} is no proof of protection: {refusal.why}{_said(answer)}",
                hint=refusal.hint,
                expected="401 of the endpoint, or of an authorizer that knows bearer tokens",
                entra_code=1003002,
            )
        unsure = made.id in _SIGNED and expectations.invalid_token_key is None
        why = ", if only for its signature" if unsure else ""
        return finding(id_, Level.OK, f"{answer.status}{why}")
    if _is_answered(made):
        failure = made.verdict.first_failure
        got = (
            f"with {claims_in(made.verdict)}"
            if failure is None
            else f"though Entra would not take the answer ({failure.id})"
        )
        return finding(
            id_,
            Level.WARN if expectations.allow_anonymous else Level.FAIL,
            f"{answer.status} {got}",
            hint=_CLOSE,
            expected="401",
        )
    return finding(
        id_,
        Level.WARN,
        f"{answer.status}, neither claims nor a clear refusal",
        hint="Refuse with 401 before the body is read.",
        expected="401",
    )


def _check_access(run: Run) -> Iterator[Finding]:
    """Whether the contract can be tested: with a token that is accepted, else without any."""
    bearer = run.target.expectations.bearer
    if bearer is None and run.accepted_invalid_token is not None:
        yield finding("AUT005", Level.OK, "a forged token gets in: the contract is tested with it")
        return
    who = "the token given" if bearer else "a call without a token"
    answer = run.first_call().attempt.answer
    assert answer is not None, "HTTP001 has seen it"  # noqa: S101
    login = login_of(answer)
    if answer.status in _SUCCESS:
        yield finding("AUT005", Level.OK, _who_got_in(bearer))
    elif answer.status in REFUSALS and not read_refusal(answer).protects:
        refusal = read_refusal(answer)
        yield finding(
            "AUT005",
            Level.FAIL,
            f"{who} is refused with {answer.status}: {refusal.why}{_said(answer)}",
            hint=refusal.hint,
            expected="200, or a 401 of what checks bearer tokens",
            entra_code=1003002,
        )
    elif answer.status in REFUSALS or login is not None:
        how = f"sent to a login ({answer.status})" if login else f"refused with {answer.status}"
        how += _said(answer) if bearer else ""
        refused = token_refusal(answer) if bearer else None
        reason = "" if refused is None else f"{refused.name}: {refused.cure[0]} "
        hint = f"{reason}{_described(bearer)}{_LET_IN}"
        yield _protected(who, how, hint)
    elif any(_is_refused(run.made(call)) for call, _ in _INVALID_TOKENS.values()):
        how = f"answered with {answer.status}, a wrong one refused"
        if bearer:  # it is past the token's check, and CON001 says what is wrong
            yield finding("AUT005", Level.OK, f"{who} is {how}")
        else:
            yield _protected(who, how, _LET_IN)
    else:
        yield finding(
            "AUT005",
            Level.WARN,
            f"{who} is answered with {answer.status}: neither let in nor refused",
            hint="See the contract checks: either the service fails, or it refuses without a 401. "
            + ("" if bearer else _LET_IN),
            expected="200, or 401 for a caller who may not",
        )


def _protected(who: str, how: str, hint: str) -> Finding:
    return finding(
        "AUT005",
        Level.SKIP,
        f"protected: {who} is {how}",
        hint=hint,
        no_result=NoResult.PROTECTED,
    )


def _who_got_in(bearer: str | None) -> str:
    if bearer is None:
        return "anybody, without a token"
    claims = _readable_claims(bearer)
    app = None if claims is None else claims.get("azp", claims.get("appid"))
    if app in (None, _EVENTS_APP_ID):
        return "the token given"
    return f"the token given, of {app}: a test caller, or azp is not checked"


def _described(bearer: str | None) -> str:
    """What the operator's token says that an endpoint may not accept."""
    claims = _readable_claims(bearer)
    if claims is None:
        return "" if bearer is None else "The token given cannot be read. "
    caller = claims.get("azp", claims.get("appid"))
    return (
        f"The token given is of {caller}, for {claims.get('aud')}, by {claims['iss']}: compare "
        "that with what the endpoint expects. "
    )


def _is_refused(made: Call | None) -> bool:
    answer = None if made is None else made.attempt.answer
    return answer is not None and answer.status in REFUSALS


def _said(answer: Answer) -> str:
    """The other side's words, behind what is said of them."""
    words = quoted(answer)
    return f"; {words}" if words else ""


CHECKS = (
    Check(
        ("AUT001", *_INVALID_TOKENS),
        _check,
        calls_max=1 + len(_INVALID_TOKENS),
        needs=("HTTP001",),
        blocked_by=("HTTP002", "HTTP003"),
    ),
    Check(("AUT005",), _check_access, needs=("HTTP001",), blocked_by=("HTTP002", "HTTP003")),
)
