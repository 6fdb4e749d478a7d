"""Check before sending whether an event is a callout that Entra could have sent."""

import re
from collections.abc import Iterator
from typing import Any, Final

from claims_provider.contract.discriminators import CALLOUT_DATA_TYPE, EVENT_TYPE

_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PLACEHOLDER: Final = re.compile(
    r"<[^<>]+>|\{\{?[A-Za-z][\w .-]*\}?\}|\[[A-Za-z][\w .-]*\]|your[-_ ]?\w*|x{4,}[x-]*|…|\.\.\."
    r"|TODO|insert .*",
    re.IGNORECASE,
)
_COMMENT: Final = re.compile(r"^\s*(?://|/\*|#)|,\s*//|[{\[]\s*//", re.MULTILINE)
_PROBLEMS_MAX: Final = 20


def has_comments(text: str) -> bool:
    """Return whether `text`, which is not JSON, contains comments as in JSON5 and JSONC."""
    return _COMMENT.search(text) is not None


def callout_problems(body: Any) -> list[str]:
    """Return why `body` is not a callout: JSON Pointer, what was found and what was expected."""
    if not isinstance(body, dict):
        return [f"the event is {_name(body)}; expected a callout, which is a JSON object"]
    problems = [*_of_type(body), *_placeholders(body, "")]
    reported = {problem.split(":", 1)[0] for problem in problems}
    data = body.get("data")
    context = data.get("authenticationContext") if isinstance(data, dict) else None
    user = context.get("user") if isinstance(context, dict) else None
    for holder, name, pointer in (
        (data, "tenantId", "/data/tenantId"),
        (user, "id", "/data/authenticationContext/user/id"),
        (context, "correlationId", "/data/authenticationContext/correlationId"),
    ):
        if pointer in reported:
            continue
        value = holder.get(name) if isinstance(holder, dict) else None
        is_needed = name != "correlationId"  # a callout may have none
        if value is None and is_needed:
            problems.append(f"{pointer}: missing; expected a GUID{_without_user(user, name)}")
        elif value is not None and not (isinstance(value, str) and _GUID.fullmatch(value)):
            problems.append(f"{pointer}: {_name(value)}; expected a GUID")
    return problems[:_PROBLEMS_MAX]


def _of_type(body: dict[str, Any]) -> Iterator[str]:
    event = body.get("type")
    if event is None:
        yield f"/type: missing; expected {EVENT_TYPE}"
    elif not isinstance(event, str) or event.lower() != EVENT_TYPE.lower():
        yield f"/type: {_name(event)} is another event's type; expected {EVENT_TYPE}"
    data = body.get("data")
    if not isinstance(data, dict):
        yield f"/data: {'missing' if data is None else _name(data)}; expected an object"
        return
    data_type = data.get("@odata.type")
    if data_type != CALLOUT_DATA_TYPE:
        found = "missing" if data_type is None else _name(data_type)
        yield f"/data/@odata.type: {found}; expected {CALLOUT_DATA_TYPE}"


def _placeholders(value: Any, pointer: str) -> Iterator[str]:
    if isinstance(value, str) and _is_placeholder(value, pointer):
        yield f"{pointer}: {_name(value)} is a placeholder; replace it with a value"
    members = value.items() if isinstance(value, dict) else ()
    for name, member in members:
        step = str(name).replace("~", "~0").replace("/", "~1")
        yield from _placeholders(member, f"{pointer}/{step}")


def _is_placeholder(text: str, pointer: str) -> bool:
    if pointer == "/source":  # a path with ids in it
        return re.search(r"[<{][^<>{}]*[>}]", text) is not None
    return _PLACEHOLDER.fullmatch(text.strip()) is not None


def _without_user(user: Any, name: str) -> str:
    is_missing = user is None and name == "id"
    return " (no user: is this a callout for an app-only token?)" if is_missing else ""


def _name(value: Any) -> str:
    match value:
        case str():
            return f'"{value[:60]}"'
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case dict():
            return "an object"
    return "null"
