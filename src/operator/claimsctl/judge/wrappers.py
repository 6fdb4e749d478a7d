"""Answers inside something else: nested, JSON-encoded twice, in base64, in a proxy's answer."""

from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

from claimsctl.judge.json_positions import JsonType, NotJsonError, Value, read_json
from claimsctl.judge.producers import base64_text
from claimsctl.judge.type_names import RESPONSE_DATA

_PROXY_ANSWER: Final = {"statusCode", "headers", "isBase64Encoded", "multiValueHeaders"}
_UNWRAP: Final = "Send the inner answer as the body."
_MADE_TWICE: Final = "Encode the answer as JSON once only."


class Wrapped(NamedTuple):
    """An answer inside something else, and the advice for its producer."""

    value: Value
    wrapper: str
    hint: str = _UNWRAP
    text: str = ""
    """The answer itself, if `value` is a string that contains it."""


def find_wrapped(root: Value) -> Wrapped | None:
    """Return an answer that is wrapped in something else, or ``None``."""
    data = root.get("data")
    odata_type = data and data.get("@odata.type")
    if odata_type is not None and odata_type.text == RESPONSE_DATA:
        return None
    found = chain(_in_text(root, data), _in_proxy_answer(root), _in_value(root, data))
    return next(found, None)


def _in_text(root: Value, data: Value | None) -> Iterator[Wrapped]:
    if root.type is JsonType.STRING:
        if _is_answer_text(root.text):
            yield Wrapped(
                root, "a JSON string: the answer was JSON-encoded twice", _MADE_TWICE, root.text
            )
        if inner := base64_text(root.text):
            hint = "Send the object as JSON (jsonBody, or parsed JSON), not as encoded bytes."
            yield Wrapped(root, "a JSON string of base64", hint, inner)
    if data is not None and data.type is JsonType.STRING and _is_object_text(data.text):
        yield Wrapped(
            data,
            "a JSON string: data was JSON-encoded twice",
            _MADE_TWICE,
            f'{{"data": {data.text}}}',
        )
    content = root.get("$content")
    if content is not None and (inner := base64_text(content.text)):
        hint = (
            "Make the Response action send json(base64ToString(…['$content'])), or set the"
            " content-type of the data that it reads to application/json."
        )
        yield Wrapped(content, "Logic Apps' $content, in base64", hint, inner)


def _in_proxy_answer(root: Value) -> Iterator[Wrapped]:
    body, keys = root.get("body"), {item.key for item in root.items}
    if body is None or not _PROXY_ANSWER & keys:
        return
    text = body.text if body.type is JsonType.STRING else ""
    if "status" in keys and "statusCode" not in keys:
        yield Wrapped(
            body,
            "a Lambda proxy answer with status instead of statusCode",
            "Return statusCode, not status: without it API Gateway sends the whole object as the"
            " body.",
            text,
        )
        return
    yield Wrapped(body, "a Lambda proxy answer that the gateway should have unwrapped", text=text)


def _in_value(root: Value, data: Value | None) -> Iterator[Wrapped]:
    if data is not None and _is_answer(data):
        yield Wrapped(data, "a second data")
    if root.type is JsonType.LIST and len(root.items) == 1 and _is_answer(root.items[0]):
        yield Wrapped(root.items[0], "a list")
    if root.type is JsonType.OBJECT and data is None:
        for item in root.items:
            is_text = item.type is JsonType.STRING and _is_answer_text(item.text)
            if is_text or _is_answer(item):
                yield Wrapped(item, f"an object with {item.key}", text=item.text * is_text)


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
