"""The objects around the claims, from the outermost inwards: RSP005 to RSP008, RSP012, RSP014."""

from collections.abc import Iterator
from typing import Final

from claimsctl.judge.body import Body
from claimsctl.judge.finding import ERROR_CODES, FINDINGS_PER_RULE, Basis, Finding, failure
from claimsctl.judge.json_positions import JsonType, NotJsonError, Value, read_json

_RESPONSE_DATA: Final = "microsoft.graph.onTokenIssuanceStartResponseData"
_ACTION: Final = "microsoft.graph.tokenIssuanceStart.provideClaimsForToken"
_PREVIEW_ACTION: Final = "microsoft.graph.provideClaimsForToken"
_OLD_EVENT: Final = "onTokenIssuanceStartCustomExtension"
"""``type`` of callout and answer in the preview of 2021 (apiSchemaVersion 10-01-2021-preview)."""
_OLD_ACTION: Final = "ProvideClaimsForToken"
"""``type`` of an action there."""

_CALLOUT_DATA: Final = "microsoft.graph.onTokenIssuanceStartCalloutData"
_EVENT: Final = "microsoft.graph.authenticationEvent.tokenIssuanceStart"
_OTHER_EVENTS: Final = ("attributeCollectionStart", "attributeCollectionSubmit", "otpSend",
                        "passwordSubmit", "phoneMethodLoadStart")  # fmt: skip
_ENVELOPE: Final = f'{{"data": {{"@odata.type": "{_RESPONSE_DATA}", "actions": […]}}}}'

_PROXY_ANSWER: Final = {"statusCode", "headers", "isBase64Encoded", "multiValueHeaders"}
_ERRORS: Final = (
    ({"errorMessage", "errorType"}, "a Lambda function's error"),
    ({"type", "title", "status"}, "a problem report (RFC 9457)"),
    ({"error"}, "an error message"),
    ({"message"}, "a gateway's message"),
)


def read_envelope(body: Body) -> tuple[Value | None, list[Finding]]:
    """The object that holds the claims, if there is one, and what is wrong with the rest."""
    if wrapped := _find_wrapped(body.root):
        return None, [_wrapped(body, *wrapped), *_judge_schema_version(body)]
    findings = [*_judge_data(body), *_judge_schema_version(body)]
    data = body.root.get("data")
    if data is None or data.type is not JsonType.OBJECT:
        return None, findings
    actions = data.get("actions")
    findings += _judge_number(body, data, actions)
    if actions is None or actions.type is not JsonType.LIST:
        return None, findings
    for action in actions.items[:FINDINGS_PER_RULE]:
        findings += _judge_action(body, action)
    bags = [action.get("claims") for action in actions.items]
    found = [bag for bag in bags if bag is not None and bag.type is JsonType.OBJECT]
    return found[0] if len(found) == 1 else None, findings


def _judge_data(body: Body) -> Iterator[Finding]:
    data = body.root.get("data")
    odata_type = data and data.get("@odata.type")
    if odata_type and odata_type.type is JsonType.STRING and odata_type.text == _RESPONSE_DATA:
        return
    title, hint = "The body is not of the schema", f"Send {_ENVELOPE}."
    at = odata_type or data or body.root
    found = body.spelling(at)
    if data is None:
        found = f"no data in {found}"
        title, hint = _without_data(body.root) or (title, hint)
    elif data.type is not JsonType.OBJECT:
        title = "The data are not an object"
    else:
        is_text = odata_type is not None and odata_type.type is JsonType.STRING
        title = _title_of_data_type(odata_type.text if odata_type and is_text else None)
        found = found if odata_type else _members(data)
        hint = f"Send {_RESPONSE_DATA}."
    yield failure(
        "RSP005",
        1003003,
        title,
        found,
        hint,
        expected=_ENVELOPE if not odata_type else f'"{_RESPONSE_DATA}"',
        place=body.place(at),
    )


def _without_data(root: Value) -> tuple[str, str] | None:
    keys = {str(item.key) for item in root.items} if root.type is JsonType.OBJECT else set()
    event_type, actions = root.get("type"), root.get("actions")
    action_type = actions and actions.items and actions.items[0].get("type")
    is_old_event = event_type and event_type.text == _OLD_EVENT
    if is_old_event or (action_type and action_type.text == _OLD_ACTION):
        return "This is the answer of the preview of 2021", f"Send {_ENVELOPE}."
    if actions:
        return "The outer object data is missing", 'Put it all into {"data": …}.'
    if other := next((key for key in keys if key.lower() == "data"), None):
        return f"{other} differs from data in capitals", "Spell it data."
    if error := _name_error(root):
        return (
            f"The body is {error}, sent with status 200",
            "The endpoint's own log says what failed; an error should have a status of its own.",
        )
    return None


