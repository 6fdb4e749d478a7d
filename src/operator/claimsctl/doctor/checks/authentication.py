"""AUT…: which callers get an answer. Claims are identity data, so only Entra should get them."""

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
"""Tokens with a valid signature, if the issuer's key is available."""
_LET_IN = (
    "To test the contract, allow a test caller for a limited time (this project's function: set "
    "TEST_CALLER_APP_IDS and TEST_CALLERS_UNTIL; for other services, accept its azp in addition to "
    "Entra's), and give its token with --token-from client-credentials or --token."
)
_CLOSE = (
    "Verify the bearer token first: signature, issuer, audience, expiry, and that azp (v1: appid) "
    f"is {_EVENTS_APP_ID}."
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
        why = "not tried, because the endpoint answers without a token"
        yield from (finding(id_, Level.SKIP, why) for id_ in _INVALID_TOKENS)
        return
    for id_, token in _tokens(expectations).items():
        made = run.call(*_INVALID_TOKENS[id_], body, bearer=token)
        yield _judged(id_, made, expectations, is_proven=proven)
        if _is_answered(made):
            run.accepted_invalid_token = token


def _tokens(expectations: Expectations) -> dict[str, str]:
    """Return an invalid token for each id, based on the operator's token or on Entra's.

    The tokens are signed with the issuer's key if it is known. If not, each also has a wrong
    signature, and shows only whether the signature or at least the other fault is checked.
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
    """Return the claims of the operator's token, if invalid tokens can be made from them."""
    claims = None if bearer is None else unverified_claims(bearer)
    if claims is None:
        return None
    times = (claims.get(name) for name in ("iat", "nbf", "exp"))
    is_whole = {"tid", "iss"} <= claims.keys() and all(isinstance(each, int) for each in times)
    return claims if is_whole else None


def _with_wrong_signature(bearer: str | None) -> str | None:
    """Return the operator's token with only its signature changed."""
    if bearer is None or _readable_claims(bearer) is None:
        return None
    signed, _, signature = bearer.rpartition(".")
    return f"{signed}.{'B' if signature.startswith('A') else 'A'}{signature[1:]}"


def _is_answered(made: Call) -> bool:
    answer = made.attempt.answer
    return answer is not None and answer.status in _SUCCESS


def _judged(id_: str, made: Call, expectations: Expectations, *, is_proven: bool) -> Finding:
    """Return the finding for a call that should be refused.

    `is_proven` means that the operator's token was accepted, so a refusal is due to the token.
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
                f"{answer.status} does not prove protection: {refusal.why}{_said(answer)}",
                hint=refusal.hint,
                expected="401 from the endpoint, or from an authorizer that checks bearer tokens",
                entra_code=1003002,
            )
        unsure = made.id in _SIGNED and expectations.invalid_token_key is None
        why = ", perhaps only for its signature" if unsure else ""
        return finding(id_, Level.OK, f"{answer.status}{why}")
    if _is_answered(made):
        failure = made.verdict.first_failure
        got = (
            f"with {claims_in(made.verdict)}"
            if failure is None
            else f"although Entra would not accept the answer ({failure.id})"
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
        f"{answer.status}, which is neither claims nor a clear refusal",
        hint="Refuse the call with 401 before reading the body.",
        expected="401",
    )


def _check_access(run: Run) -> Iterator[Finding]:
    """Yield whether the contract can be tested, with an accepted token or without a token."""
    bearer = run.target.expectations.bearer
    if bearer is None and run.accepted_invalid_token is not None:
        yield finding(
            "AUT005", Level.OK, "a forged token is accepted, and the contract is tested with it"
        )
        return
    who = "a call with the given token" if bearer else "a call without a token"
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
            expected="200, or a 401 from a check of bearer tokens",
            entra_code=1003002,
        )
    elif answer.status in REFUSALS or login is not None:
        how = (
            f"redirected to a login ({answer.status})" if login else f"refused with {answer.status}"
        )
        how += _said(answer) if bearer else ""
        refused = token_refusal(answer) if bearer else None
        reason = "" if refused is None else f"{refused.name}: {refused.cure[0]} "
        hint = f"{reason}{_described(bearer)}{_LET_IN}"
        yield _protected(who, how, hint)
    elif any(_is_refused(run.made(call)) for call, _ in _INVALID_TOKENS.values()):
        how = f"answered with {answer.status}, and a wrong token is refused"
        if bearer:  # the token was accepted, and CON001 shows the error
            yield finding("AUT005", Level.OK, f"{who} is {how}")
        else:
            yield _protected(who, how, _LET_IN)
    else:
        yield finding(
            "AUT005",
            Level.WARN,
            f"{who} is answered with {answer.status}: neither accepted nor refused",
            hint="See the contract checks: either the service fails, or it refuses without a 401. "
            + ("" if bearer else _LET_IN),
            expected="200, or 401 for an unauthorized caller",
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
        return "anyone, without a token"
    claims = _readable_claims(bearer)
    app = None if claims is None else claims.get("azp", claims.get("appid"))
    if app in (None, _EVENTS_APP_ID):
        return "the given token"
    return f"the given token, of {app}: a test caller, or azp is not checked"


def _described(bearer: str | None) -> str:
    """Return the values of the operator's token that an endpoint may refuse."""
    claims = _readable_claims(bearer)
    if claims is None:
        return "" if bearer is None else "The given token cannot be read. "
    caller = claims.get("azp", claims.get("appid"))
    return (
        f"The given token is of {caller}, for {claims.get('aud')}, by {claims['iss']}: compare "
        "these with what the endpoint expects. "
    )


def _is_refused(made: Call | None) -> bool:
    answer = None if made is None else made.attempt.answer
    return answer is not None and answer.status in REFUSALS


def _said(answer: Answer) -> str:
    """Return the other side's message, to append to an evidence."""
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
