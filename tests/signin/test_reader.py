"""Read sign-in records in every format, and count other content."""

import gzip
import io
import json
import random

import pytest
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.signin.json_values import PART, Unreadable, records_of_values
from claimsctl.signin.reader import SignInFile
from claimsctl.signin.records import Column, SignIn, moment

from tests.signin.samples import (
    APP,
    EXPECTED,
    EXTENSION,
    FORMS,
    LISTENER,
    RECORDS,
    SILENT_APP,
    USER,
    analytics,
    graph,
    lines,
    listener,
    powershell,
)


def read(content: bytes) -> tuple[list[SignIn], SignInFile]:
    """The sign-ins in `content`, and the file's counts."""
    file = SignInFile(io.BytesIO(content), "sample")
    return list(file.records()), file


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_the_same(form: str) -> None:
    """All exports of the same sign-ins give the same callouts; other events are ignored."""
    sign_ins, file = read(FORMS[form]())
    found = [
        (sign_in.correlation_id, callout.code, callout.attempts, callout.status)
        for sign_in in sign_ins
        for callout in sign_in.callouts
    ]
    assert EXPECTED == found
    assert [APP, APP, APP, SILENT_APP] == [sign_in.app_id for sign_in in sign_ins]
    assert [1100001, 1100001, 0, 0] == [sign_in.error_code for sign_in in sign_ins]
    assert {(LISTENER, EXTENSION)} == {
        (c.listener_id, c.extension_id) for sign_in in sign_ins for c in sign_in.callouts
    }
    assert all(sign_in.at.startswith("2026-11-28T09:30:") for sign_in in sign_ins)
    assert ("Shop", USER, True) == (sign_ins[0].app_name, sign_ins[0].user, sign_ins[0].interactive)
    assert not file.unreadable


@pytest.mark.parametrize("form", ["graph-lines", "graph-array", "portal", "graph-page"])
def test_a_cut_file_keeps_its_good_records(form: str) -> None:
    """A file cut in the middle of its third record has two, and counts the rest as one."""
    content = FORMS[form]()
    cut = content[: content.index(b"cccc3333-0000-0000-0000-000000000003") + 40]
    sign_ins, file = read(cut)
    assert (2, {Unreadable.NOT_JSON: 1}) == (len(sign_ins), dict(file.unreadable))


def test_a_damaged_row_of_a_query_costs_itself_alone() -> None:
    """Reading continues with the next row; a row of another width is counted."""
    text = FORMS["analytics-api"]().decode()
    damaged = text.replace('"Shop",true', '"Shop" true', 1)
    sign_ins, file = read(damaged.encode())
    assert (3, {Unreadable.NOT_JSON: 1}) == (len(sign_ins), dict(file.unreadable))
    sign_ins, file = read(text.replace('"Shop",true', "true", 1).encode())
    assert (3, {Unreadable.COLUMNS: 1}) == (len(sign_ins), dict(file.unreadable))
    sign_ins, file = read(text[: text.index("cccc3333-0000-0000-0000-000000000003")].encode())
    assert (2, {Unreadable.NOT_JSON: 1}) == (len(sign_ins), dict(file.unreadable))


