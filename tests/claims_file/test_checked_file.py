"""What one reading of a file gives to those who write it and compare it."""

import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import pytest
from claims_provider.claims.item import Layer
from claims_provider.claims.key import LayerKey
from claimsctl.claims_file import rows as rows_module
from claimsctl.claims_file import staging
from claimsctl.claims_file.checked_file import CheckedFile
from claimsctl.claims_file.formats import Format, ReadOptions
from claimsctl.claims_file.record import Record
from claimsctl.claims_file.validation import check_file
from claimsctl.errors import OperatorError

from tests.claims_file.files import APP, TENANT, USER

OPTIONS = ReadOptions(tenant=TENANT)
EMPTY = '""""'  # a quoted cell's quotes are doubled
OTHER = "bbbbbbbb-1111-2222-3333-cccccccccccc"

Check = Callable[..., CheckedFile]


@pytest.fixture
def check(tmp_path: Path) -> Iterator[Check]:
    """`check(content, …)` checks a file of that content; it is closed after the test."""
    opened: list[AbstractContextManager[Any]] = []

    def check(content: bytes | str, options: ReadOptions = OPTIONS, **others: Any) -> CheckedFile:
        path = tmp_path / "claims"
        path.unlink(missing_ok=True)  # a file checked before stays as it is
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        opened.append(checked := check_file(path, options, **others))
        return checked

    yield check
    for checked in opened:
        checked.__exit__(None, None, None)


MIXED = (
    f'user,app_id,tier\n{USER},,gold\nx,,one\n\n{OTHER},,"a\nb"\n{USER.upper()},,twice\n'
    f"a@b,{APP},mail\n,,default\nx,y,two\n"
)


def test_rows_add_up(check: Check) -> None:
    """Each data row is good or rejected; blank lines are no rows; rows keep number and line."""
    checked = check(MIXED)
    assert (7, 3, 4) == (checked.rows, checked.valid, checked.rejected)
    assert 4 == checked.problem_count
    assert [(3, 5, {"tier": "a\nb"}), (5, 8, {"tier": "mail"}), (6, 9, {"tier": "default"})] == [
        (good.row, good.line, good.claims) for good in checked.records()
    ]
    assert [(1, 2), (2, 3), (4, 7), (7, 10)] == [(b.row, b.line) for b in checked.rejected_rows()]
    assert (True, 1, Format.CSV) == (checked.complete, checked.by_address, checked.format)


def test_problems_come_by_line(check: Check) -> None:
    """Problems between rows are reported in the order of rows, like the others."""
    checked = check(MIXED)
    assert [(2, "user"), (4, "user"), (7, "user"), (7, "app_id")] == [
        (problem.row, problem.field) for problem in checked.problems
    ]
    assert [(2, "user"), (4, "user")] == [
        (problem.row, problem.field) for problem in check(MIXED, problems_shown=2).problems
    ]


def test_no_row_of_a_key_that_stands_twice_is_good(check: Check) -> None:
    """It is unknown which row was intended, so the first one is rejected too, with the reason."""
    reasons = [bad.reason for bad in check(MIXED).rejected_rows()]
    assert "user: the row has the same tenant, user and app as line 7" == reasons[0]
    assert "user: the row has the same tenant, user and app as line 2" == reasons[2]
    assert reasons[3].startswith("user: expected a GUID such as ")
    assert "; app_id: expected a GUID such as " in reasons[3]


def test_reading_can_begin_anywhere(check: Check) -> None:
    """A resumed load continues after the last settled row, over any number of batches."""
    checked = check("user,tier\n" + "".join(f"u{number}@x,t{number}\n" for number in range(2000)))
    everything = list(checked.records())
    assert list(range(1, 2001)) == [good.row for good in everything]
    for after in (0, 1, 255, 256, 257, 1999, 2000, 3000):
        assert everything[after:] == list(checked.records(after))
    pairs = zip(checked.records(), checked.records(1000), strict=False)
    assert all(one.row + 1000 == other.row for one, other in pairs)


CHANGED = (
    "the file has changed since it was checked; run the command again while nothing writes to "
    "the file"
)
CHECKED = f"user,tier\n{USER},gold\n{OTHER},silver\n"


