"""HTTP…: what listens at the URL, and whether it accepts POST at this path."""

import secrets
from collections.abc import Iterator

from claimsctl.doctor.calls import Call, CallId, Run
from claimsctl.doctor.runner import Check, finding, skipped_for
from claimsctl.doctor.target import Target, encoded
from claimsctl.doctor.tls_probe import any_certificate, shake_hands
from claimsctl.judge.attempt import Answer, Attempt, Cause
from claimsctl.judge.finding import Finding, Level
from claimsctl.judge.platforms import Platform, platform_of
from claimsctl.judge.refusal import LOGIN_CURE, REDIRECTS, login_of, quoted

_OTHER_METHODS = {"GET": CallId.GET, "HEAD": CallId.HEAD, "OPTIONS": CallId.OPTIONS}
_NO_METHOD = {405, 501}
_NOT_FOUND = 404
_SERVER_ERROR = 500


def _check(run: Run) -> Iterator[Finding]:
    first = run.call_as_entra(CallId.FIRST, "the first call")
    if _is_late(first):
        run.call_as_entra(CallId.SECOND, "a call after one that was not answered in time")
    made = run.first_call()
    answer = made.attempt.answer
    if answer is None:
        unanswered = _unanswered(made, run.target)
        yield unanswered
        yield from skipped_for(unanswered, "HTTP002", "HTTP003", "HTTP004")
        return
    others = {
        method: run.call(id_, f"method: {method}", b"", method=method, headers={})
        for method, id_ in _OTHER_METHODS.items()
    }
    platform = None if made.verdict.accepted else platform_of(answer)
    if platform is not None and not platform.knows_tokens:
        see = "HTTP002" if answer.status in REDIRECTS else "HTTP003"
        yield finding("HTTP001", Level.OK, f"POST is answered: {answer.status}, see {see}")
    else:
        is_there = answer.status != _NOT_FOUND or _has_path(run, answer, others["GET"])
        yield _post(answer, run.target, late=made is not first, is_there=is_there)
    yield _redirect(made, answer, platform, has_token=run.bearer is not None)
    yield _page(made, answer, platform)
    yield _methods(others)


def _is_late(made: Call) -> bool:
    return made.attempt.no_answer is not None and made.attempt.no_answer.cause is Cause.TIMEOUT


def _unanswered(made: Call, target: Target) -> Finding:
    (failure,) = made.verdict.findings
    evidence = f"{failure.title}: {failure.evidence}"
    if _is_late(made):
        wait_ms, phases = target.expectations.wait_ms, made.attempt.timings
        evidence = (
            f"no answer within {wait_ms} ms, twice (in the phase "
            f"{list(phases)[-1].value.replace('_', ' ')})"
        )
    return finding(
        "HTTP001",
        Level.FAIL,
        evidence,
        hint=failure.hint,
        expected="an answer",
        entra_code=failure.entra_code,
    )


def _has_path(run: Run, answer: Answer, get: Call) -> bool:
    """Return whether a 404 is the service's own answer for an unknown user."""
    if get.attempt.answer is None or get.attempt.answer.status != _NOT_FOUND:
        return True
    parts, unknown = run.target.parts, f"/{secrets.token_hex(8)}"
    other = run.call(
        CallId.UNKNOWN_PATH,
        "a path that does not exist",
        encoded(run.target.callout("member")),
        bearer=run.bearer,
        url=parts._replace(path=unknown).geturl(),
    ).attempt.answer
    if other is None or other.status != _NOT_FOUND:
        return True
    here = (parts.path or "/").encode()
    return answer.body.replace(here, b"") != other.body.replace(unknown.encode(), b"")


def _post(answer: Answer, target: Target, *, late: bool, is_there: bool) -> Finding:
    if answer.status in _NO_METHOD or not is_there:
        return finding(
            "HTTP001",
            Level.FAIL,
            f"POST is answered with {answer.status}",
            hint="Check the target URL's path, and that the service accepts POST there.",
            expected="a service that accepts POST at this path",
            entra_code=1003002,
        )
    if late:
        return finding(
            "HTTP001",
            Level.WARN,
            f"the first call was not answered within {target.expectations.wait_ms} ms, "
            f"the second was: {answer.status}",
            hint="This is probably a cold start: keep one instance warm, or make the start faster.",
            expected="an answer to each call in time",
            entra_code=1003005,
        )
    own = " from the service itself, so the path exists" if answer.status == _NOT_FOUND else ""
    return finding("HTTP001", Level.OK, f"POST is answered: {answer.status}{own}")


