"""HTTP…: what listens there, and whether it takes a POST at this path."""

import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit

from claimsctl.doctor.runner import Check, finding
from claimsctl.doctor.target import Exchanged, Patient, encoded
from claimsctl.doctor.tls_probe import curious, shake_hands
from claimsctl.judge.attempt import Answer, Attempt, Cause
from claimsctl.judge.finding import Finding, Level
from claimsctl.judge.intermediaries import Intermediary, intermediary_of

FIRST = "the first call"
SECOND = "the call after one that was not answered in time"
_ELSEWHERE = "a path that nobody has"
_OTHER_METHODS = ("GET", "HEAD", "OPTIONS")
_NO_METHOD = {405, 501}
_NOT_FOUND = 404
_REDIRECTS = {301, 302, 303, 307, 308}
_SERVER_ERROR = 500
_LOGIN_HOSTS = (
    "login.microsoftonline.com", "login.windows.net", "login.microsoftonline.us",
    "login.partner.microsoftonline.cn", ".ciamlogin.com", ".b2clogin.com", "accounts.google.com",
)  # fmt: skip
_LOGIN_PATHS = ("/.auth/login", "/login", "/signin", "/oauth2/authorize", "/account/login")


def reached(patient: Patient) -> Exchanged:
    """The call as Entra makes it: the first one, or the second where that was answered alone."""
    first, second = patient.made(FIRST), patient.made(SECOND)
    assert first is not None, "HTTP001 makes it"  # noqa: S101
    return second if second is not None and second.attempt.answer is not None else first


def login_of(answer: Answer) -> str | None:
    """Where a redirect leads, when it is a login page."""
    location = answer.header("location") if answer.status in _REDIRECTS else None
    if location is None:
        return None
    try:
        host, path = urlsplit(location).hostname or "", urlsplit(location).path.lower()
    except ValueError:
        return None
    is_login = host.endswith(_LOGIN_HOSTS) or path.startswith(_LOGIN_PATHS)
    return (host or path) if is_login else None


def _examine(patient: Patient) -> Iterator[Finding]:
    first = patient.call_as_entra(FIRST)
    if _is_late(first):
        patient.call_as_entra(SECOND)
    made = reached(patient)
    answer = made.attempt.answer
    if answer is None:
        yield _unanswered(made, patient)
        for id_ in ("HTTP002", "HTTP003", "HTTP004"):
            yield finding(id_, Level.SKIP, "needs HTTP001, which failed")
        return
    others = {
        method: patient.call(f"method: {method}", b"", method=method, headers={})
        for method in _OTHER_METHODS
    }
    if _intermediary(made) is not None:
        yield finding("HTTP001", Level.OK, f"POST is answered: {answer.status}, see HTTP003")
    else:
        is_there = answer.status != _NOT_FOUND or _has_path(patient, answer, others["GET"])
        yield _post(answer, patient, late=made is not first, is_there=is_there)
    yield _redirect(made, patient)
    yield _page(made)
    yield _told_apart(others)


def _is_late(made: Exchanged) -> bool:
    return made.attempt.no_answer is not None and made.attempt.no_answer.cause is Cause.TIMEOUT


def _unanswered(made: Exchanged, patient: Patient) -> Finding:
    (failure,) = made.verdict.findings
    evidence = f"{failure.title}: {failure.evidence}"
    if _is_late(made):
        wait_ms, phases = patient.expectations.wait_ms, made.attempt.timings
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


def _has_path(patient: Patient, answer: Answer, get: Exchanged) -> bool:
    """Whether a 404 is the service's own word, for a user whom it does not know."""
    if get.attempt.answer is None or get.attempt.answer.status != _NOT_FOUND:
        return True
    elsewhere = f"/{secrets.token_hex(8)}"
    url = patient.parts._replace(path=elsewhere).geturl()
    body = encoded(patient.callout("member"))
    made = patient.call(_ELSEWHERE, body, bearer=patient.bearer, url=url).attempt.answer
    if made is None or made.status != _NOT_FOUND:
        return True
    here = (patient.parts.path or "/").encode()
    return answer.body.replace(here, b"") != made.body.replace(elsewhere.encode(), b"")


