"""AUT…: who gets an answer. Claims are identity data: nobody but Entra should."""

import time
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from claimsctl.doctor.checks.http import login_of, reached
from claimsctl.doctor.runner import Check, claims_in, finding
from claimsctl.doctor.target import Exchanged, Patient, encoded
from claimsctl.entra.invalid_tokens import OTHER_GUID, InvalidToken, make_invalid_token
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile
from claimsctl.entra.tokens import SigningKey, mint, unverified_claims
from claimsctl.judge.finding import Finding, Level, shortened

_NO_TOKEN = "no token"  # noqa: S105  # a purpose
_REFUSALS = {401, 403}
_SUCCESS = range(200, 300)
_EVENTS_APP_ID = "99045fe1-7639-4a75-9d4a-577b6ca3810f"
_FORGERIES = {
    "AUT002": "a token with a wrong signature",
    "AUT003": "an expired token",
    "AUT004": "another tenant's token",
    "AUT006": "a token without a signature",
    "AUT007": "another app's token",
}
_LET_IN = (
    "To test the contract let a test caller in for a while (here: TEST_CALLER_APP_IDS with "
    "TEST_CALLERS_UNTIL; elsewhere: accept its azp beside Entra's), and give its token: "
    "--token-from client-credentials, or --token."
)
_CLOSE = (
    "Verify the bearer token before anything else: signature, issuer, audience, expiry, and that "
    f"azp (v1: appid) is {_EVENTS_APP_ID}."
)


def _examine(patient: Patient) -> Iterator[Finding]:
    bearer = patient.bearer
    body = encoded(patient.callout("member"))
    made = reached(patient) if bearer is None else patient.call(_NO_TOKEN, body)
    anybody = _judged("AUT001", made, patient)
    yield anybody
    if _answered(made):
        why = "not tried: it answers without any token"
        yield from (finding(id_, Level.SKIP, why) for id_ in _FORGERIES)
        return
    for id_, token in _forged(patient).items():
        what = _FORGERIES[id_]
        made = patient.call(what, body, bearer=token)
        yield _judged(id_, made, patient)
        if _answered(made) and bearer is None:
            patient.bearer = token


def _forged(patient: Patient) -> dict[str, str]:
    """A token for each id, like the operator's own where there is one, else like Entra's.

    Signed with the issuer's key where that is at hand. Where it is not, all of them have a wrong
    signature, and only tell whether that, or at least what each is about, is looked at.
    """
    key = patient.expectations.forger or _nobodys_key()
    claims = _said_by(patient.expectations.bearer)
    if claims is None:
        tenant = patient.expectations.tenant_id or TENANT_ID
        claims = TokenProfile(tenant).claims(int(time.time()))
    tenant_id = str(claims["tid"])
    other_issuer = str(claims["iss"]).replace(tenant_id, OTHER_GUID)
    return {
        "AUT002": _resigned(patient) or make_invalid_token(InvalidToken.SIGNATURE, claims, key),
        "AUT003": make_invalid_token(InvalidToken.EXPIRED, claims, key),
        "AUT004": mint({**claims, "tid": OTHER_GUID, "iss": other_issuer}, key),
        "AUT006": make_invalid_token(InvalidToken.ALG_NONE, claims, key),
        "AUT007": make_invalid_token(InvalidToken.AZP, claims, key),
    }


@cache
def _nobodys_key() -> SigningKey:
    return SigningKey.generate()


def _said_by(bearer: str | None) -> Mapping[str, Any] | None:
    """What the operator's token says, if it is one that can be forged after."""
    claims = None if bearer is None else unverified_claims(bearer)
    if claims is None:
        return None
    times = (claims.get(name) for name in ("iat", "nbf", "exp"))
    is_whole = {"tid", "iss"} <= claims.keys() and all(isinstance(each, int) for each in times)
    return claims if is_whole else None


def _resigned(patient: Patient) -> str | None:
    """The operator's token with its signature changed: nothing else in it is wrong."""
    bearer = patient.expectations.bearer
    if bearer is None or _said_by(bearer) is None:
        return None
    signed, _, signature = bearer.rpartition(".")
    return f"{signed}.{'B' if signature.startswith('A') else 'A'}{signature[1:]}"


