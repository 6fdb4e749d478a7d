"""AUT…: who gets an answer. Claims are identity data: nobody but Entra should."""

import time
from collections.abc import Iterator
from typing import Any

from claimsctl.doctor.check import Check, finding
from claimsctl.doctor.checks.http import NO_TOKEN
from claimsctl.doctor.patient import Exchanged, Patient, encoded
from claimsctl.entra.finding import Finding, Level
from claimsctl.entra.scenarios import TENANT_ID
from claimsctl.entra.signing_key import SigningKey
from claimsctl.entra.token_claims import TokenProfile
from claimsctl.entra.wrong_token import WrongToken, forge

GOOD_CALLER = "a caller to let in"
_REFUSALS = {401, 403}
_FORGERIES = {
    "AUT002": ("a forged token", WrongToken.SIGNATURE),
    "AUT003": ("an expired token", WrongToken.EXPIRED),
    "AUT004": ("a token of another tenant", WrongToken.TID),
}
_LET_IN = (
    "To test the contract let a test caller in for a while (TEST_CALLER_APP_IDS with "
    "TEST_CALLERS_UNTIL, or what your service has for it), and give its token: "
    "--token-from client-credentials, or --token."
)
_CLOSE = (
    "Verify the bearer token before anything else: signature, issuer, audience, expiry, and that "
    "azp (v1: appid) is 99045fe1-7639-4a75-9d4a-577b6ca3810f."
)


def _examine(patient: Patient) -> Iterator[Finding]:
    made = patient.made(NO_TOKEN)
    assert made is not None, "HTTP001 makes it"  # noqa: S101
    yield _judged("AUT001", "no token", made, patient)
    for id_, (what, wrong) in _FORGERIES.items():
        token = forge(wrong, _claims(patient), patient.expectations.forger or _nobodys_key())
        made = patient.call(what, encoded(patient.callout("member")), bearer=token)
        yield _judged(id_, what, made, patient)


def _nobodys_key() -> SigningKey:
    return SigningKey.generate()


def _claims(patient: Patient) -> dict[str, Any]:
    tenant = patient.expectations.tenant_id or TENANT_ID
    return dict(TokenProfile(tenant).claims(int(time.time())))


def _judged(id_: str, what: str, made: Exchanged, patient: Patient) -> Finding:
    answer = made.attempt.answer
    if answer is None:
        return finding(id_, Level.WARN, f"{what}: no answer", expected="401", hint=_CLOSE)
    if answer.status in _REFUSALS:
        return finding(id_, Level.OK, f"{what}: {answer.status}")
    if made.verdict.accepted or made.verdict.claims:
        allowed = patient.expectations.allow_anonymous
        return finding(
            id_,
            Level.WARN if allowed else Level.FAIL,
            f"{what}: {answer.status} with {len(made.verdict.claims)} claims",
            hint=_CLOSE,
            expected="401",
        )
    return finding(
        id_,
        Level.WARN,
        f"{what}: {answer.status}, neither claims nor a refusal",
        hint="Refuse with 401 before the body is looked at.",
        expected="401",
    )


def _let_in(patient: Patient) -> Iterator[Finding]:
    """Whether the contract can be tested: with the operator's token, else without any."""
    bearer = patient.expectations.bearer
    made = patient.call(GOOD_CALLER, encoded(patient.callout("member")), bearer=bearer)
    answer = made.attempt.answer
    if answer is not None and answer.status in _REFUSALS:
        what = "the token given" if bearer else "a call without a token"
        yield finding(
            "AUT005",
            Level.SKIP,
            f"protected: {what} is refused with {answer.status}",
            hint=_LET_IN,
        )
        return
    yield finding("AUT005", Level.OK, "the token given" if bearer else "anybody, without a token")


CHECKS = (
    Check(("AUT001", *_FORGERIES), _examine, calls=len(_FORGERIES), needs=("HTTP001",)),
    Check(("AUT005",), _let_in, calls=1, needs=("HTTP001",), blocked_by=("HTTP002", "HTTP003")),
)