@pytest.mark.parametrize(
    ("content", "still_given", "line"),
    [
        (f"user,tier\n{USER},admin\n{OTHER},silver\n", [], 2),
        (f"user,tier\n{USER},gold\n{OTHER},admin1\n", ["gold"], 3),
        (f"user,rank\n{USER},gold\n{OTHER},silver\n", [], 1),
        (f"user,tier\n{OTHER},silver\n{USER},gold\n", [], 2),
        (f"user,tier\n{USER},gold\n", ["gold"], None),
        (CHECKED + "a@b,gold\n", ["gold", "silver"], 4),
        (CHECKED + "\n\n", ["gold", "silver"], None),
        (CHECKED + 'a@b,"gold\n', ["gold", "silver"], 4),
    ],
    ids=["value", "later", "heading", "order", "shorter", "longer", "blank", "broken"],
)
def test_what_was_checked_is_what_is_given(
    check: Check, tmp_path: Path, content: str, still_given: list[str], line: int | None
) -> None:
    """A file that changes after the check stops the reading before a row that is not as it was."""
    checked = check(CHECKED)
    (tmp_path / "claims").write_text(content)
    given: list[object] = []
    with pytest.raises(OperatorError) as raised:
        given.extend(record.claims["tier"] for record in checked.records())
    where = f"{tmp_path}/claims" + (f":{line}" if line else "")
    assert f"{where}: {CHANGED}" == str(raised.value)
    given = []
    with suppress(OperatorError):
        for record in checked.records():
            given.append(record.claims["tier"])  # what comes before the error
    assert still_given == given


def test_rejected_rows_are_those_that_were_checked(check: Check, tmp_path: Path) -> None:
    """A rejects file does not get rows either that the check has not seen."""
    checked = check(f"user,tier\nx,gold\n{USER},silver\n")
    (tmp_path / "claims").write_text(f"user,tier\ny,gold\n{USER},silver\n")
    with pytest.raises(OperatorError, match=CHANGED):
        list(checked.rejected_rows())


def test_a_file_put_in_its_place_is_not_read(check: Check, tmp_path: Path) -> None:
    """The file that was checked stays open, so that replacing or removing it changes nothing."""
    checked = check(CHECKED)
    (tmp_path / "other").write_text(CHECKED.replace("gold", "admin"))
    (tmp_path / "other").rename(tmp_path / "claims")
    assert ["gold", "silver"] == [record.claims["tier"] for record in checked.records()]
    (tmp_path / "claims").unlink()
    assert ["gold", "silver"] == [record.claims["tier"] for record in checked.records()]


def test_a_file_that_changes_while_it_is_checked(check: Check, tmp_path: Path) -> None:
    """Rows that are compared are read again, and must be those that were read before."""

    def change(_tenant: str) -> dict[str | None, Layer]:
        (tmp_path / "claims").write_text(f"user,tier\n{USER},admin\n{USER.upper()},two\n")
        return {}

    with pytest.raises(OperatorError, match=CHANGED):
        check(f"user,tier\n{USER},one\n{USER.upper()},two\n", tenant_layers=change)


def test_tenants_and_apps_are_named(check: Check) -> None:
    """Each pair once by users' rows and once by defaults, however many: what a prune may touch."""
    content = f"tenant_id,user,app_id\n{OTHER},a@b,\n,a@b,{APP}\n,c@d,{APP}\n{OTHER},,\n"
    expected = {(OTHER, None, True), (TENANT, APP, True), (OTHER, None, False)}
    assert expected == set(check(content).scopes())
    assert 3 == len(list(check(content).scopes()))


def test_keys_are_named(check: Check) -> None:
    """A key is looked up as the function makes it, without a set of all keys in memory."""
    users = [f"u{number}@x" for number in range(3000)]
    rows = "".join(f"{user},{APP},x\n" for user in users)
    checked = check(f"user,app_id,a\n{rows},{APP},x\n,,x\n")
    assert all(checked.names(Record(TENANT, user, APP).key) for user in [*users, None])
    assert checked.names(Record(TENANT, None, None).key)
    assert not any(checked.names(Record(TENANT, user, None).key) for user in users)
    assert not checked.names(LayerKey("", ""))
    assert not check(f"user\n{USER}\n").names(Record(TENANT, None, None).key)


