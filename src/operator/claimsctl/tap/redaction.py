"""Mask secrets, personal data and claim values everywhere in a recorded exchange.

Shown: ids, names of fields and claims, types, lengths, values that the contract fixes, headers that
are known not to contain secrets, and error texts. Masked: claim values; the user's identity;
signatures, keys, cookies; addresses; all other headers. A masked body gets the same verdict as the
real one.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from claimsctl.tap.masked_json import ONE_BYTE, Keep, is_json, mask_json, mask_words
from claimsctl.tap.masked_text import ProseMask, mask_target, mask_token
from claimsctl.tap.recording import Headers, Message, RecordedExchange

_OK: Final = 200
_GZIP: Final = b"\x1f\x8b"
_BYTE_ORDER_MARK: Final = "\ufeff"
_USER_SHOWN: Final = frozenset({"id", "userType", "createdDateTime", "preferredLanguage"})
_CLIENT_SHOWN: Final = frozenset({"locale", "market"})
_NAMES: Final = frozenset({"displayName", "givenName", "surname"})
_WORDS_MAX: Final = 10
"""How many words of a name are searched for individually."""
_CONTRACT: Final = (
    "mail", "userPrincipalName", "displayName", "givenName", "surname", "companyName",
    "onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesUserPrincipalName",
)  # fmt: skip
"""The callout's user fields that name a person."""
_CALLOUT_SHOWN: Final = frozenset(
    {"type", "source", "@odata.type", "tenantId", "authenticationEventListenerId",
     "customAuthenticationExtensionId", "correlationId", "protocol", "id", "appId",
     "appDisplayName", "displayName"}
)  # fmt: skip
_FIXED: Final = frozenset(
    {"@odata.type", "odata.type", "@odata.context", "type", "apiSchemaVersion", "statusCode",
     "isBase64Encoded"}
)  # fmt: skip
_ERROR_SHOWN: Final = _FIXED | {
    "status", "code", "title", "detail", "details", "message", "error", "error_description",
    "errorMessage", "errorType", "errorCode", "field", "reason", "requestId", "traceId",
}  # fmt: skip
_HEADERS_SHOWN: Final = frozenset(
    """
    accept accept-charset accept-encoding accept-language accept-ranges age allow alt-svc
    cache-control connection content-disposition content-encoding content-language content-length
    content-location content-range content-security-policy content-type date expect expires host
    keep-alive last-modified link location max-forwards pragma proxy-authenticate range referer
    refresh retry-after server server-timing strict-transport-security te trailer
    transfer-encoding upgrade user-agent vary via warning www-authenticate x-content-type-options
    x-frame-options x-powered-by x-xss-protection

    request-id traceparent x-cache x-correlation-id x-forwarded-host x-forwarded-port
    x-forwarded-prefix x-forwarded-proto x-original-host x-original-uri x-original-url
    x-request-id x-rewrite-url x-served-by x-trace-id

    apigw-requestid x-amz-apigw-id x-amz-cf-id x-amz-cf-pop x-amz-error-code x-amz-request-id
    x-amzn-errortype x-amzn-remapped-connection x-amzn-remapped-content-length
    x-amzn-remapped-date x-amzn-requestid x-amzn-trace-id x-amzn-waf-action

    client-request-id request-context x-aspnet-version x-azure-externalerror x-azure-fdid
    x-azure-ref x-cache-info x-ms-client-request-id x-ms-correlation-id
    x-ms-correlation-request-id x-ms-execution-location x-ms-failure-cause x-ms-invocation-id
    x-ms-middleware-request-id x-ms-request-id x-ms-routing-request-id x-ms-tracking-id
    x-ms-trigger-type x-ms-version x-ms-workflow-id x-ms-workflow-name x-ms-workflow-run-id
    x-ms-workflow-version x-waws-unencoded-url

    cf-cache-status cf-mitigated cf-ray ngrok-error-code ngrok-trace-id
    """.split()  # noqa: SIM905  # HTTP, proxies, AWS, Azure, tunnels
)
"""Headers that contain no secret by definition; their values go through `ProseMask`."""
_SCHEMES: Final = frozenset({"basic", "bearer", "digest", "dpop", "negotiate", "sharedkey"})


