"""ROB…: what the endpoint makes of calls that are none: a clear no, neither a crash nor claims."""

from collections.abc import Iterator
from typing import NamedTuple

from claimsctl.doctor.check import Check, finding
from claimsctl.doctor.patient import JSON_TYPE, Exchanged, Patient, encoded
from claimsctl.entra.finding import Finding, Level

_LARGE_BYTES = 256 * 1024
_CLIENT_ERRORS = range(400, 500)


class _Oddity(NamedTuple):
    what: str
    body: bytes
    content_type: str


def _oddities(patient: Patient) -> dict[str, _Oddity]:
    body = patient.callout("member")
    good = encoded(body)
    body["data"]["padding"] = "x" * _LARGE_BYTES
    return {
        "ROB001": _Oddity("malformed JSON", good[: len(good) // 2], JSON_TYPE),
        "ROB002": _Oddity("content type text/plain", good, "text/plain"),
        "ROB003": _Oddity(f"a body of {_LARGE_BYTES // 1024} KiB", encoded(body), JSON_TYPE),
    }


def _examine(patient: Patient) -> Iterator[Finding]:
    bearer = patient.expectations.bearer
    for id_, (what, body, content_type) in _oddities(patient).items():
        headers = {"content-type": content_type}
        made = patient.call(f"robustness: {what}", body, bearer=bearer, headers=headers)
        yield _judged(id_, what, made)


def _judged(id_: str, what: str, made: Exchanged) -> Finding:
    answer = made.attempt.answer
    if answer is not None and answer.status in _CLIENT_ERRORS:
        return finding(id_, Level.OK, f"{what}: {answer.status}")
    if answer is None:
        assert made.attempt.no_answer is not None, "one of the two"  # noqa: S101
        evidence = f"{what}: no answer, {made.attempt.no_answer.detail}"
    else:
        evidence = f"{what}: {answer.status}"
    is_taken = made.verdict.accepted and id_ == "ROB001"
    return finding(
        id_,
        Level.FAIL if is_taken else Level.WARN,
        evidence,
        hint="Refuse what is no callout with a 4xx, before anything is done with it.",
        expected="4xx",
    )


CHECK = Check(("ROB001", "ROB002", "ROB003"), _examine, calls=3, needs=("AUT005",))
