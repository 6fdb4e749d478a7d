"""ROB…: an invalid callout, or one without a user, gets a clear refusal, no crash and no claims."""

from collections.abc import Iterator
from typing import NamedTuple

from claimsctl.doctor.calls import JSON_TYPE, Call, CallId, Run
from claimsctl.doctor.runner import Check, claims_in, finding
from claimsctl.doctor.target import Target, encoded
from claimsctl.judge.attempt import Cause
from claimsctl.judge.finding import Finding, Level

_LARGE_BYTES = 256 * 1024
_CLIENT_ERRORS = range(400, 500)
_SERVER_ERROR = 500


class _Oddity(NamedTuple):
    call: CallId
    what: str
    body: bytes
    content_type: str


def _oddities(target: Target) -> dict[str, _Oddity]:
    body = target.callout("member")
    good = encoded(body)
    body["data"]["padding"] = "x" * _LARGE_BYTES
    return {
        "ROB001": _Oddity(CallId.MALFORMED, "malformed JSON", good[: len(good) // 2], JSON_TYPE),
        "ROB002": _Oddity(CallId.WRONG_TYPE, "content type text/plain", good, "text/plain"),
        "ROB003": _Oddity(
            CallId.LARGE, f"a body of {_LARGE_BYTES // 1024} KiB", encoded(body), JSON_TYPE
        ),
    }


def _check(run: Run) -> Iterator[Finding]:
    for id_, (call, what, body, content_type) in _oddities(run.target).items():
        headers = {"content-type": content_type}
        made = run.call(call, f"robustness: {what}", body, bearer=run.bearer, headers=headers)
        yield _judged(id_, made)


def _check_without_user(run: Run) -> Iterator[Finding]:
    body = run.target.callout("member")
    del body["data"]["authenticationContext"]["user"]
    what = "robustness: no user, as for an app-only token"
    yield _judged_without_user(run.call(CallId.NO_USER, what, encoded(body), bearer=run.bearer))


def _judged(id_: str, made: Call) -> Finding:
    answer, no_answer = made.attempt.answer, made.attempt.no_answer
    if answer is not None and answer.status in _CLIENT_ERRORS:
        return finding(id_, Level.OK, str(answer.status))
    if no_answer is not None and no_answer.cause is Cause.CLOSED and made.id is CallId.LARGE:
        return finding(id_, Level.OK, "the connection is closed, which is also a limit")
    evidence = _status(made)
    if made.id is CallId.MALFORMED and made.verdict.accepted:
        return finding(
            id_,
            Level.FAIL,
            f"{evidence} with {claims_in(made.verdict)}",
            hint="Refuse an unreadable body with 400; the claims cannot be the right user's.",
            expected="400",
        )
    hint = "Refuse an invalid callout with a 4xx before processing it."
    if answer is not None and answer.status >= _SERVER_ERROR:
        hint = "Catch the parser's exception, and answer 4xx: it is the caller's error."
    return finding(id_, Level.WARN, evidence, hint=hint, expected="4xx")


def _judged_without_user(made: Call) -> Finding:
    """Whether Entra makes callouts for app-only tokens is not documented: claims are not needed."""
    answer = made.attempt.answer
    if answer is not None and answer.status in _CLIENT_ERRORS:
        return finding(
            "ROB004",
            Level.OK,
            f"{answer.status}: an app-only (client credentials) token that causes a callout would"
            " fail with AADSTS1100001",
        )
    if made.verdict.accepted:
        return finding("ROB004", Level.OK, f"{_status(made)} with {claims_in(made.verdict)}")
    return finding(
        "ROB004",
        Level.WARN,
        _status(made),
        hint="Refuse a callout without data.authenticationContext.user with 400, or answer it with"
        " claims {}: an app-only (client credentials) token may cause one.",
        expected="4xx, or an answer that Entra accepts",
    )


def _status(made: Call) -> str:
    if made.attempt.answer is not None:
        return str(made.attempt.answer.status)
    return f"no answer, {made.attempt.no_answer.detail}" if made.attempt.no_answer else "no answer"


CHECKS = (
    Check(("ROB001", "ROB002", "ROB003"), _check, calls_max=3, needs=("AUT005",)),
    Check(("ROB004",), _check_without_user, calls_max=1, needs=("AUT005", "CON001")),
)