def _post(answer: Answer, patient: Patient, *, late: bool, is_there: bool) -> Finding:
    if answer.status in _NO_METHOD or not is_there:
        return finding(
            "HTTP001",
            Level.FAIL,
            f"POST is answered with {answer.status}",
            hint="Check the target URL's path, and that the service takes POST there.",
            expected="a service that takes POST at this path",
            entra_code=1003002,
        )
    if late:
        return finding(
            "HTTP001",
            Level.WARN,
            f"the first call was not answered within {patient.expectations.wait_ms} ms, "
            f"the second was: {answer.status}",
            hint="A cold start, by the look of it: keep one instance warm, or start faster.",
            expected="an answer to each call in time",
            entra_code=1003005,
        )
    own = ", of the service's own: the path is there" if answer.status == _NOT_FOUND else ""
    return finding("HTTP001", Level.OK, f"POST is answered: {answer.status}{own}")


def _redirect(made: Exchanged, patient: Patient) -> Finding:
    answer = made.attempt.answer
    assert answer is not None, "HTTP001 has seen it"  # noqa: S101
    if answer.status not in _REDIRECTS:
        return finding("HTTP002", Level.OK, "no redirect")
    login = login_of(answer)
    if login is not None:
        refused = "the token given" if patient.bearer else "a call without a token"
        return finding(
            "HTTP002",
            # With Entra's token a login in front may let the call pass.
            Level.FAIL if patient.bearer else Level.WARN,
            f"{answer.status}: {refused} is sent to a login, {login}",
            hint="Let the login in front answer 401 to calls without a valid token (App Service: "
            "unauthenticatedClientAction Return401), and accept bearer tokens.",
            expected="401 for a call without a token",
            entra_code=made.verdict.entra_code,
        )
    return finding(
        "HTTP002",
        Level.FAIL,
        f"{answer.status} to {_without_query(answer.header('location'))}",
        hint="Put the final URL into targetUrl; Entra follows no redirect.",
        expected="an answer at this very URL",
        entra_code=made.verdict.entra_code,
    )


def _without_query(location: str | None) -> str:
    return location.partition("?")[0] if location else "nowhere"


def _intermediary(made: Exchanged) -> Intermediary | None:
    answer = made.attempt.answer
    return None if answer is None or made.verdict.accepted else intermediary_of(answer)


def _page(made: Exchanged) -> Finding:
    page, answer = _intermediary(made), made.attempt.answer
    assert answer is not None, "HTTP001 has seen it"  # noqa: S101
    if page is None:
        return finding("HTTP003", Level.OK, "no proxy's page")
    detail = answer.header("ngrok-error-code") or answer.header("x-vercel-error")
    return finding(
        "HTTP003",
        Level.FAIL,
        f"{answer.status}, not of the service but of {page.name}" + (f": {detail}" * bool(detail)),
        hint=page.hint,
        expected="the service's own answer",
        entra_code=made.verdict.entra_code,
    )


def _told_apart(others: dict[str, Exchanged]) -> Finding:
    told = ", ".join(f"{method} {_status(each.attempt)}" for method, each in others.items())
    strange = [method for method, each in others.items() if _is_strange(each)]
    if not strange:
        return finding("HTTP004", Level.OK, told)
    return finding(
        "HTTP004",
        Level.WARN,
        told,
        hint=f"{' and '.join(strange)} should be refused with 4xx: a callout is a POST.",
        expected="no claims, and no failure",
    )


def _status(attempt: Attempt) -> str:
    return "no answer" if attempt.answer is None else str(attempt.answer.status)


def _is_strange(made: Exchanged) -> bool:
    """A crash, or claims for a call that asked for none."""
    answer = made.attempt.answer
    if answer is None or bool(made.verdict.claims):
        return True
    return answer.status >= _SERVER_ERROR and answer.status not in _NO_METHOD


def _version(patient: Patient) -> Iterator[Finding]:
    spoken = reached(patient).attempt.http_version
    offered = None
    if patient.parts.scheme == "https":
        offered = shake_hands(patient.host, patient.port, curious(), patient.wait_seconds).protocol
    yield finding("HTTP005", Level.OK, f"{spoken}" + (f", offers {offered}" if offered else ""))


CHECKS = (
    Check(
        ("HTTP001", "HTTP002", "HTTP003", "HTTP004"),
        _examine,
        calls=2 + len(_OTHER_METHODS) + 1,
        needs=("TCP001",),
        blocked_by=("TLS001",),
    ),
    Check(("HTTP005",), _version, needs=("HTTP001",)),
)