REJECTED = [
    ("csv", MIXED),
    ("tsv", MIXED.replace(",", "\t")),
    ("excel", "\ufeffsep=;\r\n" + MIXED.replace(",", ";").replace("\n", "\r\n")),
    (
        "jsonl",
        "\n".join(
            json.dumps(row)
            for row in [
                {"user": USER, "roles": ["a|b", "["], "hidden_claims": ["x"]},
                {"user": USER, "expires_at": 1924991999, "tier": "[é"},
                {"user": "x", "a": 7},
            ]
        ),
    ),
    ("json", '[\n{"user": "",\n"a": "x"}, {"user": ""}]'),
]


@pytest.mark.parametrize("content", [c for _, c in REJECTED], ids=[name for name, _ in REJECTED])
def test_rejected_rows_can_be_loaded_again(check: Check, content: str) -> None:
    """Rows with their reasons are a file of the same format, which is rejected for the same."""
    checked = check(content)
    rejects = checked.rejects
    file = rejects.heading_line() + b"".join(
        rejects.line(bad.raw, bad.reason) for bad in checked.rejected_rows()
    )
    again = check(file)
    assert 0 < checked.rejected == again.rejected == again.rows
    strip = [bad.reason.partition(" as line ")[0] for bad in checked.rejected_rows()]
    assert strip == [bad.reason.partition(" as line ")[0] for bad in again.rejected_rows()]
    assert all(reason.encode() in file for reason in strip if '"' not in reason)


@pytest.mark.parametrize(
    ("columns", "content"),
    [
        ({}, f'user,app_id,expires_at,hidden_claims,a\n{USER},{APP},1924991999,x|y,"[""r|""]"\n'),
        ({"user": "mail"}, ' mail ;a\n"a""b@x";"line\n2"\n'),
        ({}, json.dumps({"user": USER, "app_id": APP, "a": ["x"], "b": '["a|b"]', "c": "["})),
        ({"user": "mail", "expires_at": "end"}, '{"mail": "a@b", "end": 1924991999}'),
        ({}, f"user\ttier\n{USER}\t\n"),
    ],
)  # fmt: skip
def test_a_record_goes_back_into_its_format(
    check: Check, columns: dict[str, str], content: str
) -> None:
    """A good row that could not be written is written out so that it is read as the same record."""
    options = ReadOptions(tenant=TENANT, columns=columns)
    checked = check(content, options)
    (good,) = checked.records()
    rejects = checked.rejects
    file = rejects.heading_line() + rejects.line(rejects.raw(good), "throttled")
    (again,) = check(file, options).records()
    assert good == again


def test_a_row_that_is_no_object_keeps_its_text(check: Check) -> None:
    """Text that cannot be read is written with the reason, so that it can be corrected."""
    checked = check('{"user": ""}\n{"user": oops\n')
    (bad,) = checked.rejected_rows()
    assert {"unreadable": '{"user": oops\n', "reject_reason": bad.reason} == json.loads(
        checked.rejects.line(bad.raw, bad.reason)
    )


@pytest.mark.parametrize("content", ['user,a\na@b,x\nc@d,"open\n', '[{"user": "a@b"}, {"user": '])
def test_a_file_that_ends_early_is_incomplete(check: Check, content: str) -> None:
    """A file that cannot be split into rows is marked as incomplete, for `--keep-going`."""
    checked = check(content)
    assert (False, 1, 1, 1) == (
        checked.complete,
        checked.rows,
        checked.valid,
        checked.problem_count,
    )


