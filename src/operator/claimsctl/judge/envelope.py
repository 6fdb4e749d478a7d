"""From the body's outermost object to the claims: RSP005 to RSP008, RSP012, RSP014."""

from collections.abc import Iterator
from typing import Final

from claimsctl.judge.finding import Basis, Finding
from claimsctl.judge.json_positions import Body, Kind, NotJsonError, Value, read_json
from claimsctl.judge.problem import ERROR_CODES, FINDINGS_OF_A_KIND, failure

RESPONSE_DATA: Final = "microsoft.graph.onTokenIssuanceStartResponseData"
ACTION: Final = "microsoft.graph.tokenIssuanceStart.provideClaimsForToken"
PREVIEW_ACTION: Final = "microsoft.graph.provideClaimsForToken"
OLD_EVENT: Final = "onTokenIssuanceStartCustomExtension"
"""``type`` of callout and answer in the preview of 2021 (apiSchemaVersion 10-01-2021-preview)."""
OLD_ACTION: Final = "ProvideClaimsForToken"
"""``type`` of an action there."""

_CALLOUT_DATA: Final = "microsoft.graph.onTokenIssuanceStartCalloutData"
_EVENT: Final = "microsoft.graph.authenticationEvent.tokenIssuanceStart"
_OTHER_EVENTS: Final = ("attributeCollectionStart", "attributeCollectionSubmit", "otpSend",
                        "passwordSubmit", "phoneMethodLoadStart")  # fmt: skip


def title_of_data_type(found: str | None) -> str:
    """What is wrong with ``data``'s type, in a sentence; ``None``: it has none."""
    if found is None:
        return "The data have no @odata.type"
    if found in (_CALLOUT_DATA, _EVENT):
        return "This is the callout's own type, not the answer's"
    return _title(found, RESPONSE_DATA, "The data are not a Token Issuance Start answer's")


def title_of_action_type(found: str | None) -> str:
    """What is wrong with an action's type, in a sentence; ``None``: it has none."""
    if found is None:
        return "The action has no @odata.type"
    if found == PREVIEW_ACTION:
        return "This is the preview's action type"
    if found == OLD_ACTION:
        return "This is the action type of the preview of 2021"
    if found in (RESPONSE_DATA, _CALLOUT_DATA, _EVENT):
        return "This is another level's type, not the action's"
    return _title(found, ACTION, "The action type is not valid")


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


_PROXY_ANSWER: Final = {"statusCode", "headers", "isBase64Encoded", "multiValueHeaders"}
_ERRORS: Final = (
    ({"errorMessage", "errorType"}, "a Lambda function's error"),
    ({"type", "title", "status"}, "a problem report (RFC 9457)"),
    ({"error"}, "an error message"),
    ({"message"}, "a gateway's message"),
)


def find_wrapped(root: Value) -> tuple[Value, str] | None:
    """The answer that stands too deep, and what it is wrapped in; ``None``: it does not."""
    return next(_wrapped_body(root), None)


def _wrapped_body(root: Value) -> Iterator[tuple[Value, str]]:
    data, body = root.get("data"), root.get("body")
    kind = data and data.get("@odata.type")
    if kind is not None and kind.text == RESPONSE_DATA:
        return
    if root.kind is Kind.STRING and _is_answer_text(root.text):
        yield root, "a JSON string: it has been made JSON twice"
    if body is not None and _PROXY_ANSWER & {item.key for item in root.items}:
        yield body, "a Lambda proxy answer, which the gateway should have unwrapped"
    if data is not None and data.kind is Kind.STRING and _is_object_text(data.text):
        yield data, "a JSON string: data has been made JSON twice"
    if data is not None and _is_answer(data):
        yield data, "a second data"
    if root.kind is Kind.LIST and len(root.items) == 1 and _is_answer(root.items[0]):
        yield root.items[0], "a list"
    if root.kind is Kind.OBJECT and data is None:
        for item in root.items:
            if _is_answer(item) or (item.kind is Kind.STRING and _is_answer_text(item.text)):
                yield item, f"an object with {item.key}"


def name_error(root: Value) -> str:
    """What kind of error message a body is; empty: none that is known."""
    keys = {item.key for item in root.items}
    return next((name for members, name in _ERRORS if members <= keys), "")


def _is_answer(value: Value) -> bool:
    data = value.get("data")
    return data is not None and (
        data.get("@odata.type") is not None or data.get("actions") is not None
    )


def _is_answer_text(text: str) -> bool:
    value = _read(text)
    return value is not None and (_is_answer(value) or value.kind is Kind.STRING)


def _is_object_text(text: str) -> bool:
    value = _read(text)
    return value is not None and value.kind is Kind.OBJECT


def _read(text: str) -> Value | None:
    try:
        return read_json(text)
    except NotJsonError:
        return None


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