def _answered(made: Exchanged) -> bool:
    answer = made.attempt.answer
    return answer is not None and answer.status in _SUCCESS


def _judged(id_: str, made: Exchanged, patient: Patient) -> Finding:
    answer = made.attempt.answer
    if answer is None:
        return finding(id_, Level.WARN, "no answer", expected="401", hint=_CLOSE)
    if answer.status in _REFUSALS:
        signed = id_ in {"AUT003", "AUT004", "AUT007"} and patient.expectations.forger is None
        why = ", if only for its signature" if signed else ""
        return finding(id_, Level.OK, f"{answer.status}{why}")
    if _answered(made):
        failure = made.verdict.first_failure
        got = (
            f"with {claims_in(made.verdict)}"
            if failure is None
            else f"though Entra would not take the answer ({failure.id})"
        )
        return finding(
            id_,
            Level.WARN if patient.expectations.allow_anonymous else Level.FAIL,
            f"{answer.status} {got}",
            hint=_CLOSE,
            expected="401",
        )
    return finding(
        id_,
        Level.WARN,
        f"{answer.status}, neither claims nor a clear refusal",
        hint="Refuse with 401 before the body is looked at.",
        expected="401",
    )


def _let_in(patient: Patient) -> Iterator[Finding]:
    """Whether the contract can be tested: with a token that gets in, else without any."""
    if patient.bearer != patient.expectations.bearer:
        yield finding("AUT005", Level.OK, "a forged token gets in: the contract is tested with it")
        return
    who = "the token given" if patient.bearer else "a call without a token"
    answer = reached(patient).attempt.answer
    assert answer is not None, "HTTP001 has seen it"  # noqa: S101
    login = login_of(answer)
    if answer.status in _SUCCESS:
        yield finding("AUT005", Level.OK, _who_got_in(patient))
    elif answer.status in _REFUSALS or login is not None:
        how = f"sent to a login ({answer.status})" if login else f"refused with {answer.status}"
        challenge = answer.header("www-authenticate") if patient.bearer else None
        how += f", {shortened(challenge)}" if challenge else ""
        hint = f"{_said_of(patient.bearer)}{_LET_IN}"
        yield finding("AUT005", Level.SKIP, f"protected: {who} is {how}", hint=hint)
    elif any(_refused(patient, what) for what in _FORGERIES.values()):
        how = f"answered with {answer.status}, a wrong one refused"
        if patient.bearer:  # it is past the token's check, and CON001 says what is wrong
            yield finding("AUT005", Level.OK, f"{who} is {how}")
        else:
            yield finding("AUT005", Level.SKIP, f"protected: {who} is {how}", hint=_LET_IN)
    else:
        yield finding(
            "AUT005",
            Level.WARN,
            f"{who} is answered with {answer.status}: neither let in nor refused",
            hint="See the contract checks: either the service fails, or it refuses without a 401. "
            + ("" if patient.bearer else _LET_IN),
            expected="200, or 401 for a caller who may not",
        )


def _who_got_in(patient: Patient) -> str:
    if patient.bearer is None:
        return "anybody, without a token"
    said = _said_by(patient.bearer)
    app = None if said is None else said.get("azp", said.get("appid"))
    if app in (None, _EVENTS_APP_ID):
        return "the token given"
    return f"the token given, of {app}: a test caller, or azp is not looked at"


def _said_of(bearer: str | None) -> str:
    """What of the operator's token an endpoint may not like."""
    said = _said_by(bearer)
    if said is None:
        return "" if bearer is None else "The token given is none that can be read. "
    caller = said.get("azp", said.get("appid"))
    return (
        f"The token given is of {caller}, for {said.get('aud')}, by {said['iss']}: compare that "
        "with what the endpoint expects. "
    )


def _refused(patient: Patient, purpose: str) -> bool:
    made = patient.made(purpose)
    return (
        made is not None
        and made.attempt.answer is not None
        and (made.attempt.answer.status in _REFUSALS)
    )


CHECKS = (
    Check(
        ("AUT001", *_FORGERIES),
        _examine,
        calls=1 + len(_FORGERIES),
        needs=("HTTP001",),
        blocked_by=("HTTP002", "HTTP003"),
    ),
    Check(("AUT005",), _let_in, needs=("HTTP001",), blocked_by=("HTTP002", "HTTP003")),
)
