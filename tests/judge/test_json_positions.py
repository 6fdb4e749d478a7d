"""The parser accepts the same texts as `json.loads`, and gives the position of every value."""

import json
from typing import Any

import pytest
from claimsctl.judge.finding import Place
from claimsctl.judge.json_positions import (
    DEPTH_MAX,
    JsonType,
    NotJsonError,
    TooDeepError,
    Value,
    place_in,
    read_json,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import tries

MANY = settings(max_examples=tries(300), deadline=None)
texts = st.text(st.characters(), max_size=12)  # lone surrogates included
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)  # fmt: skip
pieces = st.lists(
    st.sampled_from(
        ["{", "}", "[", "]", ",", ":", '"', '"a"', "1", "-", "0", ".5", "e1", "true", "null", "x",
         "NaN", "Infinity", " ", "\n", "\\", "\\u00e9", "\\ud83d", "\t", "é", "\ufeff", "\u0663"]
    ),
    max_size=12,
).map("".join)  # fmt: skip


def _refuse(word: str) -> None:
    raise ValueError(word)


def _plain(value: Value) -> Any:
    match value.type:
        case JsonType.OBJECT:
            return {item.key: _plain(item) for item in value.items}
        case JsonType.LIST:
            return [_plain(item) for item in value.items]
        case JsonType.STRING:
            return value.text
        case _:
            return json.loads(value.text)


@MANY
@given(document=values, indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
def test_it_reads_what_the_standard_library_writes(
    document: Any, indent: int | None, *, ascii_only: bool
) -> None:
    """Both parsers read every JSON document in the same way."""
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    assert json.loads(text) == _plain(read_json(text))


@MANY
@given(pieces | st.text(st.characters(), max_size=20))
def test_both_refuse_the_same_texts(text: str) -> None:
    """Each parser refuses what the other refuses."""
    try:
        expected = json.loads(text, parse_constant=_refuse)
    except ValueError:
        with pytest.raises(NotJsonError):
            read_json(text)
    else:
        assert expected == _plain(read_json(text))


@MANY
@given(values, st.sampled_from([None, 2]))
def test_every_place_holds_its_value(document: Any, indent: int | None) -> None:
    """The characters from start to end are the value's own, and names are at their positions."""
    text = json.dumps(document, indent=indent)
    for value, depth in read_json(text).walk():
        assert _plain(value) == json.loads(text[value.start : value.end])
        assert depth == value.pointer.count("/") + 1
        if value.key_start >= 0:
            assert text.startswith(json.dumps(value.key), value.key_start)


def test_pointers_escape_what_they_must() -> None:
    """`~` and `/` in a name are `~0` and `~1`, and a list's items have numbers (RFC 6901)."""
    root = read_json('{"a/b": {"~": [1, {"": 2}]}}')
    pointers = [value.pointer for value, _ in root.walk()]
    assert ["", "/a~1b", "/a~1b/~0", "/a~1b/~0/0", "/a~1b/~0/1", "/a~1b/~0/1/"] == pointers


def test_a_key_twice_is_kept_twice() -> None:
    """Both values are kept; `get` returns the last one, as `json.loads` does."""
    root = read_json('{"a": 1, "a": 2}')
    found = root.get("a")
    assert found is not None
    assert (["1", "2"], "2", None) == ([i.text for i in root.items], found.text, root.get("b"))


@pytest.mark.parametrize("brackets", ["[]", '{"a":}'], ids=["lists", "objects"])
def test_depth_ends_where_it_is_said_to(brackets: str) -> None:
    """Everything is read down to the limit, and nothing below it."""
    depth = DEPTH_MAX - 1
    root = read_json(brackets[:-1] * depth + "[]" + brackets[-1] * depth)
    assert DEPTH_MAX == max(depth for _, depth in root.walk())
    for depth in (DEPTH_MAX + 1, 100_000):
        with pytest.raises(TooDeepError, match=f"more than {DEPTH_MAX} levels") as raised:
            read_json(brackets[:-1] * depth)
        assert DEPTH_MAX * (len(brackets) - 1) == raised.value.at


def test_a_pointer_is_cut() -> None:
    """Long names are cut in pointers, so that a hundred findings do not become too large."""
    root = read_json(json.dumps({"n" * 5000: [1]}))
    assert "/" + "n" * 999 + "…" == root.items[0].items[0].pointer


def test_a_number_of_any_length() -> None:
    """Numbers longer than the interpreter's limit of 4300 digits are valid JSON."""
    assert "7" * 5000 == read_json("7" * 5000).text


@pytest.mark.parametrize(
    ("text", "line", "column", "found", "expected"),
    [
        ("", 1, 1, "the end of the body", "a JSON value"),
        ('{"a": 1', 1, 8, "the end of the body", "a comma or }"),
        ('{"a": 1,}', 1, 9, "}", "a name in double quotes"),
        ('{"a": 1\n "b": 2}', 2, 2, '"', "a comma or }"),
        ("{'a': 1}", 1, 2, "'", "a name in double quotes"),
        ('{"a"\n=1}', 2, 1, "=", "a colon after the name"),
        ("[1,\n  None]", 2, 3, "None", "a JSON value"),
        ("[-Infinity]", 1, 2, "-Infinity", "a JSON value"),
        ("[1] [2]", 1, 5, "[", "nothing more"),
        ('["a\nb"]', 1, 4, "invalid control character", "a valid JSON string"),
        ('["ab', 1, 2, "unterminated string", "a valid JSON string"),
        (r'["\x"]', 1, 3, r"invalid \escape", "a valid JSON string"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    text: str, line: int, column: int, found: str, expected: str
) -> None:
    """An error gives line, column, what was found and what was expected."""
    with pytest.raises(NotJsonError) as raised:
        read_json(text)
    error = raised.value
    assert (Place(line, column), found.split(":", maxsplit=1)[0], expected) == (
        place_in(text, error.at), error.found.split(":", maxsplit=1)[0], error.expected,
    )  # fmt: skip
