"""CON…: whether Entra would take the answers, for everybody who may sign in."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

from claimsctl.doctor.check import Check, finding
from claimsctl.doctor.patient import Exchanged, Patient, encoded
from claimsctl.entra.finding import Finding, Level

Body = dict[str, Any]


def _user(body: Body) -> Body:
    user: Body = body["data"]["authenticationContext"]["user"]
    return user


def _unknown_user(patient: Patient) -> Body:
    body = patient.callout("minimal")
    _user(body)["id"] = str(uuid.uuid4())
    return body


def _unknown_fields(patient: Patient) -> Body:
    body = patient.callout("member")
    context = body["data"]["authenticationContext"]
    for place in (body, body["data"], context, context["client"], context["user"]):
        place["notYetDocumented"] = {"nested": [1, True, None]}
    return body


def _nulls(patient: Patient) -> Body:
    body = patient.callout("member")
    context = body["data"]["authenticationContext"]
    for name in ("client", "clientServicePrincipal", "resourceServicePrincipal"):
        context[name] = None
    context["user"] = dict.fromkeys(context["user"]) | {"id": context["user"]["id"]}
    return body


def _other_alphabets(patient: Patient) -> Body:
    body = patient.callout("member")
    _user(body).update(
        displayName="Зоя Ōta 🙂", surname="Ōta", givenName="Зоя", companyName="株式会社"
    )
    return body


def _scenario(name: str) -> Callable[[Patient], Body]:
    return lambda patient: patient.callout(name)


CALLOUTS: dict[str, tuple[str, Callable[[Patient], Body]]] = {
    "CON001": ("a member", _scenario("member")),
    "CON002": ("a local account, without mail", _scenario("local-account")),
    "CON003": ("a social account, without userPrincipalName", _scenario("social-account")),
    "CON004": ("a guest", _scenario("guest")),
    "CON005": ("a sign-in by SAML", _scenario("saml")),
    "CON006": ("a user whom nobody knows", _unknown_user),
    "CON007": ("fields that are not documented yet", _unknown_fields),
    "CON008": ("null for all that is optional", _nulls),
    "CON009": ("names in other alphabets", _other_alphabets),
}


def _examine(patient: Patient) -> Iterator[Finding]:
    told: set[str] = set()
    for id_, (who, make) in CALLOUTS.items():
        made = patient.call(
            f"contract: {who}", encoded(make(patient)), bearer=patient.expectations.bearer
        )
        yield _judged(id_, who, made)
        for cause in made.verdict.findings:
            if cause.id not in told:
                told.add(cause.id)
                yield cause


def _judged(id_: str, who: str, made: Exchanged) -> Finding:
    failure = made.verdict.first_failure
    if failure is None:
        claims = len(made.verdict.claims)
        evidence = f"{who}: {claims} claims, {made.verdict.claims_bytes} bytes"
        return finding(id_, Level.OK, evidence)
    return finding(
        id_,
        Level.FAIL,
        f"{who}: {failure.id} {failure.title} ({failure.evidence})",
        hint=failure.hint,
        expected=failure.expected,
        entra_code=failure.entra_code,
    )


CHECK = Check(tuple(CALLOUTS), _examine, calls=len(CALLOUTS), needs=("AUT005",))
