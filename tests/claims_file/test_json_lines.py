"""JSON lines: one object a line, strings and lists of strings as they are."""

import json
from typing import Any

import pytest
from claimsctl.claims_file.record import Record

from tests.claims_file.files import APP, TENANT, USER, Read, Refused


def _line(**fields: Any) -> str:
    return json.dumps({"user": USER} | fields)


@pytest.mark.parametrize("mark", ["", "\ufeff", "\n \n"], ids=["plain", "mark", "blank-lines"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_lines_are_read(read: Read, mark: str, ending: str) -> None:
    """Each line is a record; blank lines, line endings and a byte order mark do not matter."""
    lines = [_line(app_id=APP, roles=["a", "b"]), "", _line(user="", tier="basic", none=None)]
    assert [
        Record(TENANT, USER, APP, claims={"roles": ["a", "b"]}),
        Record(TENANT, None, None, claims={"tier": "basic"}),
    ] == read(mark + ending.join(lines))


@pytest.mark.parametrize("text", ["a|b", "[draft] x", '["a"]', " x ", "7", "é\u0000\u2028\u0085"])
def test_strings_stay_strings(read: Read, text: str) -> None:
    """JSON has lists of its own: a string is never taken for one, and never cut into lines."""
    (record,) = read(_line(claim=text))
    assert {"claim": text} == record.claims


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (7, "the number 7"),
        (0.5, "the number 0.5"),
        (True, "the boolean true"),
        ({"a": "b"}, 'the object {"a": "b"}'),
        ([1], "the number 1"),
        ([None], "null"),
        (["a", ["b"]], 'the list ["b"]'),
        ([{}], "the object {}"),
    ],
)
def test_other_values_are_refused(refused: Refused, value: object, found: str) -> None:
    """What Entra does not take is refused by name: never guessed at, never written."""
    problem = f"claims:1: age: expected a string or a list of strings; found {found}"
    assert ["claims: 1 problem; nothing was written", problem] == refused(_line(age=value))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ('{"user": ', "claims:1: not a JSON object on one line: Expecting value (column 10)"),
        ('{"user": ""} x', "claims:1: not a JSON object on one line: Extra data (column 14)"),
        ('{"user": ""}\n[]', "claims:2: expected a JSON object"),
        ('{"user": ""}\nnull', "claims:2: expected a JSON object"),
        ('{"tier": "x"}', "claims:1: no field 'user' to identify the user; found tier"),
        (_line(**{"": "x"}), "claims:1: the name of a claim must not be empty"),
        (_line(**{" ": "x"}), "claims:1:  : the name of a claim must not be empty"),
        (_line(**{" tier": "x"}), "claims:1:  tier: the name ' tier' has leading or trailing "),
        (_line(**{"tier\t": "x"}), "claims:1: tier\t: the name 'tier\\u0009' has leading or "),
        (_line(claims={"a": "b"}), "claims:1: claims: expected claims as fields of the row "),
        (_line(APP_ID=APP), "claims:1: APP_ID: not allowed as the name of a claim; the reserved "),
        ('{"user": "", "a": "1", "a": "2"}', "claims:1: a: appears more than once in the row"),
        ('{"user": "x", "user": ""}', "claims:1: user: appears more than once in the row"),
        ('{"user": "", "a": "\\ud800"}', "claims:1: a: the text is not valid Unicode: it"),
        ('{"user": "", "a": ["\\udfff"]}', "claims:1: a: the text is not valid Unicode: it "),
        (f'{{"user": "", "a": {"[" * 100_000}', "claims:1: the JSON is nested too deeply, or c"),
        (f'{{"user": "", "a": {"9" * 5000}}}', "claims:1: the JSON is nested too deeply, or c"),
        (_line(user=[USER]), "claims:1: user: expected a string or a list of strings; found the "),
        (_line(user=7), "claims:1: user: expected a string or a list of strings; found the num"),
        (_line(user="nobody"), "claims:1: user: expected a GUID such as 00000000-0000-0000-0000-"),
    ],
)  # fmt: skip
def test_a_line_that_makes_no_sense(refused: Refused, row: str, problem: str) -> None:
    """The problem of a line is reported with its number and field."""
    assert problem == refused(row)[1][: len(problem)]


def test_a_name_that_is_no_unicode(refused: Refused) -> None:
    """A lone surrogate in a claim's name is refused as in its value."""
    (_, problem) = refused('{"user": "", "\\ud800": "x"}')
    assert (
        "claims:1: \ud800: the text is not valid Unicode: it contains a lone surrogate" == problem
    )


@pytest.mark.parametrize("depth", [900, 960, 970, 980, 990, 1000])
def test_any_depth_is_refused(refused: Refused, depth: int) -> None:
    """However deep a value nests, it is a problem of its line and shown in part."""
    (_, problem) = refused(f'{{"user": "", "a": {"[" * depth}{"]" * depth}}}')
    assert problem.startswith("claims:1: ")
    assert len(problem) < 200
