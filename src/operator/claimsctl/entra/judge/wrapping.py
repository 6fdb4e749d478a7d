"""Answers wrapped once too often, and what is not an answer at all: recognised, by name."""

from collections.abc import Iterator
from typing import Final

from claimsctl.entra.judge.discriminators import RESPONSE_DATA
from claimsctl.entra.judge.json_reader import Kind, NotJsonError, Value, read_json

_PROXY_ANSWER: Final = {"statusCode", "headers", "isBase64Encoded", "multiValueHeaders"}
_ERRORS: Final = (
    ({"errorMessage", "errorType"}, "a Lambda function's error"),
    ({"type", "title", "status"}, "a problem report (RFC 9457)"),
    ({"error"}, "an error message"),
    ({"message"}, "a gateway's message"),
)


def find_wrapped(root: Value) -> tuple[Value, str] | None:
    """The answer that stands too deep, and what it is wrapped in; ``None``: it does not."""
    return next(_wrapped(root), None)


def _wrapped(root: Value) -> Iterator[tuple[Value, str]]:
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
