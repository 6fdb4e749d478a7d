"""The names, values and sizes of the claims: RSP009, RSP010, RSP011, RSP019."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from claimsctl.judge.body import Body
from claimsctl.judge.finding import (
    ERROR_CODES,
    FINDINGS_PER_RULE,
    Basis,
    Finding,
    failure,
    shortened,
    warning,
)
from claimsctl.judge.json_positions import JsonType, Value
from claimsctl.judge.producers import object_as_text

CLAIMS_BYTES_MAX: Final = 3072
"""3 KB: the sum of all keys and values, counted in bytes of UTF-8."""

_LARGEST = 3
_HALF_CHARACTER: Final = re.compile("[\ud800-\udfff]")
_HINTS: Final = {
    JsonType.NULL: "Omit null values.",
    JsonType.LIST: "Send one list of strings, without nested lists.",
    JsonType.OBJECT: "Send the object's parts as separate claims, or its JSON as one string.",
}


def taken_claims(bag: Value) -> dict[str, str | list[str]]:
    """Return the claims without nulls; of duplicate keys, the last. `bag` must have no failures."""
    return {
        str(claim.key): [item.text for item in claim.items if item.type is not JsonType.NULL]
        if claim.type is JsonType.LIST
        else claim.text
        for claim in bag.items
        if claim.type is not JsonType.NULL
    }


def judge_claims(body: Body, bag: Value) -> Iterator[Finding]:
    """Yield findings about names, then values, then sizes."""
    claims = _last_of_each(bag)
    rules = (_no_names(body, claims), _wrong_types(body, claims), _half_characters(body, claims))
    no_names, wrong_types, half_characters = (islice(r, FINDINGS_PER_RULE) for r in rules)
    yield from no_names
    yield from wrong_types
    size = bytes_of(bag)
    if size > CLAIMS_BYTES_MAX:
        yield _too_large(body, claims, size)
    yield from half_characters
    yield from islice(_type_names(body, claims), FINDINGS_PER_RULE)


def bytes_of(bag: Value) -> int:
    """Return the total size of all names, values and list items, in bytes of UTF-8."""
    return sum(_bytes_of_claim(claim) for claim in _last_of_each(bag))


def _bytes_of_claim(claim: Value) -> int:
    names_and_values = (
        text
        for value, _ in claim.walk()
        for text in (value.key if isinstance(value.key, str) else "", value.text)
    )
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in names_and_values)


def _last_of_each(bag: Value) -> list[Value]:
    return list({claim.key: claim for claim in bag.items}.values())


def _no_names(body: Body, claims: list[Value]) -> Iterator[Finding]:
    for claim in claims:
        if not str(claim.key).strip():
            yield failure(
                "RSP009",
                1003026,
                "A claim has no name",
                f'"{claim.key}": {body.spelling(claim)}',
                "Give every claim a name.",
                expected="a name that is not empty or white space",
                place=body.place(claim, key=True),
                doc=ERROR_CODES,
            )


def _wrong_types(body: Body, claims: list[Value]) -> Iterator[Finding]:
    for claim in claims:
        parts = claim.items if claim.type is JsonType.LIST else [claim]
        wrong = [part for part in parts if part.type is not JsonType.STRING]
        worst = [part for part in wrong if part.type is not JsonType.NULL] or wrong
        if worst:
            yield _wrong_type(body, claim, worst[0])


def _wrong_type(body: Body, claim: Value, wrong: Value) -> Finding:
    inside = f", item {wrong.key} is {wrong.type.value}" if wrong is not claim else ""
    if wrong.type in (JsonType.NUMBER, JsonType.BOOLEAN):
        hint = f'Send it as a string: "{shortened(wrong.text)}".'
    else:
        hint = _HINTS[wrong.type]
    if wrong.type is JsonType.NULL:
        return warning(
            "RSP010",
            1003003,
            "A claim is null or contains null",
            f"{claim.key}: {body.spelling(claim)}{inside}",
            hint,
            expected="a string or a list of strings",
            place=body.place(wrong),
            basis=Basis.MODEL,
        )
    return failure(
        "RSP010",
        1003003,
        "A claim is neither a string nor a list of strings",
        f"{claim.key}: {body.spelling(claim)}{inside}",
        hint,
        expected="a string or a list of strings",
        place=body.place(wrong),
        basis=Basis.CONVENTION,
    )


def _too_large(body: Body, claims: list[Value], size: int) -> Finding:
    sizes = sorted(((_bytes_of_claim(claim), claim) for claim in claims), key=lambda s: -s[0])
    largest = ", ".join(f"{claim.key} ({share})" for share, claim in sizes[:_LARGEST])
    return failure(
        "RSP011",
        1003025,
        "The claims are too large",
        f"{size} bytes; largest: {largest}",
        "Send fewer or shorter claims: all names and values together may have at most 3 KB.",
        expected=f"at most {CLAIMS_BYTES_MAX} bytes",
        place=body.place(sizes[0][1], key=True),
    )


def _type_names(body: Body, claims: list[Value]) -> Iterator[Finding]:
    for claim in claims:
        for part in (claim, *claim.items):
            if trace := object_as_text(part):
                yield warning(
                    "RSP021",
                    1003003,
                    trace.title,
                    f"{claim.key}: {body.spelling(claim)}",
                    trace.hint,
                    expected="the value itself: Entra copies any text into the token",
                    place=body.place(part),
                )


def _half_characters(body: Body, claims: list[Value]) -> Iterator[Finding]:
    for claim in claims:
        texts = (str(claim.key), claim.text, *(item.text for item in claim.items))
        if any(map(_HALF_CHARACTER.search, texts)):
            yield warning(
                "RSP019",
                1003003,
                "A claim contains half of a surrogate pair",
                f"{claim.key}: {body.spelling(claim)}",
                "Cut text between characters, not inside a surrogate pair.",
                expected="text that UTF-8 can encode",
                place=body.place(claim),
            )
