"""The objects around the claims, from the outermost inward: RSP005 to RSP008, RSP012, RSP014."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from claimsctl.judge.body import Body, read_body
from claimsctl.judge.finding import (
    ERROR_CODES,
    FINDINGS_PER_RULE,
    Basis,
    Finding,
    failure,
    warning,
)
from claimsctl.judge.json_positions import JsonType, Value
from claimsctl.judge.producers import (
    member_in_capitals,
    object_as_text,
    type_under_another_name,
    unrolled_list,
)
from claimsctl.judge.type_names import (
    ACTION,
    OLD_ACTION,
    OLD_EVENT,
    PREVIEW_ACTION,
    RESPONSE_DATA,
    title_of_action_type,
    title_of_data_type,
)
from claimsctl.judge.wrappers import Wrapped, find_wrapped

_ENVELOPE: Final = f'{{"data": {{"@odata.type": "{RESPONSE_DATA}", "actions": […]}}}}'

_ERRORS: Final = (
    ({"errorMessage", "errorType"}, "a Lambda function's error"),
    ({"type", "title", "status"}, "a problem report (RFC 9457)"),
    ({"error"}, "an error message"),
    ({"message"}, "a gateway's message"),
)


def read_envelope(body: Body) -> tuple[Value | None, list[Finding]]:
    """Return the object that contains the claims, if there is one, and the findings so far."""
    if wrapped := find_wrapped(body.root):
        findings = [_wrapped(body, wrapped), *_judge_schema_version(body)]
        return None, [*findings, *_judge_inner(wrapped.text or body.spelling(wrapped.value))]
    findings = [*_judge_data(body), *_judge_schema_version(body)]
    data = _member(body.root, "data")
    if data is None or data.type is not JsonType.OBJECT:
        return None, findings
    actions = _member(data, "actions")
    findings += _judge_number(body, data, actions)
    if actions is None or actions.type not in (JsonType.LIST, JsonType.OBJECT):
        return None, findings
    all_actions = actions.items if actions.type is JsonType.LIST else [actions]
    for action in all_actions[:FINDINGS_PER_RULE]:
        findings += _judge_action(body, action)
    bags = [_member(action, "claims") for action in all_actions]
    found = [bag for bag in bags if bag is not None and bag.type is JsonType.OBJECT]
    return found[0] if len(found) == 1 else None, findings


def _wrapped(body: Body, wrapped: Wrapped) -> Finding:
    return failure(
        "RSP012",
        1003003,
        "The answer is wrapped in another object or string",
        f"inside {wrapped.wrapper}",
        wrapped.hint,
        expected=_ENVELOPE,
        place=body.place(wrapped.value),
    )


def _judge_inner(text: str) -> Iterator[Finding]:
    """Yield the findings about the inner answer, so that one run shows all of them."""
    inner, findings = read_body(text.encode("utf-8", "replace"))
    if inner is not None:
        findings += read_envelope(inner)[1]
    for finding in findings:
        yield replace(finding, place=None, evidence=f"inside: {finding.evidence}")


def _member(holder: Value, name: str) -> Value | None:
    """Return a member, or one whose name differs in case only, so that one run shows all faults."""
    in_capitals = member_in_capitals(holder, name)
    return in_capitals[0] if in_capitals else holder.get(name)


def _judge_data(body: Body) -> Iterator[Finding]:
    data = body.root.get("data")
    odata_type = data and data.get("@odata.type")
    if odata_type and odata_type.type is JsonType.STRING and odata_type.text == RESPONSE_DATA:
        return
    if data is not None and data.type is JsonType.OBJECT and odata_type is None:
        yield _without_type(body, data)
        return
    if in_capitals := member_in_capitals(body.root, "data"):
        item, (title, hint) = in_capitals
        yield failure(
            "RSP005",
            1003003,
            title,
            _members(body.root),
            hint,
            expected=_ENVELOPE,
            place=body.place(item, key=True),
            basis=Basis.CONVENTION,
        )
        if item.type is JsonType.OBJECT and item.get("@odata.type") is None:
            yield _without_type(body, item)
        return
    title, hint = "The body does not match the schema", f"Send {_ENVELOPE}."
    at = odata_type or data or body.root
    found = body.spelling(at)
    if data is None:
        found = f"no data in {found}"
        title, hint = _without_data(body.root) or (title, hint)
    elif data.type is not JsonType.OBJECT:
        title = "data is not an object"
    else:
        is_text = odata_type is not None and odata_type.type is JsonType.STRING
        title = title_of_data_type(odata_type.text if odata_type and is_text else "")
        hint = f"Send {RESPONSE_DATA}."
    trace = object_as_text(data) if data is not None else None
    title, hint = trace or (title, hint)
    yield failure(
        "RSP005",
        1003003,
        title,
        found,
        hint,
        expected=_ENVELOPE if not odata_type else f'"{RESPONSE_DATA}"',
        place=body.place(at),
    )


def _without_type(body: Body, data: Value) -> Finding:
    """Judge the type of data, which the documentation names and the contract library ignores."""
    item, (title, hint) = type_under_another_name(data) or (
        data,
        ("data has no @odata.type", f"Send {RESPONSE_DATA}."),
    )
    return warning(
        "RSP005",
        1003003,
        title,
        _members(data),
        hint,
        expected=f'"@odata.type": "{RESPONSE_DATA}"',
        place=body.place(item, key=item is not data),
        basis=Basis.MODEL,
    )


def _without_data(root: Value) -> tuple[str, str] | None:
    event_type, actions = root.get("type"), root.get("actions")
    action_type = actions and actions.items and actions.items[0].get("type")
    is_old_event = event_type and event_type.text == OLD_EVENT
    if is_old_event or (action_type and action_type.text == OLD_ACTION):
        return "The answer has the format of the 2021 preview", f"Send {_ENVELOPE}."
    if actions:
        return "The outer object data is missing", 'Put the whole answer into {"data": …}.'
    if error := _name_error(root):
        return (
            f"The body is {error}, sent with status 200",
            "Check the endpoint's own log for the error. Send errors with an error status.",
        )
    return None


def _judge_schema_version(body: Body) -> Iterator[Finding]:
    for holder in (body.root, body.root.get("data")):
        version = holder.get("apiSchemaVersion") if holder else None
        if version is not None and version.type is not JsonType.NULL:
            yield failure(
                "RSP014",
                1003008,
                "The answer contains an apiSchemaVersion, but Entra's callout does not",
                body.spelling(version),
                "Remove apiSchemaVersion: it belongs to the 2021 preview.",
                expected="no apiSchemaVersion",
                place=body.place(version, key=True),
                basis=Basis.CONVENTION,
                doc=ERROR_CODES,
            )
            return


def _judge_number(body: Body, data: Value, actions: Value | None) -> Iterator[Finding]:
    if in_capitals := member_in_capitals(data, "actions"):
        item, (title, hint) = in_capitals
        yield failure(
            "RSP006",
            1003010,
            title,
            _members(data),
            hint,
            expected="a list of one action, named actions",
            place=body.place(item, key=True),
            basis=Basis.CONVENTION,
        )
    if actions is not None and actions.type is JsonType.LIST and len(actions.items) == 1:
        return
    title, hint = "Not exactly one action", "Send exactly one action."
    if actions is None:
        found = f"no actions; {_members(data)}"
    elif actions.type is not JsonType.LIST:
        found = f"{actions.type.value}: {body.spelling(actions)}"
        title, hint = unrolled_list(actions) or object_as_text(actions) or (title, hint)
    else:
        found = f"{len(actions.items)} actions"
    yield failure(
        "RSP006",
        1003010,
        title,
        found,
        hint,
        expected="a list of one action",
        place=body.place(actions or data),
        doc=ERROR_CODES,
    )


def _judge_action(body: Body, action: Value) -> Iterator[Finding]:
    yield from _judge_action_type(body, action)
    if in_capitals := member_in_capitals(action, "claims"):
        item, (title, hint) = in_capitals
        yield failure(
            "RSP008",
            1003007,
            title,
            _members(action),
            hint,
            expected='"claims": {…}',
            place=body.place(item, key=True),
            basis=Basis.CONVENTION,
        )
    bag = _member(action, "claims")
    if action.type is JsonType.OBJECT and (bag is None or bag.type is JsonType.NULL):
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
    elif bag is not None and bag.type is not JsonType.OBJECT:
        title, hint = object_as_text(bag) or (
            f"The claims are {bag.type.value}, not an object",
            'Send claims as a JSON object of names and values: {"name": "value"}.',
        )
        yield failure(
            "RSP010",
            1003003,
            title,
            body.spelling(bag),
            hint,
            expected='"claims": {…}',
            place=body.place(bag),
            basis=Basis.CONVENTION,
        )


def _judge_action_type(body: Body, action: Value) -> Iterator[Finding]:
    odata_type = action.get("@odata.type")
    is_text = odata_type is not None and odata_type.type is JsonType.STRING
    named = odata_type.text if odata_type and is_text else None
    if named == ACTION:
        return
    expected = f'"@odata.type": "{ACTION}"'
    if named is not None and named.lower() in (ACTION.lower(), PREVIEW_ACTION.lower()):
        yield warning(
            "RSP007",
            1003012,
            "The type differs in case"
            if named.lower() == ACTION.lower()
            else "This is the action's older name",
            body.spelling(odata_type or action),
            f"Send {ACTION}, the only documented name.",
            expected=expected,
            place=body.place(odata_type or action),
            basis=Basis.MODEL,
        )
        return
    old = action.get("type")
    title = title_of_action_type(old.text if odata_type is None and old else named)
    hint, at, is_key = f"Send {ACTION}.", odata_type or action, False
    if other := type_under_another_name(action):
        at, (title, hint) = other
        is_key = True
    elif trace := object_as_text(action):
        title, hint = trace
    yield failure(
        "RSP007",
        1003012,
        title,
        body.spelling(odata_type) if odata_type else _members(action) or body.spelling(action),
        hint,
        expected=expected,
        place=body.place(at, key=is_key),
        doc=ERROR_CODES,
    )


def _members(value: Value) -> str:
    """Return the names in an object that lacks the expected one."""
    if value.type is not JsonType.OBJECT:
        return ""
    names = ", ".join(str(item.key) for item in value.items)
    return f"only {names}" if names else "an empty object"


def _name_error(root: Value) -> str:
    """Return the kind of error message that a body is; empty for an unknown kind."""
    keys = {item.key for item in root.items}
    return next((name for members, name in _ERRORS if members <= keys), "")