def mask_exchange(exchange: RecordedExchange) -> RecordedExchange:
    """Return `exchange` masked, for display, storage and sharing."""
    mask = ProseMask(personal_values(exchange))
    keep = _answer_keeps if exchange.status == _OK else _error_keeps
    return replace(
        exchange,
        target=mask_target(exchange.target, mask),
        request=_masked(exchange.request, _request_keeps, mask),
        answer=_masked(exchange.answer, keep, mask, errors=exchange.status != _OK),
        no_answer=exchange.no_answer
        and replace(exchange.no_answer, detail=mask(exchange.no_answer.detail)),
    )


def _masked(side: Message, keep: Keep, mask: ProseMask, *, errors: bool = False) -> Message:
    body = mask_body(bytes(side.body), keep, mask, prose=errors)
    return replace(side, headers=mask_headers(side.headers, mask), body=bytearray(body))


def mask_body(body: bytes, keep: Keep, mask: ProseMask, *, prose: bool) -> bytes:
    """Return `body` masked with its length; with `prose`, text that is not JSON is for people."""
    if body.startswith(_GZIP):
        return _GZIP + bytes(len(body) - len(_GZIP))
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return mask_words(body.decode("latin-1"), sized=False).encode("latin-1")
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    text = text.removeprefix(_BYTE_ORDER_MARK)
    beginning = text.lstrip()[:1]
    if beginning in {"{", "[", '"'} or is_json(text):
        masked = mask_json(text, keep, mask)
    elif prose or beginning == "<":
        masked = mask(text)
    else:
        masked = mask_words(text)
    return (mark + masked).encode("utf-8", "surrogatepass")


def _request_keeps(path: tuple[str, ...]) -> bool:
    if "user" in path:
        return path[-1] in _USER_SHOWN
    return path[-1] in (_CLIENT_SHOWN if "client" in path else _CALLOUT_SHOWN)


def _answer_keeps(path: tuple[str, ...]) -> bool:
    return path[-1] in _FIXED and not _in_claims(path)


def _error_keeps(path: tuple[str, ...]) -> bool:
    return path[-1] in _ERROR_SHOWN and not _in_claims(path)


def _in_claims(path: tuple[str, ...]) -> bool:
    return any(name.casefold() == "claims" for name in path)


def personal_values(exchange: RecordedExchange) -> Iterator[str]:
    """Return the callout's values about its user and the user's location, Entra's fields first."""
    match read_callout(exchange):
        case {"data": {"authenticationContext": {"user": {**user}} as context}}:
            match context:
                case {"client": {"ip": str(address)}}:
                    yield address
            values = {
                str(name): value
                for name, value in user.items()
                if isinstance(value, str) and name not in _USER_SHOWN
            }
            yield from (values[name] for name in _CONTRACT if name in values)
            for name in _NAMES & values.keys():  # a message may have the words in another order
                yield from islice(values[name].replace(",", " ").split(), _WORDS_MAX)
            yield from (values[name] for name in values if name not in _CONTRACT)


def read_callout(exchange: RecordedExchange) -> Any:
    """Return the request's body as JSON, or ``None`` if it is not JSON or was not kept whole."""
    if not exchange.request.whole:
        return None
    try:
        return json.loads(exchange.request.body)
    except (ValueError, RecursionError):
        return None


def mask_headers(headers: Headers, mask: ProseMask) -> Headers:
    """Return `headers` with masked values and unchanged names."""
    return tuple((name, _mask_value(name.lower(), value, mask)) for name, value in headers)


def _mask_value(name: str, value: str, mask: ProseMask) -> str:
    if name == "authorization":
        scheme, blank, token = value.partition(" ")
        if scheme.lower() in _SCHEMES and blank:
            return scheme + blank + mask_token(token)
        return ONE_BYTE * len(value)
    return mask(value) if name in _HEADERS_SHOWN else ONE_BYTE * len(value)
