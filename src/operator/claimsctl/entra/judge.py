"""Would Entra accept this answer? Judged from raw bytes, by rules of its own.

Nothing here is shared with the provider, limits and names included: else both would share a bug.
Rules and codes are from Entra's reference of the custom claims provider and its list of error
codes; where that is silent about a code, the finding's basis says so.
"""

import json
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from claimsctl.entra.finding import Answer, Basis, Finding, Level, Verdict

CLAIMS_BYTES_MAX: Final = 3072
RESPONSE_DATA: Final = "microsoft.graph.onTokenIssuanceStartResponseData"
ACTION: Final = "microsoft.graph.tokenIssuanceStart.provideClaimsForToken"
PREVIEW_ACTION: Final = "microsoft.graph.provideClaimsForToken"
_EVIDENCE_CHARACTERS = 80
_OK = 200


def judge(answer: Answer) -> Verdict:
    """The verdict on `answer`: findings in the order in which Entra would stumble over them."""
    if answer.status != _OK:  # Entra looks no further
        return Verdict((_wrong_status(answer.status),), {}, 0)
    document, body_findings = _read_body(answer.body)
    claims, document_findings = ({}, []) if body_findings else _read_document(document)
    findings = [*_judge_content_type(answer), *body_findings, *document_findings]
    accepted = not any(finding.level is Level.FAIL for finding in findings)
    return Verdict(tuple(findings), claims if accepted else {}, _bytes_of(claims))


def _fail(
    id_: str, code: int, title: str, evidence: str, hint: str, basis: Basis = Basis.DOC
) -> Finding:
    shown = (
        evidence if len(evidence) <= _EVIDENCE_CHARACTERS else f"{evidence[:_EVIDENCE_CHARACTERS]}…"
    )
    return Finding(id_, Level.FAIL, title, shown, hint, code, basis)


def _wrong_status(status: int) -> Finding:
    return _fail(
        "RSP001",
        1003002,
        "Entra takes claims from a 200 only",
        f"status {status}",
        "The endpoint's own log says why. A user without claims is a 200 with claims {}.",
        Basis.CONVENTION,
    )


def _judge_content_type(answer: Answer) -> Iterator[Finding]:
    content_type = answer.header("content-type")
    if content_type is None or content_type.partition(";")[0].strip().lower() != "application/json":
        yield _fail(
            "RSP002",
            1003006,
            "The content type is not application/json",
            "no content-type header" if content_type is None else f"content-type: {content_type}",
            "Set the header content-type: application/json yourself; API Gateway says text/plain "
            "for a function that sets none.",
        )


def _read_body(body: bytes) -> tuple[Any, list[Finding]]:
    if body.strip() in (b"", b"null"):
        finding = _fail(
            "RSP003", 1003009, "The body is null or empty", repr(body[:20]), "Send the JSON answer."
        )
        return None, [finding]
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant), []
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        hint = "Send one JSON object in UTF-8, without a byte order mark."
        return None, [_fail("RSP004", 1003003, "The body cannot be parsed", str(error), hint)]


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _read_document(document: Any) -> tuple[dict[str, Any], list[Finding]]:
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict) or data.get("@odata.type") != RESPONSE_DATA:
        found = data.get("@odata.type") if isinstance(data, dict) else document
        hint = f'Send {{"data": {{"@odata.type": "{RESPONSE_DATA}", "actions": […]}}}}.'
        title = "The body is not of the schema"
        return {}, [_fail("RSP005", 1003003, title, json.dumps(found), hint)]
    actions = data.get("actions")
    if not isinstance(actions, list) or len(actions) != 1:
        count = f"{len(actions)} actions" if isinstance(actions, list) else json.dumps(actions)
        return {}, [
            _fail("RSP006", 1003010, "Not exactly one action", count, "Send exactly one action.")
        ]
    action = actions[0]
    kind = action.get("@odata.type") if isinstance(action, dict) else None
    if kind != ACTION:
        title = (
            "This is the preview's action type"
            if kind == PREVIEW_ACTION
            else "The action type is not valid"
        )
        return {}, [_fail("RSP007", 1003012, title, json.dumps(kind), f"Send {ACTION}.")]
    return _read_claims(action.get("claims"))


def _read_claims(claims: Any) -> tuple[dict[str, Any], list[Finding]]:
    if claims is None:
        hint = 'Send "claims": {} for a user without claims.'
        title = "The claims are null or absent"
        return {}, [_fail("RSP008", 1003007, title, "data.actions[0].claims", hint)]
    if not isinstance(claims, dict):
        hint = "Send claims as a JSON object: name to value."
        title = "The claims are not an object"
        evidence = type(claims).__name__
        return {}, [_fail("RSP010", 1003003, title, evidence, hint, Basis.CONVENTION)]
    return claims, list(_judge_claims(claims))


def _judge_claims(claims: dict[str, Any]) -> Iterator[Finding]:
    for name in claims:
        if not name.strip():
            hint = "Give every claim a name."
            yield _fail("RSP009", 1003026, "A claim has no name", json.dumps(name), hint)
    for name, value in claims.items():
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, str) for part in parts):
            yield _fail(
                "RSP010",
                1003003,
                "A claim is neither a string nor a list of strings",
                f"{name}: {json.dumps(value)}",
                "Send numbers and booleans as strings; leave out what is null.",
                Basis.CONVENTION,
            )
    size = _bytes_of(claims)
    if size > CLAIMS_BYTES_MAX:
        largest = sorted(claims, key=lambda name: _bytes_of({name: claims[name]}), reverse=True)
        yield _fail(
            "RSP011",
            1003025,
            "The claims are too large",
            f"{size} bytes of {CLAIMS_BYTES_MAX}; largest: {', '.join(largest[:3])}",
            "Send fewer or shorter claims: all keys and values together may have 3 KB.",
        )


def _bytes_of(claims: dict[str, Any]) -> int:
    total = 0
    for name, value in claims.items():
        for part in (name, *(value if isinstance(value, list) else [value])):
            text = part if isinstance(part, str) else json.dumps(part)
            total += len(text.encode("utf-8", "surrogatepass"))
    return total
