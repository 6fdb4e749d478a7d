"""The answer without its body: time, status, content type (RSP001, RSP002, RSP016, RSP018)."""

from collections.abc import Iterator
from http import HTTPStatus

from claimsctl.judge.attempt import Answer
from claimsctl.judge.finding import (
    ERROR_CODES,
    REFERENCE,
    Basis,
    Finding,
    Level,
    failure,
    warning,
)
from claimsctl.judge.platforms import platform_of
from claimsctl.judge.refusal import (
    CHALLENGE_CURE,
    LOGIN_CURE,
    login_of,
    names_bearer,
    other_scheme,
    own_code,
    quoted,
    token_refusal,
)

_OK = 200
_UNAUTHORIZED = 401
_JSON = "application/json"
_UTF_8 = {"utf-8", "utf8", "us-ascii"}
_HINTS = {
    400: "The endpoint rejects the callout as a bad request: check its own log for the reason.",
    401: "The endpoint refuses the caller: compare the token's iss, aud and azp with the values it"
    " expects (claimsctl token --check).",
    403: "Find out whether the service or something in front of it (firewall, gateway, allow list)"
    " refuses the call, and allow POST to this path.",
    404: "Check the path of the target URL, and that the service accepts POST there.",
    405: "The service must accept POST at the target URL's path.",
    413: "The service rejects the callout as too large: it must accept about 2 KB.",
    415: "The service must accept application/json, with or without a charset.",
    429: "Raise the rate limit: a tenant may make 50 callouts a second.",
    502: "The gateway got no valid answer from the service: check the service's log.",
    503: "The service, or something that it depends on, was unavailable: check the service's log.",
    504: "The service did not answer the gateway in time: find out which step is slow.",
}
_KEY_MISSING = "An Azure Function that is called without its key (?code=…) answers in the same way."
_REDIRECT = "Set the extension's targetUrl to the final URL, and use its host in resourceId."
_ANSWERED = 'Send claims with status 200. For a user without claims, send "claims": {}.'
_ERROR = (
    "Check the endpoint's own log for the reason."
    ' For a user without claims, answer 200 with "claims": {}.'
)


def judge_time(answer: Answer, wait_ms: int | None) -> Iterator[Finding]:
    """RSP016: whether Entra would have waited for the answer."""
    if wait_ms is None or answer.elapsed_ms is None or answer.elapsed_ms <= wait_ms:
        return
    yield failure(
        "RSP016",
        1003005,
        "The answer is too late",
        f"{answer.elapsed_ms:.0f} ms",
        "Find the slow phase (cold start, store, connection), and set timeoutInMilliseconds to"
        " 2000.",
        expected=f"the whole answer within {wait_ms} ms",
        doc=ERROR_CODES,
    )


def judge_status(answer: Answer) -> Iterator[Finding]:
    """RSP001: any status but 200."""
    status = answer.status
    if status == _OK:
        return
    title = "The status is not 200, the only one that Entra accepts"
    evidence = f"status {status}"
    hint = _HINTS.get(status, _ERROR)
    match status // 100:
        case 2:
            hint = platform_hint(answer) or _ANSWERED
        case 3:
            title = "The status is a redirect; Entra accepts 200 only"
            location = answer.header("location")
            evidence += f" to {location}" if location else " without a location"
            otherwise = LOGIN_CURE if login_of(answer) else _REDIRECT
            hint = platform_hint(answer) or otherwise
        case _:
            evidence += "".join(f", {said}" for said in [quoted(answer)] if said)
            hint = _hint_for(answer, hint)
    yield Finding(
        "RSP001",
        Level.FAIL,
        title,
        evidence,
        hint,
        1003002,
        Basis.CONVENTION,
        f"status {_OK} {HTTPStatus.OK.phrase}",
        doc=REFERENCE,
    )


def _hint_for(answer: Answer, otherwise: str) -> str:
    """Return the advice for an error: from the answer's own message first, then by platform."""
    platform, refused, own = platform_of(answer), token_refusal(answer), own_code(answer)
    if own is not None:
        return f"{own.id}: {own.cure[0]}"
    if refused is not None and (platform is None or platform.knows_tokens):
        who = f"This is {platform.name}: {platform.case}. " if platform else ""
        return f"{who}{refused.name}: {refused.cure[0]}"
    if platform is not None:
        return platform_hint(answer)
    if answer.status == _UNAUTHORIZED and (schemes := other_scheme(answer)):
        return f"The answer requires {schemes}, not a bearer token. {CHALLENGE_CURE}"
    if answer.status == _UNAUTHORIZED and not answer.body and not names_bearer(answer):
        return f"{otherwise} {_KEY_MISSING}"
    return otherwise


def platform_hint(answer: Answer) -> str:
    """Who answers in the service's place, and what to do; empty where nothing shows one."""
    platform = platform_of(answer)
    return f"This is {platform.name}: {platform.case}. {platform.do}" if platform else ""


def judge_length(answer: Answer) -> Iterator[Finding]:
    """RSP020: a body that ends before its content-length."""
    lengths = [value for value in answer.all_headers("content-length") if value.isdecimal()]
    is_encoded = bool(answer.header("content-encoding"))  # counted before it was decoded
    if is_encoded or not lengths or len(answer.body) >= int(lengths[-1]):
        return
    yield warning(
        "RSP020",
        1003001,
        "The body is shorter than its content-length",
        f"{len(answer.body)} bytes of {lengths[-1]}",
        "Let the HTTP library set content-length, in bytes and not in characters. If this is a"
        " saved answer, the file may be truncated.",
        expected=f"{lengths[-1]} bytes",
        doc="https://www.rfc-editor.org/rfc/rfc9112#section-6.3",
    )


def judge_content_type(answer: Answer) -> Iterator[Finding]:
    """RSP002: a content type other than application/json; RSP018: a charset other than UTF-8."""
    values = answer.all_headers("content-type")
    media_types = [_media_type(value) for value in values] or [""]
    if wrong := [media_type for media_type in media_types if media_type != _JSON]:
        yield failure(
            "RSP002",
            1003006,
            "The content type is not application/json",
            ", ".join(f"content-type: {v}" for v in values) or "no content-type header",
            (answer.status == _OK and platform_hint(answer))
            or _content_type_hint(wrong[0], sent=bool(values)),
            expected="content-type: application/json, once",
            doc=ERROR_CODES,
        )
        return
    for value in values:
        charset = _charset(value)
        if charset and charset not in _UTF_8:
            yield warning(
                "RSP018",
                1003003,
                "The content type names a charset other than UTF-8",
                f"content-type: {value}",
                "Send application/json without a charset, and the body in UTF-8.",
                expected="no charset, or utf-8",
            )


def _content_type_hint(media_type: str, *, sent: bool) -> str:
    if not sent or media_type == "text/plain":
        return (
            "Set the header content-type: application/json in the service. Without it, some"
            " platforms, including API Gateway, send text/plain."
        )
    if media_type == "text/html":
        return (
            "Find out what sends the page: a login, error or warning page in front of the service."
        )
    return "Set the header content-type: application/json, once."


def _media_type(value: str) -> str:
    return value.partition(";")[0].strip().lower()


def _charset(value: str) -> str:
    for parameter in value.split(";")[1:]:
        name, _, charset = parameter.partition("=")
        if name.strip().lower() == "charset":
            return charset.strip().strip('"').lower()
    return ""
