"""Read a sign-in from Entra's record of it, in any spelling.

Sources: Graph beta's ``signIn``, ``appliedAuthenticationEventListener`` and
``customExtensionCalloutResult``; Azure Monitor's tables ``SigninLogs`` and
``AADNonInteractiveUserSignInLogs``. Graph writes ``appliedEventListeners``, Log Analytics and
PowerShell ``AppliedEventListeners``; storage and Event Hub put Graph's form into ``properties``.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

_EVENT: Final = "tokenissuancestart"
_GRAPH_EVENT: Final = "tokenIssuanceStart"
_DOTNET_DATE: Final = re.compile(r"/Date\((-?\d{1,15})")
_US_DATE: Final = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?: ([AP]M))?"
)
_NOT_A_LETTER: Final = re.compile("[^a-z]")
_TYPE_NAME: Final = re.compile(r"@\{|System\.|Microsoft\.")
_HOURS: Final = 12
_INTEGER_DIGITS: Final = 10


class Column(StrEnum):
    """Whether a record names the event listeners that ran."""

    PRESENT = "present"
    MISSING = "missing"
    CUT = "cut"
    """PowerShell wrote the name of a type instead, as ``Export-Csv`` does, and
    ``ConvertTo-Json`` without enough ``-Depth``."""
    UNREADABLE = "unreadable"
    """The column contains text that is not a JSON list."""


@dataclass(slots=True)
class Callout:
    """Entra's record of one callout; `None` for a missing number."""

    at: str
    """When the call began: ISO 8601, UTC."""
    listener_id: str
    extension_id: str
    attempts: int | None
    status: int | None
    """The HTTP status of the last attempt."""
    code: int | None
    """The error code of the last attempt that failed; `None` for no error."""


@dataclass(slots=True)
class SignIn:
    """One sign-in, and its token issuance callouts."""

    correlation_id: str
    at: str
    app_id: str
    app_name: str
    user: str
    """Personal data: shown only on request."""
    interactive: bool | None
    error_code: int | None
    """The sign-in's own result; 0 when a token was issued."""
    column: Column
    callouts: tuple[Callout, ...] = ()


CAMEL: Final = {
    name.lower(): name
    for name in (
        "correlationId", "createdDateTime", "appId", "appDisplayName", "userPrincipalName",
        "userId", "isInteractive", "status", "resultType", "appliedEventListeners", "timeGenerated",
    )
}  # fmt: skip


def plain_name(column: str) -> str:
    """Return a column's name without case, blanks and the zone: ``TimeGenerated [UTC]``."""
    plain = _NOT_A_LETTER.sub("", column.lower())
    return plain.removesuffix("utc") if plain not in {"utc", ""} else plain


def read_sign_in(document: Any) -> SignIn | None:
    """Return the sign-in in a record of any form; `None` if it is not a sign-in record."""
    if not isinstance(document, dict):
        return None
    record, envelope = document, document
    inner = document.get("properties")
    if isinstance(inner, str):  # some Event Hubs consumers store it so
        inner = _json_in(inner)
    if isinstance(inner, dict):
        record = inner
    if "correlationId" not in record or "appliedEventListeners" not in record:
        record = _camel(record)
        if envelope is not document or record.get("correlationId") is None:
            record = {**_camel(envelope), **record}
    return _sign_in(record)


def columns_that_count(columns: Sequence[str]) -> dict[str, int]:
    """Return the indexes of the CSV columns that `read_sign_in` reads, by Graph's names."""
    found: dict[str, int] = {}
    for place, column in enumerate(columns):
        name = "properties" if column.lower() == "properties" else _camel_name(column)
        if name is not None:
            found.setdefault(name, place)
    return found


