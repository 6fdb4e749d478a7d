"""CON…: whether Entra would accept the answers for every kind of user."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from claimsctl.doctor.calls import Call, CallId, Run
from claimsctl.doctor.runner import Check, claims_in, finding
from claimsctl.doctor.target import Target, encoded
from claimsctl.judge.finding import Finding, Level

Body = dict[str, Any]


def _user(body: Body) -> Body:
    user: Body = body["data"]["authenticationContext"]["user"]
    return user


def _unknown_user(target: Target) -> Body:
    body = target.callout("minimal")
    _user(body)["id"] = str(uuid.uuid4())
    return body


def _unknown_fields(target: Target) -> Body:
    body = target.callout("member")
    context = body["data"]["authenticationContext"]
    for place in (body, body["data"], context, context["client"], context["user"]):
        place["notYetDocumented"] = {"nested": [1, True, None]}
    return body


def _nulls(target: Target) -> Body:
    body = target.callout("member")
    context = body["data"]["authenticationContext"]
    for name in ("correlationId", "client", "clientServicePrincipal", "resourceServicePrincipal"):
        context[name] = None
    context["user"] = dict.fromkeys(context["user"]) | {"id": context["user"]["id"]}
    return body


def _other_alphabets(target: Target) -> Body:
    body = target.callout("member")
    _user(body).update(
        displayName="Зоя Ōta 🙂", surname="Ōta", givenName="Зоя", companyName="株式会社"
    )
    return body


def _scenario(name: str) -> Callable[[Target], Body]:
    return lambda target: target.callout(name)


class _Case(NamedTuple):
    call: CallId
    who: str
    body: Callable[[Target], Body]
    hint: str = ""
    """What to do if the service fails because of what is special in this callout."""


_CASES: Final = {
    "CON001": _Case(CallId.MEMBER, "a member", _scenario("member")),
    "CON002": _Case(
        CallId.LOCAL_ACCOUNT,
        "a local account, without mail",
        _scenario("local-account"),
        "Treat mail, givenName and surname as optional: local accounts do not have them.",
    ),
    "CON003": _Case(
        CallId.SOCIAL_ACCOUNT,
        "a social account, without userPrincipalName",
        _scenario("social-account"),
        "Treat userPrincipalName as optional: social accounts do not have one.",
    ),
    "CON004": _Case(
        CallId.GUEST,
        "a guest",
        _scenario("guest"),
        "Accept guests: no givenName and surname, #EXT# in userPrincipalName, userType Guest.",
    ),
    "CON005": _Case(
        CallId.SAML,
        "a sign-in with SAML",
        _scenario("saml"),
        "Accept any protocol, and the onPremises… fields of synchronised users.",
    ),
    "CON006": _Case(
        CallId.UNKNOWN_USER,
        "an unknown user",
        _unknown_user,
        "Answer 200 with claims {} for an unknown user; rely on data.tenantId and user.id only.",
    ),
    "CON007": _Case(
        CallId.UNKNOWN_FIELDS,
        "unknown fields",
        _unknown_fields,
        "Ignore unknown fields: Entra may add fields without notice.",
    ),
    "CON008": _Case(
        CallId.NULLS,
        "null in every optional field",
        _nulls,
        "Accept null for every object and field except data.tenantId and user.id.",
    ),
    "CON009": _Case(
        CallId.OTHER_ALPHABETS,
        "names in other alphabets",
        _other_alphabets,
        "Read the body as UTF-8, and write all text as UTF-8.",
    ),
}
_NOT_FOUND = 404
_CRASHES = ("RSP001", "RSP003", "NET")
"""Ids of what a service that fails over a callout answers; the case's own hint is then given."""


def _check(run: Run) -> Iterator[Finding]:
    first_with: dict[tuple[str, str], str] = {}
    """The first case of each failure: the same id of a finding, with the same evidence."""
    reported: set[str] = set()
    for id_, case in _CASES.items():
        body = encoded(case.body(run.target))
        made = run.call(case.call, f"contract: {case.who}", body, bearer=run.bearer)
        failure = made.verdict.first_failure
        same_as = first_with.setdefault((failure.id, failure.evidence), id_) if failure else id_
        yield _judged(id_, made, case.hint, same_as)
        for each in made.verdict.findings:
            if each.id not in reported:
                reported.add(each.id)
                yield each


def _judged(id_: str, made: Call, case_hint: str, same_as: str) -> Finding:
    failure = made.verdict.first_failure
    if failure is None:
        size = f"{made.verdict.claims_bytes} bytes"
        return finding(id_, Level.OK, f"{claims_in(made.verdict)}, {size}")
    hint = failure.hint
    if case_hint and same_as == id_ and failure.id.startswith(_CRASHES):
        hint = case_hint
    answer = made.attempt.answer
    if answer is not None and answer.status == _NOT_FOUND:
        hint = _CASES["CON006"].hint  # HTTP001 has made sure that the path is there
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


CHECK = Check(tuple(_CASES), _check, calls_max=len(_CASES), needs=("AUT005",))
