"""From the body's outermost object to the claims: RSP005 to RSP008, RSP012, RSP014."""

from collections.abc import Iterator

from claimsctl.entra.finding import Basis, Finding
from claimsctl.entra.judge.body import Body
from claimsctl.entra.judge.discriminators import (
    ACTION,
    OLD_ACTION,
    OLD_EVENT,
    RESPONSE_DATA,
    title_of_action_type,
    title_of_data_type,
)
from claimsctl.entra.judge.json_reader import Kind, Value
from claimsctl.entra.judge.problem import ERROR_CODES, FINDINGS_OF_A_KIND, failure
from claimsctl.entra.judge.wrapping import find_wrapped, name_error

_ENVELOPE = f'{{"data": {{"@odata.type": "{RESPONSE_DATA}", "actions": […]}}}}'


def read_envelope(body: Body) -> tuple[Value | None, list[Finding]]:
    """The claims bag, an object, and what is wrong on the way to it; ``None``: there is none."""
    if wrapped := find_wrapped(body.root):
        return None, [_wrapped(body, *wrapped), *_judge_schema_version(body)]
    findings = [*_judge_data(body), *_judge_schema_version(body)]
    data = body.root.get("data")
    if data is None or data.kind is not Kind.OBJECT:
        return None, findings
    actions = data.get("actions")
    findings += _judge_number(body, data, actions)
    if actions is None or actions.kind is not Kind.LIST:
        return None, findings
    for action in actions.items[:FINDINGS_OF_A_KIND]:
        findings += _judge_action(body, action)
    bags = [action.get("claims") for action in actions.items]
    found = [bag for bag in bags if bag is not None and bag.kind is Kind.OBJECT]
    return found[0] if len(found) == 1 else None, findings


def _judge_data(body: Body) -> Iterator[Finding]:
    data = body.root.get("data")
    kind = data and data.get("@odata.type")
    if kind and kind.kind is Kind.STRING and kind.text == RESPONSE_DATA:
        return
    title, hint = "The body is not of the schema", f"Send {_ENVELOPE}."
    at = kind or data or body.root
    found = body.spelling(at)
    if data is None:
        found = f"no data in {found}"
        title, hint = _without_data(body.root) or (title, hint)
    elif data.kind is not Kind.OBJECT:
        title = "The data are not an object"
    else:
        title = title_of_data_type(kind.text if kind and kind.kind is Kind.STRING else None)
        found = found if kind else _members(data)
        hint = f"Send {RESPONSE_DATA}."
    yield failure(
        "RSP005",
        1003003,
        title,
        found,
        hint,
        expected=_ENVELOPE if not kind else f'"{RESPONSE_DATA}"',
        place=body.place(at),
    )


def _without_data(root: Value) -> tuple[str, str] | None:
    keys = {str(item.key) for item in root.items} if root.kind is Kind.OBJECT else set()
    kind, actions = root.get("type"), root.get("actions")
    old_action = actions and actions.items and actions.items[0].get("type")
    if (kind and kind.text == OLD_EVENT) or (old_action and old_action.text == OLD_ACTION):
        return "This is the answer of the preview of 2021", f"Send {_ENVELOPE}."
    if actions:
        return "The outer object data is missing", 'Put it all into {"data": …}.'
    if other := next((key for key in keys if key.lower() == "data"), None):
        return f"{other} differs from data in capitals", "Spell it data."
    if error := name_error(root):
        return (
            f"The body is {error}, sent with status 200",
            "The endpoint's own log says what failed; an error should have a status of its own.",
        )
    return None


def _wrapped(body: Body, inner: Value, wrapper: str) -> Finding:
    return failure(
        "RSP012",
        1003003,
        "The answer is wrapped once too often",
        f"inside of {wrapper}",
        "Send what is inside as the body itself.",
        expected=_ENVELOPE,
        place=body.place(inner),
    )


def _judge_schema_version(body: Body) -> Iterator[Finding]:
    for holder in (body.root, body.root.get("data")):
        version = holder.get("apiSchemaVersion") if holder else None
        if version is not None and version.kind is not Kind.NULL:
            yield failure(
                "RSP014",
                1003008,
                "The answer names an apiSchemaVersion, and Entra's callout none",
                body.spelling(version),
                "Leave apiSchemaVersion out: it belongs to the preview of 2021.",
                expected="no apiSchemaVersion",
                place=body.place(version, key=True),
                basis=Basis.CONVENTION,
                doc=ERROR_CODES,
            )
            return


def _judge_number(body: Body, data: Value, actions: Value | None) -> Iterator[Finding]:
    if actions is not None and actions.kind is Kind.LIST and len(actions.items) == 1:
        return
    if actions is None:
        found = f"no actions in {_members(data)}"
    elif actions.kind is not Kind.LIST:
        found = f"{actions.kind.value}: {body.spelling(actions)}"
    else:
        found = f"{len(actions.items)} actions"
    yield failure(
        "RSP006",
        1003010,
        "Not exactly one action",
        found,
        "Send exactly one action.",
        expected="a list of one action",
        place=body.place(actions or data),
        doc=ERROR_CODES,
    )


def _judge_action(body: Body, action: Value) -> Iterator[Finding]:
    kind = action.get("@odata.type")
    if kind is None or kind.kind is not Kind.STRING or kind.text != ACTION:
        is_text = kind is not None and kind.kind is Kind.STRING
        named = kind.text if kind and is_text else None
        old = action.get("type")
        yield failure(
            "RSP007",
            1003012,
            title_of_action_type(old.text if kind is None and old else named),
            body.spelling(kind) if kind else _members(action) or body.spelling(action),
            f"Send {ACTION}.",
            expected=f'"@odata.type": "{ACTION}"',
            place=body.place(kind or action),
            doc=ERROR_CODES,
        )
    bag = action.get("claims")
    if action.kind is Kind.OBJECT and (bag is None or bag.kind is Kind.NULL):
        yield failure(
            "RSP008",
            1003007,
            "The claims are null" if bag else "The action has no claims",
            f"claims: {body.spelling(bag)}" if bag else _members(action),
            'Send "claims": {} for a user without claims.',
            expected='"claims": {…}',
            place=body.place(bag or action),
            doc=ERROR_CODES,
        )
    elif bag is not None and bag.kind is not Kind.OBJECT:
        yield failure(
            "RSP010",
            1003003,
            f"The claims are {bag.kind.value}, not an object",
            body.spelling(bag),
            'Send claims as a JSON object of names and values: {"name": "value"}.',
            expected='"claims": {…}',
            place=body.place(bag),
            basis=Basis.CONVENTION,
        )


def _members(value: Value) -> str:
    """What an object has instead of what is missing."""
    if value.kind is not Kind.OBJECT:
        return ""
    names = ", ".join(str(item.key) for item in value.items)
    return f"only {names}" if names else "an empty object"
