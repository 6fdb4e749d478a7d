"""The fields that count of one JSON line, without parsing all of it.

A sign-in record has two kilobytes, of which some two hundred bytes count; parsing all of them takes
longer than everything else. Lines of one export have the same members in the same order. So the
order is learned from lines that are parsed, and later lines are searched for these members in that
order. A line of another order, with ``null`` or an escape where text was, is left to the JSON
parser. A line that is damaged elsewhere, between its first and its last brace, is not recognised.
"""

import json
from typing import Final

from claimsctl.signin.records import Column, SignIn, callouts_in, moment

_PLANS_MAX: Final = 8
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
)  # fmt: skip
_OPTIONAL: Final = {"interactive", "user"}
_TEXTS: Final = {"correlation_id", "at", "app_id", "app_name", "user"}
_ENVELOPE_CHARACTERS: Final = 4096
_RESULTS: Final = ('{"errorCode": ', '{"errorCode":', '"', "")
_Plan = tuple[tuple[str, str, int], ...]


class LineScanner:
    """Reads the sign-ins of JSON lines that look like those it has learned from."""

    def __init__(self) -> None:
        self._plans: list[_Plan] = []

    def learn(self, line: str, sign_in: SignIn) -> None:
        """Learn the order of the members of `line`, whose parsed content is `sign_in`."""
        if len(self._plans) >= _PLANS_MAX:
            return
        for spelling in _SPELLINGS:
            plan = _plan(line, spelling)
            if plan is not None and _tried(line, plan) == sign_in:
                self._plans.insert(0, plan)
                return

    def scan(self, line: str) -> SignIn | None:
        """The sign-in of a whole line; `None`: parse it."""
        if not line.endswith(("}\n", "}\r\n")):
            return None
        for number, plan in enumerate(self._plans):
            sign_in = _tried(line, plan)
            if sign_in is not None:
                if number:
                    self._plans.insert(0, self._plans.pop(number))
                return sign_in
        return None


def _tried(line: str, plan: _Plan) -> SignIn | None:
    try:
        return _scanned(line, plan)
    except (ValueError, RecursionError, IndexError):
        return None


def _plan(line: str, spelling: dict[str, str]) -> _Plan | None:
    """The members in the line's order, each with the text that its value follows."""
    found = []
    begin = max(0, line.find('"properties":'))
    for field, name in spelling.items():
        for beginning in _beginnings(field):
            prefix = next(
                (p for p in (f'"{name}":{beginning}', f'"{name}": {beginning}')
                 if line.count(p, begin) == 1), None
            )  # fmt: skip
            if prefix is not None:
                found.append((line.find(prefix, begin), field, prefix))
                break
        else:
            if field not in _OPTIONAL:
                return None
    return tuple((field, prefix, len(prefix)) for _, field, prefix in sorted(found))


def _beginnings(field: str) -> tuple[str, ...]:
    if field in _TEXTS:
        return ('"',)
    return _RESULTS if field == "result" else ("",)


def _scanned(line: str, plan: _Plan) -> SignIn | None:
    position = max(0, line.find('"properties":', 0, _ENVELOPE_CHARACTERS))
    find = line.find
    sign_in = SignIn("", "", "", "", "", None, None, Column.PRESENT)
    for field, prefix, size in plan:
        position = find(prefix, position)
        if position < 0:
            return None
        position += size
        if field in _TEXTS:
            end = find('"', position)
            text = line[position:end]
            if "\\" in text:
                return None
            setattr(sign_in, field, text)
            position = end
        elif field == "listeners":
            position += line[position] == " "
            if not line.startswith("[]", position):
                listeners, position = _raw_decode(line, position)
                if listeners:
                    sign_in.column, sign_in.callouts = callouts_in(listeners)
        elif field == "interactive":
            value = line[position : position + 2].strip()[:1]
            sign_in.interactive = {"t": True, "f": False}.get(value)
        else:
            end = position
            while line[end].isdigit():
                end += 1
            sign_in.error_code = int(line[position:end])
            position = end
    sign_in.at = moment(sign_in.at)
    sign_in.app_id = sign_in.app_id.lower()
    sign_in.correlation_id = sign_in.correlation_id.lower()
    return sign_in if sign_in.correlation_id else None