def test_options_say_what_the_file_does_not(check: Check) -> None:
    """Columns renamed, lists by another separator, an end for rows that have none."""
    options = ReadOptions(
        tenant=TENANT,
        columns={"user": "email", "expires_at": "until"},
        list_separator=", ",
        expires_at=1924991999,
    )
    content = 'email;until;roles\na@b;;"x, y"\nc@d;2030-01-01T00:00:00Z;a|b\n'
    assert [
        Record(TENANT, "a@b", None, 1924991999, {"roles": ["x", "y"]}),
        Record(TENANT, "c@d", None, 1893456000, {"roles": "a|b"}),
    ] == list(check(content, options).records())
    rows = '{"email": "a@b"}\n{"user": "a@b", "email": "a@b"}\n{"until": 1}'
    reasons = [bad.reason for bad in check(rows, options).rejected_rows()]
    assert [
        "user: the row has a field with this name, but --column maps 'email' to it",
        "no field 'email' to identify the user; found expires_at",
    ] == reasons


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("user,tier\n", "1: no column 'mail' \\(--column user=mail\\); the columns are user, tier"),
        (
            "mail,user\n",
            "1: column 'user' appears more than once in the heading: under its own name",
        ),
    ],
)
def test_a_renamed_column_is_there_once(check: Check, content: str, message: str) -> None:
    """A heading that `--column` names must be there, and the field's own name must not."""
    with pytest.raises(OperatorError, match=message):
        check(content, ReadOptions(tenant=TENANT, columns={"user": "mail"}))


@pytest.mark.parametrize(
    ("format_", "content", "message"),
    [
        (Format.CSV, "[a,user\n", []),
        (Format.TSV, "a,b\tuser\n", []),
        (Format.JSON, '{"user": ""}\n{"user": "a@b"}', []),
        (Format.JSON_LINES, "user,a\n", ["not a JSON object on one line: Expecting value (column"]),
        (Format.JSON, "user,a\n", ["not valid JSON: Expecting value (column 1)"]),
    ],
)
def test_a_given_format_is_not_doubted(
    check: Check, format_: Format, content: str, message: list[str]
) -> None:
    """`--format` decides, whatever the content looks like."""
    checked = check(content, ReadOptions(tenant=TENANT, format=format_))
    assert format_ is checked.format
    assert message == [p.message[: len(message[0])] for p in checked.problems]


def test_memory_does_not_grow_with_the_file(check: Check) -> None:
    """Ten times the rows, some of them bad, twice, or too large, take hardly more memory."""

    def content(count: int) -> bytes:
        users = [n // 2 if n % 10 == 0 else n for n in range(count)]
        rows = "".join(f"u{user}@x,{'x' * 150},{user % 10 or 'z'}\n" for user in users)
        return f"user,a,app_id\n,{'y' * 2950},\n{rows}".encode()

    def peak(data: bytes) -> int:
        tracemalloc.start()
        checked = check(data)
        assert sum(1 for _ in checked.records()) + checked.rejected == checked.rows
        assert sum(1 for _ in checked.rejected_rows()) == checked.rejected > 0
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    small, large = content(600), content(6000)
    peak(small)  # what is imported and compiled once
    assert peak(large) < peak(small) + len(large) // 2


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_is_cached_may_be_forgotten(
    check: Check, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """A file with more tenants, apps and names than are cached is read as any other."""
    monkeypatch.setattr(staging, "_SCOPES_KEPT", 2)
    monkeypatch.setattr(staging, "_PENDING_ROWS", 2)
    monkeypatch.setattr(rows_module, "_NAMES_KEPT", 0)
    ids = [f"{number:08x}-0000-0000-0000-000000000000" for number in range(4)]
    places = [(tenant, user, app) for tenant in ids for user in ("", "a@b") for app in ids]
    rows = [{"tenant_id": t, "user": u, "app_id": a, "roles": [t[:8], a[:8]]} for t, u, a in places]
    lines = "tenant_id,user,app_id,roles\n" + "".join(
        f"{t},{u},{a},{t[:8]}|{a[:8]}\n" for t, u, a in places
    )
    checked = check(lines if form == "csv" else "\n".join(map(json.dumps, rows)))
    expected = [Record(t, u or None, a, claims={"roles": [t[:8], a[:8]]}) for t, u, a in places]
    assert expected == list(checked.records())
    assert {(t, a, bool(u)) for t, u, a in places} == set(checked.scopes())
    assert all(checked.names(good.key) for good in checked.records())


def test_a_long_list_of_empty_items_is_let_pass(check: Check) -> None:
    """Empty items count no bytes of Entra's, and few of DynamoDB's."""
    for content in (
        f'user;a\n{USER};"[{", ".join([EMPTY] * 1001)}]"\n',
        json.dumps({"user": USER, "a": [""] * 1001}),
    ):
        (good,) = check(content).records()
        assert {"a": [""] * 1001} == good.claims
