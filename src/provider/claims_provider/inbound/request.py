"""Convert the body's bytes to a Token Issuance Start callout, or refuse it clearly."""

import json
from typing import Any, NoReturn

from pydantic import ValidationError

from claims_provider.contract.callout import Callout
from claims_provider.contract.discriminators import CALLOUT_DATA_TYPE, EVENT_TYPE
from claims_provider.contract.identifiers import guid_or_none
from claims_provider.contract.limits import BODY_DEPTH_MAX
from claims_provider.errors import CalloutError, ErrorCode

_JSON_MEDIA_TYPE = "application/json"
_EXPECTED = {
    "model_type": "expected an object",
    "string_type": "expected a string",
    "value_error": "expected a GUID",
}
"""What was expected, by pydantic's type of error; these are all that the model can raise."""
_USER = ("data", "authenticationContext", "user")
_NO_USER = {
    "reason": "no-user",
    "hint": "no user signs in; probably a callout for an app-only (client credentials) token",
}


def check_content_type(content_type: str | None) -> None:
    """Check for ``application/json`` or an absent type. Otherwise raises `CalloutError`."""
    if content_type is None:
        return
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != _JSON_MEDIA_TYPE:
        raise CalloutError(
            ErrorCode.CONTENT_TYPE_UNSUPPORTED, f"expected content-type {_JSON_MEDIA_TYPE}"
        )


def read_document(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`.

    A duplicate key in an object is refused: parsers differ in which value they use, and if two
    parsers read different users from one body, a user could get another user's claims.

    Raises `CalloutError`.
    """
    document = _read_json(body)
    if not isinstance(document, dict):
        raise CalloutError(ErrorCode.BODY_NOT_OBJECT, "the body is JSON, but not an object")
    return document


def correlation_id_in(document: dict[str, Any]) -> str | None:
    """Return the correlation id of a body, even if it is not a valid callout, for the log.

    Returns ``None`` unless it is a GUID.
    """
    return guid_or_none(_member(document, "data", "authenticationContext", "correlationId"))


def read_callout(document: dict[str, Any]) -> Callout:
    """Return the callout in `document`.

    Raises `CalloutError`, naming the first wrong field but never its value.
    """
    _check_discriminators(document)
    try:
        return Callout.model_validate(document, by_alias=True, by_name=False)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(map(str, first["loc"]))
    has_no_user = first["loc"][:3] == _USER and _member(document, *_USER) in (None, {})
    evidence = _NO_USER if has_no_user else {}
    if first["type"] == "missing":
        raise CalloutError(ErrorCode.FIELD_MISSING, "required", field=field, evidence=evidence)
    expected = _EXPECTED.get(first["type"])
    raise CalloutError(ErrorCode.FIELD_MALFORMED, expected, field=field, evidence=evidence)


def _member(document: object, *names: str) -> Any:
    """The member at the path `names`; ``None`` for none."""
    value: Any = document
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _read_json(body: bytes) -> object:
    if not body.strip():
        raise CalloutError(ErrorCode.BODY_EMPTY, "the body is empty")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CalloutError(
            ErrorCode.BODY_NOT_UTF8, f"the body is not UTF-8 (byte {error.start})"
        ) from None
    try:
        document = json.loads(
            text, object_pairs_hook=_unique_pairs, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise CalloutError(ErrorCode.BODY_NOT_JSON, f"the body is not JSON ({where})") from None
    except ValueError:  # a number with thousands of digits, or NaN
        message = "the body contains an invalid number"
        raise CalloutError(ErrorCode.BODY_NOT_JSON, message) from None
    # Every level opens with a bracket, so few brackets mean few levels; most bodies are not walked.
    if body.count(b"{") + body.count(b"[") > BODY_DEPTH_MAX:
        _check_depth(document)
    return document


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise CalloutError(ErrorCode.BODY_DUPLICATE_KEY, "a key appears twice in one object")
    return members


def _refuse_constant(_: str) -> NoReturn:
    message = "NaN and Infinity are not JSON"
    raise ValueError(message)


def _check_depth(document: object) -> None:
    level: list[object] = [document]
    for _ in range(BODY_DEPTH_MAX):
        level = [
            child
            for node in level
            for child in (
                node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
            )
        ]
        if not level:
            return
    if any(isinstance(node, dict | list) for node in level):
        raise _too_deep()


def _too_deep() -> CalloutError:
    return CalloutError(
        ErrorCode.BODY_TOO_DEEP, f"the body may have at most {BODY_DEPTH_MAX} levels"
    )


def _check_discriminators(document: dict[str, Any]) -> None:
    event_type = document.get("type")
    if not isinstance(event_type, str) or event_type.lower() != EVENT_TYPE.lower():
        raise CalloutError(ErrorCode.EVENT_TYPE_UNSUPPORTED, f"expected {EVENT_TYPE}", field="type")
    data = document.get("data")
    if isinstance(data, dict) and data.get("@odata.type") != CALLOUT_DATA_TYPE:
        raise CalloutError(
            ErrorCode.DATA_TYPE_UNSUPPORTED,
            f"expected {CALLOUT_DATA_TYPE}",
            field="data.@odata.type",
        )
