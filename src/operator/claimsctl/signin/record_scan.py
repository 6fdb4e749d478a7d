"""Read the needed fields from a record's JSON text without parsing all of it.

A sign-in record has two kilobytes, of which about two hundred bytes are needed; parsing all of them
takes more time than everything else. The records of one export have the same members in the same
order. This module learns the order from parsed records, and searches later ones for the members in
that order. A record with another order, or with ``null`` or an escape instead of text, is left to
the JSON parser. Damage in other parts of a record is not detected.
"""

import json
import re
from typing import Any, Final, NamedTuple

from claimsctl.signin.records import Column, SignIn, callouts_in, moment, read_sign_in

_PLANS_MAX: Final = 8
_LESSONS_MAX: Final = 64
"""The number of records without a new order after which learning ends."""
_raw_decode: Final = json.JSONDecoder().raw_decode

_SPELLINGS: Final = (
    {
        "correlation_id": "correlationId", "at": "createdDateTime", "app_id": "appId",
        "app_name": "appDisplayName", "listeners": "appliedEventListeners",
        "interactive": "isInteractive", "result": "status", "user": "userPrincipalName",
    },
    {
        "correlation_id": "CorrelationId", "at": "TimeGenerated", "app_id": "AppId",
        "app_name": "AppDisplayName", "listeners": "AppliedEventListeners",
        "interactive": "IsInteractive", "result": "ResultType", "user": "UserPrincipalName",
    },
    {
        "correlation_id": "CorrelationId", "at": "CreatedDateTime", "app_id": "AppId",
        "app_name": "AppDisplayName", "listeners": "AppliedEventListeners",
        "interactive": "IsInteractive", "result": "ErrorCode", "user": "UserPrincipalName",
    },
)  # fmt: skip
_OPTIONAL: Final = {"interactive", "user"}
_STAND_INS: Final = {"userPrincipalName": ('"userId"',), "UserPrincipalName": ('"UserId"',)}
_TEXTS: Final = {"correlation_id", "at", "app_id", "app_name", "user"}
_ENVELOPE: Final = '"properties":'
"""The text before the sign-in in a record of storage or Event Hubs."""
_RESULT: Final = r'(?:\{\s*"errorCode"\s*:\s*|"|)(?=\d)'


class _Plan(NamedTuple):
    """The places of a record's members."""

    envelope: str
    """`_ENVELOPE`, or empty for a sign-in without one."""
    members: tuple[tuple[str, str, int], ...]
    """In order: the field, the text before its value, and the length of that text."""
    absent: tuple[str, ...]
    """The names of members that the record does not have."""
    id_name: str
    id_count: int
    """How often one record contains the name of the correlation id."""


class RecordScanner:
    """Reads the sign-ins of records with a learned order."""

    def __init__(self) -> None:
        self._plans: list[_Plan] = []
        self._lessons = 0

    def learn(self, text: str, document: Any) -> None:
        """Learn the order of the members of `text`, whose parsed content is `document`."""
        if len(self._plans) >= _PLANS_MAX or self._lessons >= _LESSONS_MAX:
            return
        self._lessons += 1
        if self.scan(text) is not None:
            return
        sign_in = read_sign_in(document)
        for spelling in _SPELLINGS:
            plan = _plan(text, spelling)
            if plan is not None and _tried(text, plan) == sign_in:
                self._plans.insert(0, plan)
                return

    def scan(self, text: str) -> SignIn | None:
        """Return the sign-in in the text of one whole record; `None` if it must be parsed."""
        for number, plan in enumerate(self._plans):
            sign_in = _tried(text, plan)
            if sign_in is not None:
                if number:
                    self._plans.insert(0, self._plans.pop(number))
                return sign_in
        return None


def _tried(text: str, plan: _Plan) -> SignIn | None:
    try:
        return _scanned(text, plan)
    except (ValueError, RecursionError, IndexError):
        return None


def _plan(text: str, spelling: dict[str, str]) -> _Plan | None:
    found, absent = [], []
    envelope = _ENVELOPE if _ENVELOPE in text else ""
    begin = text.find(envelope)
    for field, name in spelling.items():
        places = list(re.compile(rf'"{name}"\s*:\s*{_beginning(field)}').finditer(text, begin))
        if len(places) == 1:
            found.append((places[0].start(), field, places[0].group()))
        elif field in _OPTIONAL and f'"{name}"' not in text:
            absent += [f'"{name}"', *_STAND_INS.get(name, ())]
        else:
            return None
    members = tuple((field, prefix, len(prefix)) for _, field, prefix in sorted(found))
    id_name = f'"{spelling["correlation_id"]}"'
    return _Plan(envelope, members, tuple(absent), id_name, text.count(id_name))


def _beginning(field: str) -> str:
    if field in _TEXTS:
        return '"'
    return _RESULT if field == "result" else ""


def _is_one_record(text: str, plan: _Plan) -> bool:
    """Return whether `text` is one record, not several of which one may be cut off."""
    first = plan.members[0][1]
    return text.count(plan.id_name) == plan.id_count and text.rfind(first) == text.find(
        first, text.find(plan.envelope)
    )


def _scanned(text: str, plan: _Plan) -> SignIn | None:
    """Return the sign-in; `None` or an error for another order, or for several records."""
    if not _is_one_record(text, plan) or any(name in text for name in plan.absent):
        return None
    position = text.index(plan.envelope)
    values: dict[str, Any] = {
        "user": "", "interactive": None, "column": Column.PRESENT, "callouts": ()
    }  # fmt: skip
    for field, prefix, size in plan.members:
        position = text.index(prefix, position) + size
        if field in _TEXTS:
            end = text.index('"', position)
            values[field] = value = text[position:end]
            if not value or "\\" in value:
                return None
            position = end
        elif field == "listeners":
            if not text.startswith("[]", position):
                listeners, position = _raw_decode(text, position)
                if listeners:
                    values["column"], values["callouts"] = callouts_in(listeners)
        elif field == "interactive":
            values[field] = {"t": True, "f": False}.get(text[position])
        else:
            code, position = _raw_decode(text, position)
            if type(code) is not int:
                return None
            values["error_code"] = code
    return SignIn(
        values["correlation_id"].lower(), moment(values["at"]), values["app_id"].lower(),
        values["app_name"], values["user"], values["interactive"], values["error_code"],
        values["column"], values["callouts"],
    )  # fmt: skip
