"""The scanner finds the same records as a parser."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from claimsctl.signin.json_values import Unreadable
from claimsctl.signin.records import read_sign_in

from tests.signin.samples import (
    RECORDS,
    analytics,
    envelope,
    graph,
    lines,
    listener,
    powershell,
)
from tests.signin.test_reader import read


def test_a_line_scanned_is_a_line_parsed() -> None:
    """The scanner reads the same fields from a line as the parser."""
    spaced = "".join(json.dumps(record) + "\n" for record in RECORDS * 3)
    escaped = graph(5, listener(None, 1, 200)) | {"appDisplayName": 'a "quoted" \u00e9'}
    unnamed = graph(6, listener(None, 1, 200)) | {"appDisplayName": None}
    nested = graph(7) | {"agent": {"appId": "another"}, "isInteractive": None}
    mixed = lines(
        [*RECORDS, escaped, unnamed, nested, analytics(RECORDS[0], as_text=True), *RECORDS]
    )
    for text in (spaced, mixed):
        scanned, _ = read(text.encode())
        parsed = [read_sign_in(json.loads(line)) for line in text.splitlines()]
        assert parsed == scanned


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("form", ["array", "page", "analytics", "envelopes", "powershell"])
def test_a_record_scanned_in_an_array_is_a_record_parsed(form: str, indent: int | None) -> None:
    """The scanner reads the same fields from an array's record as the parser."""
    escaped = graph(5, listener(None, 1, 200)) | {"appDisplayName": 'a "quoted" }, {"id": é'}
    unnamed = graph(6, listener(None, 1, 200)) | {"appDisplayName": None}
    nested = graph(7) | {"policies": [{"id": "1"}, {"id": "2", "appId": "another"}]}
    mixed = [*RECORDS, escaped, unnamed, nested, *RECORDS * 3, {"n": 1} | graph(8), *RECORDS]
    documents: list[object] = {
        "analytics": [analytics(record, as_text=True) for record in mixed],
        "envelopes": [envelope(record) for record in mixed],
        "powershell": [powershell(record) for record in mixed],
    }.get(form, mixed)
    document = {"@odata.context": "x", "value": documents} if form == "page" else documents
    scanned, file = read(json.dumps(document, indent=indent).encode())
    assert [read_sign_in(record) for record in documents] == scanned
    assert not file.unreadable


_VALUES: tuple[object, ...] = (
    None,
    "",
    'a"b',
    "},{",
    0,
    1.5,
    True,
    [],
    [{}],
    {"errorCode": 7},
    "\u00e9\n",
)


def _changed(record: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The record with members that are missing, of another type, or in another order."""
    changed = {}
    for name, value in record.items():
        dice = 1.0 if name.lower() == "correlationid" else chance.random()
        if dice >= 0.03:
            changed[name] = chance.choice(_VALUES) if dice < 0.08 else value
    if chance.random() < 0.1:
        changed = dict(chance.sample(list(changed.items()), len(changed)))
    if chance.random() < 0.1:
        changed["extra"] = [{"id": "a", "createdDateTime": "b"}, {"id": "c", "appId": "e"}]
    if chance.random() < 0.05:
        changed = {"properties": changed, "correlationId": "outer", "resultType": "5"}
    return changed


@pytest.mark.parametrize("form", ["graph", "rows", "texts", "envelopes", "powershell"])
def test_changed_records_scanned_are_records_parsed(form: str) -> None:
    """Records of different forms are not confused, in lines and in arrays."""
    chance = random.Random(form)
    of_form: dict[str, Callable[[Any], Any]] = {
        "rows": lambda record: analytics(record, as_text=False),
        "texts": lambda record: analytics(record, as_text=True),
        "envelopes": envelope,
        "powershell": powershell,
    }
    make = of_form.get(form, lambda record: record)
    for _ in range(25):
        applied = [[listener(c, 1, 200)] if c else [] for c in chance.choices((0, 1003005), k=30)]
        documents = [_changed(make(graph(n, *ran)), chance) for n, ran in enumerate(applied)]
        parsed = [one for one in map(read_sign_in, documents) if one is not None]
        indented = json.dumps(documents, indent=chance.choice((None, 2)))
        for text in (lines(documents), indented, json.dumps({"value": documents})):
            assert parsed == read(text.encode())[0]


def test_a_line_with_more_records_than_those_before_has_all_of_them() -> None:
    """An Event Hub message holds one record or several."""
    batches = [{"records": [envelope(r) for r in RECORDS[:count]]} for count in (1, 1, 3, 4)]
    sign_ins, _ = read(lines(batches).encode())
    assert 9 == len(sign_ins)


@pytest.mark.parametrize("indent", [None, 2])
def test_a_record_that_ends_within_an_array_takes_none_of_the_next(indent: int | None) -> None:
    """If two exports are joined in the middle of a record, only that record is lost."""
    many = [graph(n, listener(None, 1, 200)) for n in range(8)]
    text = json.dumps(many, indent=indent)
    begin, end = (text.index(f"eeee5555-0000-0000-0000-00000000000{n}") for n in (4, 5))
    cut = text[: begin + 120] + "\n" + text[text.rindex("{", 0, end) :]
    sign_ins, file = read(cut.encode())
    assert [0, 1, 2, 3, 5, 6, 7] == [int(sign_in.correlation_id[-1]) for sign_in in sign_ins]
    assert {Unreadable.NOT_JSON: 1} == dict(file.unreadable)