def test_rows_of_a_query_longer_than_a_part_are_read() -> None:
    """Rows may cross the borders of the parts in which a file is read."""
    columns = [{"name": name} for name in ("CorrelationId", "AppliedEventListeners", "x")]
    rows = [[str(n), json.dumps([listener(None, 1, 200)]), "y" * (PART // 3)] for n in range(10)]
    document = {"tables": [{"columns": columns, "name": "n", "rows": rows}]}
    for indent in (None, 2):
        sign_ins, file = read(json.dumps(document, indent=indent).encode())
        assert [str(n) for n in range(10)] == [sign_in.correlation_id for sign_in in sign_ins]
        assert not file.unreadable


def test_a_cut_gzip_keeps_its_good_records() -> None:
    """The decompressed records are read, and the missing rest is counted once."""
    noise = random.Random(1)
    many = [graph(n) | {"noise": noise.randbytes(400).hex()} for n in range(60)]
    content = gzip.compress(lines(many).encode())
    sign_ins, file = read(content[: len(content) // 2])
    assert 10 < len(sign_ins) < 60
    assert 1 == file.unreadable[Unreadable.CUT_OFF]


def test_a_mixed_file_keeps_its_good_records() -> None:
    """Text, other JSON and an audit record between sign-ins are counted, not read."""
    audit = {"activityDisplayName": "Add app", "correlationId": "x", "category": "AuditLogs"}
    text = lines(RECORDS[:1]) + "garbage\n\n42\n" + lines([audit, *RECORDS[1:]])
    sign_ins, file = read(text.encode())
    assert 4 == len(sign_ins)
    assert {Unreadable.NOT_JSON: 1, Unreadable.NOT_A_SIGN_IN: 2} == dict(file.unreadable)


@pytest.mark.parametrize("form", ["graph-lines", "portal", "analytics-csv", "analytics-api"])
def test_what_a_command_prints_before_the_records_is_counted(form: str) -> None:
    """Warnings in the same file are one unreadable part; the records are read."""
    warnings = b"WARNING: this command is in preview\r\n\r\nWARNING: no subscription\r\n"
    sign_ins, file = read(warnings + FORMS[form]().decode("utf-8-sig").encode())
    assert (4, {Unreadable.NOT_JSON: 1}) == (len(sign_ins), dict(file.unreadable))


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b' {"@odata.context": "x",\n "value": [\n] }',
        b'{"@odata.context":"x","value":[]}\n',
        b'{"tables":[{"name":"PrimaryResult","columns":[{"name":"AppId"}],"rows":[]}]}',
        FORMS["analytics-csv"]().splitlines()[0],
    ],
    ids=["array", "page", "line", "query", "csv"],
)
def test_an_export_without_a_record_is_no_other_file(content: bytes) -> None:
    """An export without records is reported, with advice, but not as wrong usage."""
    with pytest.raises(OperatorError, match="has no record; extend its time range or") as error:
        read(content)
    assert ExitCode.NOT_FINE == error.value.exit_code


def test_a_damaged_record_of_an_array_costs_itself_alone() -> None:
    """Reading continues with the next record, not inside the damaged one."""
    text = json.dumps(RECORDS).replace('"ipAddress": "203', '"ipAddress" "203', 1)
    sign_ins, file = read(text.encode())
    assert (3, {Unreadable.NOT_JSON: 1}) == (len(sign_ins), dict(file.unreadable))


def test_a_damaged_record_is_not_read_on_to_the_end_of_the_file() -> None:
    """Invalid JSON inside a part is detected without reading more, so parts stay small."""
    record = json.dumps(graph(1)).replace('"ipAddress":', '"ipAddress"')
    text = io.StringIO(",".join([record] * (6 * PART // len(record))))
    sizes = []

    class Source(io.StringIO):
        def read(self, size: int | None = -1, /) -> str:
            sizes.append(size)
            return text.read(size)

    assert [Unreadable.NOT_JSON] == list(records_of_values("[", Source()))
    assert 6 < len(sizes)
    assert {PART} == set(sizes)


def test_a_csv_row_of_another_width_is_counted() -> None:
    """A truncated last row is not a record."""
    content = FORMS["analytics-csv"]()
    sign_ins, file = read(content[: content.rindex(b"SigninLogs")])
    assert (3, {Unreadable.COLUMNS: 1}) == (len(sign_ins), dict(file.unreadable))


@pytest.mark.parametrize("form", ["array", "page"])
def test_records_longer_than_a_part_are_read(form: str) -> None:
    """Records and gaps may cross the borders of the parts in which a file is read."""
    long = [graph(n, listener(None, 1, 200)) | {"x": "y" * (PART // 3)} for n in range(10)]
    document = long if form == "array" else {"@odata.context": "x", "value": long, "n": 1}
    sign_ins, file = read(json.dumps(document, indent=2).encode())
    assert (10, False) == (len(sign_ins), bool(file.unreadable))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "it is empty"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"PK\x03\x04abc", "a ZIP archive"),
        (b"\nId            : 1\nCorrelationId : 2\n", "PowerShell's output for the screen"),
        (b"\x1f\x8b\x08\x00", "compressed data is cut off or damaged at the beginning"),
        (b'{"error": {"code": "Authorization_RequestDenied"}}', "an error from Graph"),
        (b'{\n  "error": {\n    "code": "x"\n  }\n}\n', "an error from Graph"),
        (b'[{"activityDisplayName": "Add app"}]', "audit log"),
        (b'{"outcome":"answered","correlationId":"1"}\n', "the claims provider's own log"),
        (b'{"version": 1, "request": {"method": "POST"}, "response": {}}', "a recorded exchange"),
        (b'{"type": "microsoft.graph.authenticationEvent.tokenIssuanceStart"}', "a callout's body"),
        (b'"Date (UTC)","Request ID","User"\n', "a CSV of the portal"),
        (b"hello", "text of another kind"),
        (b"[1, 2, {}]", "JSON of another kind"),
    ],
    ids=range(14),
)
def test_what_is_no_sign_in_log_is_named(content: bytes, found: str) -> None:
    """The message names the likely kind of file; its lines say what to export instead."""
    with pytest.raises(OperatorError, match="not a sign-in log") as error:
        read(content)
    assert found in str(error.value)
    assert any("beta/auditLogs/signIns" in line for line in error.value.lines)


def test_records_without_the_column_say_which_query_brings_it() -> None:
    """Graph v1.0 and the portal's CSV have no such column, so they allow no verdict."""
    bare = [{k: v for k, v in r.items() if k != "appliedEventListeners"} for r in RECORDS]
    with pytest.raises(OperatorError, match="4 sign-ins, none with appliedEventListeners") as error:
        read(json.dumps(bare).encode())
    assert any("AppliedEventListeners" in line for line in error.value.lines)
    with pytest.raises(OperatorError, match="none with appliedEventListeners"):
        read(
            b'"Date (UTC)","Request ID","Correlation ID","Application","Application ID"\n'
            b"2026-11-28T09:30:01Z,r,c,Shop,dddd\n"
        )


@pytest.mark.parametrize(
    "written",
    [
        ["Microsoft.Graph.Beta.Models.X"],
        "Microsoft.Graph.Beta.PowerShell.Models.MicrosoftGraphX[]",
        "System.Object[]",
        "@{EventType=tokenIssuanceStart; HandlerResult=}",
        [
            {
                "EventType": "tokenIssuanceStart",
                "HandlerResult": {"AdditionalProperties": "System.X"},
            }
        ],
    ],
    ids=["depth", "Export-Csv", "array", "hashtable", "properties"],
)
def test_listeners_that_powershell_cuts_are_no_silence(written: object) -> None:
    """A type name is not an empty list: it does not mean that Entra did not call."""
    cut = powershell(RECORDS[0]) | {"AppliedEventListeners": written}
    with pytest.raises(OperatorError, match="-Depth 10"):
        read(json.dumps([cut, cut]).encode())
    _, file = read(json.dumps([cut, powershell(RECORDS[1])]).encode())
    assert 1 == file.columns[Column.CUT]


@pytest.mark.parametrize("written", ["[{", "5", True, 1.5])
def test_listeners_that_nobody_can_read_are_no_silence(written: object) -> None:
    """A column without any JSON list ends the command."""
    torn = analytics(RECORDS[0], as_text=True) | {"AppliedEventListeners": written}
    with pytest.raises(OperatorError, match="2 sign-ins, none with readable event"):
        read(json.dumps([torn, torn]).encode())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-11-28T09:30:01.123Z", "2026-11-28T09:30:01.123Z"),
        ("2026-11-28T10:30:01+01:00", "2026-11-28T09:30:01Z"),
        ("2026-11-28 09:30:01", "2026-11-28T09:30:01Z"),
        ("/Date(1795858201000)/", "2026-11-28T09:30:01Z"),
        ("11/28/2026, 12:05:09.001 AM", "2026-11-28T00:05:09Z"),
        ("11/28/2026, 12:05:09 PM", "2026-11-28T12:05:09Z"),
        ("11/28/2026 9:30", "2026-11-28T09:30:00Z"),
        ("13/45/2026, 1:00:00 PM", ""),
        ("/Date(999999999999999)/", ""),
        ("soon", ""),
        (5, ""),
    ],
)
def test_times_are_utc(given: object, expected: str) -> None:
    """The time formats of all exporters are read; anything else is no time."""
    assert expected == moment(given)