def _redirect(made: Call, answer: Answer, platform: Platform | None, *, has_token: bool) -> Finding:
    if answer.status not in REDIRECTS:
        return finding("HTTP002", Level.OK, "no redirect")
    login = login_of(answer)
    if login is not None:
        refused = "the token given" if has_token else "a call without a token"
        return finding(
            "HTTP002",
            # A login in front may let a call with Entra's token pass.
            Level.FAIL if has_token else Level.WARN,
            f"{answer.status}: {refused} is redirected to a login, {login}",
            hint=LOGIN_CURE,
            expected="401 for a call without a token",
            entra_code=made.verdict.entra_code,
        )
    return finding(
        "HTTP002",
        Level.FAIL,
        f"{answer.status} to {_without_query(answer.header('location'))}"
        + (f", from {platform.name}: {platform.case}" if platform else ""),
        hint=platform.do
        if platform
        else "Use the final URL as targetUrl; do not rely on Entra to follow a redirect.",
        expected="an answer at exactly this URL",
        entra_code=made.verdict.entra_code,
    )


def _without_query(location: str | None) -> str:
    return location.partition("?")[0] if location else "nowhere"


def _page(made: Call, answer: Answer, platform: Platform | None) -> Finding:
    if platform is None:
        return finding("HTTP003", Level.OK, "the answer is not from a proxy or platform")
    if answer.status in REDIRECTS:
        return finding("HTTP003", Level.OK, f"a redirect from {platform.name}; see HTTP002")
    if platform.knows_tokens:
        evidence = f"{answer.status} from {platform.name}: {platform.case}"
        return finding("HTTP003", Level.OK, evidence)
    detail = answer.header("ngrok-error-code") or answer.header("x-vercel-error") or quoted(answer)
    return finding(
        "HTTP003",
        Level.FAIL,
        f"{answer.status} from {platform.name}, not from the service: {platform.case}"
        + (f"; {detail}" * bool(detail)),
        hint=platform.do,
        expected="the service's own answer",
        entra_code=made.verdict.entra_code,
    )


def _methods(others: dict[str, Call]) -> Finding:
    statuses = ", ".join(f"{method} {_status(each.attempt)}" for method, each in others.items())
    strange = [method for method, each in others.items() if _is_strange(each)]
    if not strange:
        return finding("HTTP004", Level.OK, statuses)
    return finding(
        "HTTP004",
        Level.WARN,
        statuses,
        hint=f"{' and '.join(strange)} should be refused with 4xx: a callout is a POST.",
        expected="no claims and no server error",
    )


def _status(attempt: Attempt) -> str:
    return "no answer" if attempt.answer is None else str(attempt.answer.status)


def _is_strange(made: Call) -> bool:
    """Return whether the answer is a crash, or has claims although the call is not a callout."""
    answer = made.attempt.answer
    if answer is None or bool(made.verdict.claims):
        return True
    return answer.status >= _SERVER_ERROR and answer.status not in _NO_METHOD


def _check_version(run: Run) -> Iterator[Finding]:
    target, spoken = run.target, run.first_call().attempt.http_version
    offered = None
    if target.parts.scheme == "https":
        handshake = shake_hands(target.host, target.port, any_certificate(), target.wait_seconds)
        offered = handshake.protocol
    yield finding("HTTP005", Level.OK, f"{spoken}" + (f", offers {offered}" if offered else ""))


CHECKS = (
    Check(
        ("HTTP001", "HTTP002", "HTTP003", "HTTP004"),
        _check,
        calls_max=2 + len(_OTHER_METHODS) + 1,
        needs=("TCP001",),
        blocked_by=("TLS001",),
    ),
    Check(("HTTP005",), _check_version, needs=("HTTP001",)),
)