def _camel(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the needed members, by Graph's names."""
    found: dict[str, Any] = {}
    for name, value in record.items():
        camel = _camel_name(name)
        if camel is not None and found.get(camel) is None:
            found[camel] = value
    return found


def _camel_name(name: str) -> str | None:
    """Return Graph's name of a needed member; `None` for any other."""
    return CAMEL.get(name.lower()) or _ALIASES.get(plain_name(name))


_ALIASES: Final = {
    "timegenerated": "timeGenerated",
    "createddatetime": "createdDateTime",
    "correlationid": "correlationId",
    "applicationid": "appId",
    "application": "appDisplayName",
    "date": "createdDateTime",
    "signinerrorcode": "resultType",
    "time": "timeGenerated",
}
"""The portal's CSV, and the storage envelope's ``time``."""


def _sign_in(record: Mapping[str, Any]) -> SignIn | None:
    get = record.get
    correlation_id = get("correlationId")
    app_id = get("appId")
    listeners = get("appliedEventListeners")
    if not isinstance(correlation_id, str) or not (
        isinstance(app_id, str) or "appliedEventListeners" in record
    ):
        return None
    app_id = app_id if isinstance(app_id, str) else ""
    column = Column.PRESENT
    callouts: tuple[Callout, ...] = ()
    if listeners:
        column, callouts = callouts_in(listeners)
    elif "appliedEventListeners" not in record:
        column = Column.MISSING
    status = get("status")
    error = status.get("errorCode", status.get("ErrorCode")) if isinstance(status, dict) else None
    interactive = get("isInteractive")
    return SignIn(
        correlation_id.lower(),
        moment(get("createdDateTime") or get("timeGenerated")),
        app_id.lower(),
        _text(get("appDisplayName")),
        _text(get("userPrincipalName")) or _text(get("userId")),
        _boolean(interactive),
        whole_number(get("resultType") if error is None else error),
        column,
        callouts,
    )


def _boolean(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def callouts_in(listeners: Any) -> tuple[Column, tuple[Callout, ...]]:
    """Return the token issuance callouts in the column of listeners, in any of its forms."""
    if isinstance(listeners, str):
        text = listeners.strip()
        listeners = _json_in(text) if text else []
        if listeners is None:
            return Column.CUT if _TYPE_NAME.match(text) else Column.UNREADABLE, ()
    if isinstance(listeners, dict):  # PowerShell unrolls a list of one
        listeners = [listeners]
    if not isinstance(listeners, list):
        return Column.UNREADABLE, ()
    try:
        found = [_callout(listener) for listener in listeners]
    except _CutError:
        return Column.CUT, ()
    return Column.PRESENT, tuple(callout for callout in found if callout is not None)


class _CutError(Exception):
    """The name of a type, where an object was: ``ConvertTo-Json`` stopped there."""


def _callout(listener: Any) -> Callout | None:
    """Return the callout of one listener that ran; `None` for another event's."""
    if not isinstance(listener, dict):
        raise _CutError
    if listener.get("eventType") == _GRAPH_EVENT:
        details = listener.get("handlerResult")
        if isinstance(details, dict) and "numberOfAttempts" in details:
            return _graph_callout(listener, details.get)
    members = dict(_flat(listener))
    if str(members.get("eventtype", "")).lower() != _EVENT:
        return None
    result = members.get("handlerresult")
    if isinstance(result, str):
        result = _json_in(result)
        if not isinstance(result, dict):
            raise _CutError
    details = dict(_flat(result)) if isinstance(result, dict) else {}
    return Callout(
        moment(details.get("calloutdatetime")),
        _text(members.get("executedlistenerid")).lower(),
        _text(details.get("customextensionid")).lower(),
        whole_number(details.get("numberofattempts")),
        whole_number(details.get("httpstatus")) or None,
        whole_number(details.get("errorcode")) or None,
    )


def _graph_callout(listener: Mapping[str, Any], get: Callable[[str], Any]) -> Callout:
    """Return the callout in Graph's form, which nearly all have: the fast path."""
    return Callout(
        moment(get("calloutDateTime")),
        _text(listener.get("executedListenerId")).lower(),
        _text(get("customExtensionId")).lower(),
        whole_number(get("numberOfAttempts")),
        whole_number(get("httpStatus")) or None,
        whole_number(get("errorCode")) or None,
    )


def _flat(members: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the members in lower case, including those of ``AdditionalProperties``."""
    for name, value in members.items():
        if name.lower() != "additionalproperties":
            yield name.lower(), value
    for name, value in members.items():
        if name.lower() == "additionalproperties" and isinstance(value, dict):
            yield from ((inner.lower(), given) for inner, given in value.items())
        elif name.lower() == "additionalproperties" and isinstance(value, str):
            raise _CutError


def _json_in(text: str) -> Any:
    """Return the list or object in `text`; `None` for anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list | dict) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def whole_number(value: Any) -> int | None:
    """Return `value` as a whole number, or `None`; text may have the prefix ``AADSTS``."""
    if isinstance(value, str):
        digits = value.strip().upper().removeprefix("AADSTS")
        is_number = digits.isascii() and digits.isdigit() and len(digits) <= _INTEGER_DIGITS
        return int(digits) if is_number else None
    return value if type(value) is int else None


def moment(value: Any) -> str:
    """Return a time as ISO 8601 in UTC; empty if it is invalid. Text without a zone is UTC."""
    if not isinstance(value, str):
        return ""
    if value[10:11] == "T" and value[-1] == "Z":
        return value
    try:
        return _iso(_time_in(value.strip()))
    except (ValueError, OverflowError, OSError):
        return ""


def _time_in(text: str) -> datetime:
    """Return the time in `text`. Raises `ValueError`, `OverflowError` or `OSError`."""
    if found := _DOTNET_DATE.search(text):  # Windows PowerShell's ConvertTo-Json
        return datetime.fromtimestamp(int(found[1]) / 1000, UTC)
    if found := _US_DATE.fullmatch(text):  # Log Analytics' CSV, or Excel's
        month, day, year, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
        if found[7]:
            hour = hour % _HOURS + (_HOURS if found[7] == "PM" else 0)
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    parsed = datetime.fromisoformat(text)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed


def _iso(when: datetime) -> str:
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
