"""A sighting without secrets and personal data: what is masked, and what may be shown.

Shown: ids, names of fields and claims, types, lengths, whatever the contract fixes, and what an
error says. Masked: claim values; who the user is; signatures, keys, cookies; addresses.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from claimsctl.tap.header_mask import mask_headers, mask_prose, mask_target
from claimsctl.tap.json_mask import Keep, is_json, mask_json, mask_words
from claimsctl.tap.sighting import Side, Sighting

_OK: Final = 200
_GZIP: Final = b"\x1f\x8b"
_BYTE_ORDER_MARK: Final = "\ufeff"
_USER_SHOWN: Final = frozenset({"id", "userType", "createdDateTime", "preferredLanguage"})
_CLIENT_SHOWN: Final = frozenset({"locale", "market"})
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


def mask_sighting(sighting: Sighting) -> Sighting:
    """`sighting`, masked: to be shown, kept and given away."""
    known = tuple(_personal(sighting))
    keep = _answer_keeps if sighting.status == _OK else _error_keeps
    return replace(
        sighting,
        target=mask_target(sighting.target),
        request=_masked(sighting.request, _request_keeps, known),
        answer=_masked(sighting.answer, keep, known, errors=sighting.status != _OK),
        no_answer=sighting.no_answer
        and replace(sighting.no_answer, detail=mask_prose(sighting.no_answer.detail, known)),
    )


def mask_body(body: bytes, keep: Keep, known: tuple[str, ...], *, prose: bool) -> bytes:
    """`body` masked, as long as it was; with `prose`, text that is no JSON is for people."""
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
        masked = mask_json(text, keep, lambda shown: mask_prose(shown, known))
    elif prose or beginning == "<":
        masked = mask_prose(text, known)
    else:
        masked = mask_words(text)
    return (mark + masked).encode("utf-8", "surrogatepass")


def _masked(side: Side, keep: Keep, known: tuple[str, ...], *, errors: bool = False) -> Side:
    body = mask_body(bytes(side.body), keep, known, prose=errors)
    return replace(side, headers=mask_headers(side.headers), body=bytearray(body))


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


def _personal(sighting: Sighting) -> Iterator[str]:
    """What the callout says about its user."""
    match read_callout(sighting):
        case {"data": {"authenticationContext": {"user": {**user}}}}:
            yield from sorted(
                (
                    value
                    for name, value in user.items()
                    if isinstance(value, str) and name not in _USER_SHOWN
                ),
                key=len,
                reverse=True,  # an address before the name in it
            )


def read_callout(sighting: Sighting) -> Any:
    """The request's body as JSON; ``None`` when it is none, or not all of it was kept."""
    if not sighting.request.whole:
        return None
    try:
        return json.loads(sighting.request.body)
    except (ValueError, RecursionError):
        return None