def _judge_schema_version(body: Body) -> Iterator[Finding]:
    for holder in (body.root, body.root.get("data")):
        version = holder.get("apiSchemaVersion") if holder else None
        if version is not None and version.type is not JsonType.NULL:
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
    if actions is not None and actions.type is JsonType.LIST and len(actions.items) == 1:
        return
    if actions is None:
        found = f"no actions in {_members(data)}"
    elif actions.type is not JsonType.LIST:
        found = f"{actions.type.value}: {body.spelling(actions)}"
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
    odata_type = action.get("@odata.type")
    if odata_type is None or odata_type.type is not JsonType.STRING or odata_type.text != _ACTION:
        is_text = odata_type is not None and odata_type.type is JsonType.STRING
        named = odata_type.text if odata_type and is_text else None
        old = action.get("type")
        yield failure(
            "RSP007",
            1003012,
            _title_of_action_type(old.text if odata_type is None and old else named),
            body.spelling(odata_type) if odata_type else _members(action) or body.spelling(action),
            f"Send {_ACTION}.",
            expected=f'"@odata.type": "{_ACTION}"',
            place=body.place(odata_type or action),
            doc=ERROR_CODES,
        )
    bag = action.get("claims")
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
        yield failure(
            "RSP010",
            1003003,
            f"The claims are {bag.type.value}, not an object",
            body.spelling(bag),
            'Send claims as a JSON object of names and values: {"name": "value"}.',
            expected='"claims": {…}',
            place=body.place(bag),
            basis=Basis.CONVENTION,
        )


def _members(value: Value) -> str:
    """The names that an object has in place of the missing one."""
    if value.type is not JsonType.OBJECT:
        return ""
    names = ", ".join(str(item.key) for item in value.items)
    return f"only {names}" if names else "an empty object"


def _title_of_data_type(found: str | None) -> str:
    """What is wrong with the type of ``data``, in a sentence; `found` is ``None`` for no type."""
    if found is None:
        return "The data have no @odata.type"
    if found in (_CALLOUT_DATA, _EVENT):
        return "This is the callout's own type, not the answer's"
    return _title(found, _RESPONSE_DATA, "The data are not a Token Issuance Start answer's")


def _title_of_action_type(found: str | None) -> str:
    """What is wrong with an action's type, in a sentence; `found` is ``None`` for no type."""
    if found is None:
        return "The action has no @odata.type"
    if found == _PREVIEW_ACTION:
        return "This is the preview's action type"
    if found == _OLD_ACTION:
        return "This is the action type of the preview of 2021"
    if found in (_RESPONSE_DATA, _CALLOUT_DATA, _EVENT):
        return "This is another level's type, not the action's"
    return _title(found, _ACTION, "The action type is not valid")


def _title(found: str, right: str, otherwise: str) -> str:
    if found.strip() == right:
        return "The type has blanks round it"
    if found.lstrip("#") == right:
        return "The type begins with #"
    if found.lower() == right.lower():
        return "The type differs in capitals"
    for event in _OTHER_EVENTS:
        if event.lower() in found.lower():
            return f"This is the type of another event: {event}"
    return otherwise


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


def _find_wrapped(root: Value) -> tuple[Value, str] | None:
    """An answer that is nested too deep, and what it is wrapped in; ``None`` for none."""
    return next(_wrapped_answers(root), None)


def _wrapped_answers(root: Value) -> Iterator[tuple[Value, str]]:
    data, body = root.get("data"), root.get("body")
    odata_type = data and data.get("@odata.type")
    if odata_type is not None and odata_type.text == _RESPONSE_DATA:
        return
    if root.type is JsonType.STRING and _is_answer_text(root.text):
        yield root, "a JSON string: it has been made JSON twice"
    if body is not None and _PROXY_ANSWER & {item.key for item in root.items}:
        yield body, "a Lambda proxy answer, which the gateway should have unwrapped"
    if data is not None and data.type is JsonType.STRING and _is_object_text(data.text):
        yield data, "a JSON string: data has been made JSON twice"
    if data is not None and _is_answer(data):
        yield data, "a second data"
    if root.type is JsonType.LIST and len(root.items) == 1 and _is_answer(root.items[0]):
        yield root.items[0], "a list"
    if root.type is JsonType.OBJECT and data is None:
        for item in root.items:
            if _is_answer(item) or (item.type is JsonType.STRING and _is_answer_text(item.text)):
                yield item, f"an object with {item.key}"


def _is_answer(value: Value) -> bool:
    data = value.get("data")
    return data is not None and (
        data.get("@odata.type") is not None or data.get("actions") is not None
    )


def _is_answer_text(text: str) -> bool:
    value = _read(text)
    return value is not None and (_is_answer(value) or value.type is JsonType.STRING)


def _is_object_text(text: str) -> bool:
    value = _read(text)
    return value is not None and value.type is JsonType.OBJECT


def _read(text: str) -> Value | None:
    try:
        return read_json(text)
    except NotJsonError:
        return None


def _name_error(root: Value) -> str:
    """What kind of error message a body is; empty for no known one."""
    keys = {item.key for item in root.items}
    return next((name for members, name in _ERRORS if members <= keys), "")
