"""CON…: whether Entra would take the answers, for everybody who may sign in."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

from claimsctl.doctor.runner import Check, claims_in, finding
from claimsctl.doctor.target import Exchanged, Patient, encoded
from claimsctl.judge.finding import Finding, Level

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
    for name in ("correlationId", "client", "clientServicePrincipal", "resourceServicePrincipal"):
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


CALLOUTS: dict[str, tuple[str, Callable[[Patient], Body], str]] = {
    "CON001": ("a member", _scenario("member"), ""),
    "CON002": (
        "a local account, without mail",
        _scenario("local-account"),
        "Take mail, givenName and surname for optional: local accounts have none.",
    ),
    "CON003": (
        "a social account, without userPrincipalName",
        _scenario("social-account"),
        "Take userPrincipalName for optional: social accounts have none.",
    ),
    "CON004": (
        "a guest",
        _scenario("guest"),
        "Take guests: no givenName and surname, #EXT# in userPrincipalName, userType Guest.",
    ),
    "CON005": (
        "a sign-in by SAML",
        _scenario("saml"),
        "Take any protocol, and the onPremises… fields of users that are synchronised.",
    ),
    "CON006": (
        "a user whom nobody knows",
        _unknown_user,
        "Answer 200 with claims {} for a user without data, from data.tenantId and user.id alone.",
    ),
    "CON007": (
        "fields that are not documented yet",
        _unknown_fields,
        "Ignore fields that you do not know: Entra adds some without notice.",
    ),
    "CON008": (
        "null for all that is optional",
        _nulls,
        "Take null for every object and field but data.tenantId and user.id.",
    ),
    "CON009": (
        "names in other alphabets",
        _other_alphabets,
        "Read the body as UTF-8, and write text wherever it goes as UTF-8 too.",
    ),
}
_NOT_FOUND = 404
_CRASHES = ("RSP001", "RSP003", "NET")
"""What a service that stumbles over a callout answers: then what is odd in it is the hint."""


def _examine(patient: Patient) -> Iterator[Finding]:
    first_met: dict[tuple[str, str], str] = {}
    told: set[str] = set()
    for id_, (who, make, advice) in CALLOUTS.items():
        made = patient.call(f"contract: {who}", encoded(make(patient)), bearer=patient.bearer)
        cause = made.verdict.first_failure
        same_as = first_met.setdefault((cause.id, cause.evidence), id_) if cause else id_
        yield _judged(id_, made, advice, same_as)
        for each in made.verdict.findings:
            if each.id not in told:
                told.add(each.id)
                yield each


def _judged(id_: str, made: Exchanged, advice: str, same_as: str) -> Finding:
    failure = made.verdict.first_failure
    if failure is None:
        size = f"{made.verdict.claims_bytes} bytes"
        return finding(id_, Level.OK, f"{claims_in(made.verdict)}, {size}")
    hint = failure.hint
    if advice and same_as == id_ and failure.id.startswith(_CRASHES):
        hint = advice
    answer = made.attempt.answer
    if answer is not None and answer.status == _NOT_FOUND:
        hint = CALLOUTS["CON006"][2]  # HTTP001 has seen to it that the path is there
    return finding(
        id_,
        Level.FAIL,
        f"{failure.id} {failure.title}: {failure.evidence}"
        if same_as == id_
        else f"as {same_as}: {failure.id}",
        hint=hint,
        expected=failure.expected,
        entra_code=failure.entra_code,
    )


CHECK = Check(tuple(CALLOUTS), _examine, calls=len(CALLOUTS), needs=("AUT005",))
