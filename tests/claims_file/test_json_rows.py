"""JSON values, in an array or one after the other, however large the whole."""

import io
import json
from typing import Any

import pytest
from claimsctl.claims_file import json_rows
from claimsctl.claims_file.json_rows import json_values
from claimsctl.claims_file.problem import Unreadable
from claimsctl.claims_file.record import Record
from hypothesis import given
from hypothesis import strategies as st

from tests.claims_file.files import APP, TENANT, USER, Read, Refused

ROWS = [{"user": USER, "app_id": APP, "roles": ["a", "b"]}, {"user": "", "tier": "é"}]
RECORDS = [
    Record(TENANT, USER, APP, claims={"roles": ["a", "b"]}),
    Record(TENANT, None, None, claims={"tier": "é"}),
]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, ensure_ascii=False, separators=(",", ":")),
        json.dumps(ROWS, indent=2),
        "\ufeff \r\n\t" + json.dumps(ROWS, indent=2) + "\n\n",
        "\n".join(json.dumps(row, indent=2) for row in ROWS),
        "\r\n".join(json.dumps(row, indent=2).replace("\n", "\r\n") for row in ROWS),
    ],
    ids=["array", "minified", "indented", "blanks", "one-after-the-other", "crlf"],
)
def test_values_are_read(read: Read, content: str) -> None:
    """An array is read, and so are `jq`'s objects over several lines."""
    assert RECORDS == read(content)


def test_the_first_line_decides(refused: Refused) -> None:
    """A file whose first line is a whole object is JSON Lines; problems are reported by line."""
    content = json.dumps(ROWS[0]) + "\n{\n"
    assert "claims:2: not a JSON object on one line: " == refused(content)[1][:41]


def test_an_empty_array_has_no_rows(read: Read) -> None:
    """Nothing to write is no error."""
    assert [] == read(" [ ] ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"user": ""},\n\n {"user": "x"}]', "claims:3: user: expected a GUID such as "),
        ('[\n{"user": "",\n "a": 1}]', "claims:2: a: expected a string or a list of strings; "),
        ('[{"user": ""}, 7]', "claims:1: expected a JSON object"),
        ('[{"user": "", "a": "x", "a": "y"}]', "claims:1: a: appears more than once in the row"),
        ('[{"user": ""}', "claims:1: the array has no end; the file may be incomplete (col"),
        ('[{"user": ""},', "claims:1: not valid JSON: Expecting value (column 15)"),
        ('[{"user": ""},]', "claims:1: not valid JSON: Expecting value (column 15)"),
        ('[{"user": ""}\n  {"user": ""}]', "claims:2: expected a comma, or ] at the end of the"),
        ('[{"user": ""}]\n x', "claims:2: unexpected content after the end of the array (col"),
        ('[{"user": "}]', "claims:1: not valid JSON: Unterminated string starting at (column 11)"),
        ('[{"user": "",\n  tier: 1}]', "claims:2: not valid JSON: Expecting property name"),
        ("[" * 100_000, "claims:1: the JSON is nested too deeply, or contains a number that is"),
        ('{\n"user": ""\n},\n{', "claims:3: not valid JSON: Expecting value (column 2)"),
    ],
)  # fmt: skip
def test_what_makes_no_sense(refused: Refused, content: str, message: str) -> None:
    """Each problem is reported by line, and invalid JSON also by column."""
    assert message == refused(content)[1][: len(message)]


def test_the_column_of_a_long_line(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    """The column counts from the line's start, wherever the part begins that is being read."""
    monkeypatch.setattr(json_rows, "_BLOCK_CHARACTERS", 64)
    rows = ",".join(f'{{"user":"u{number}@x"}}' for number in range(50))
    message = f"claims:1: not valid JSON: Expecting value (column {len(rows) + 3})"
    assert message == refused(f"[{rows},?]")[1]


def test_a_value_without_end(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    """What never ends is given up on rather than read into memory whole."""
    monkeypatch.setattr(json_rows, "_VALUE_CHARACTERS_MAX", 1 << 17)
    text = io.TextIOWrapper(io.BytesIO(b"x" * (1 << 22)))
    with pytest.raises(Unreadable, match="Unterminated string"):
        list(json_values('[{"user": "', text))
    assert len(text.read()) > 1 << 21


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.lists(values, max_size=6),
    st.sampled_from([None, 1]),
    st.booleans(),
    st.integers(1, 9),
)
def test_any_values(rows: list[Any], indent: int | None, in_array: bool, block: int) -> None:  # noqa: FBT001
    """Read in parts of any size, the values, lines and texts are those of the whole."""
    texts = [json.dumps(row, indent=indent) for row in rows]
    whole = "[" + ", ".join(texts) + "]" if in_array else " \n".join(texts)
    if not in_array and whole.startswith("["):
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_rows, "_BLOCK_CHARACTERS", block)
        text = io.TextIOWrapper(io.BytesIO(whole.encode()), "utf-8", newline="")
        found = list(json_values(text.read(block), text))
    assert rows == [row.value for row in found]
    assert texts == [row.raw for row in found]
    ends = [row.line + row.raw.count("\n") for row in found]
    gap = 0 if in_array else 1
    assert [row.line for row in found] == [1, *(end + gap for end in ends[:-1])][: len(found)]
