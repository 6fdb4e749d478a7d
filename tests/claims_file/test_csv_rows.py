"""CSV in the variants of usual programs, first of all Excel."""

import pytest
from claimsctl.claims_file.record import Record

from tests.claims_file.files import APP, TENANT, USER, Read, Refused

OTHER = "bbbbbbbb-1111-2222-3333-cccccccccccc"


@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte-order-mark"])
def test_any_csv_of_excel_is_read(read: Read, separator: str, ending: str, mark: str) -> None:
    """Separator, line ending and byte order mark depend on a country and a version, and pass."""
    rows = [["user", "app_id", "tier"], [USER, APP, "gold"], ["", "", "basic"], []]
    content = mark + ending.join(separator.join(row) for row in rows)
    assert [
        Record(TENANT, USER, APP, claims={"tier": "gold"}),
        Record(TENANT, None, None, claims={"tier": "basic"}),
    ] == read(content)


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("line", ["sep={}\r\n", '"sep={}"\n', "SEP={}\n"])
def test_excels_own_first_line_is_read(read: Read, separator: str, line: str) -> None:
    """Excel's separator line is read; it counts as a line."""
    content = line.format(separator) + f"user{separator}a,b\n{USER}{separator}x\n"
    if separator == ",":
        content = content.replace("a,b", "a_b")
    (record,) = read(content)
    assert ["x"] == list(record.claims.values())


def test_separators_in_quotes_do_not_count(read: Read) -> None:
    """The separator is detected from the heading's text outside quotes."""
    (record,) = read(f'user;"a,b,c";d\n{USER};x;y\n')
    assert {"a,b,c": "x", "d": "y"} == record.claims


def test_quoted_cells_may_hold_anything(read: Read) -> None:
    """Quotes, separators and line breaks inside quotes belong to the cell."""
    (record,) = read(f'"user","a b","c"\r\n{USER},"say ""x"", y","one\r\ntwo"\r\n')
    assert {"a b": 'say "x", y', "c": "one\r\ntwo"} == record.claims


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("Writer", "Writer"),
        ("Writer|Editor", ["Writer", "Editor"]),
        ('"[""Writer"", ""a|b""]"', ["Writer", "a|b"]),
        ('"[""Writer""]"', ["Writer"]),
        ("[]", []),
        ("7", "7"),
        ("true", "true"),
        ("null", "null"),
        (" x ", " x "),
        ('"{""a"":1}"', '{"a":1}'),
    ],
)
def test_cells_become_strings_and_lists(read: Read, cell: str, value: object) -> None:
    """`a|b` and a JSON array are lists; everything else is text and is not changed."""
    (record,) = read(f"user,claim\n{USER},{cell}\n")
    assert {"claim": value} == record.claims


def test_empty_cells_say_nothing(read: Read) -> None:
    """An empty cell is no claim, so that rows of one file may have different claims."""
    first, second = read(f"user,a,b\n{USER},x,\n{OTHER},,y\n")
    assert ({"a": "x"}, {"b": "y"}) == (first.claims, second.claims)


@pytest.mark.parametrize("content", ["user,a,,\n{0},x,,\n", "user,a\n{0},x,,,\n", "user,a\n{0},x"])
def test_excels_left_over_columns_are_let_pass(read: Read, content: str) -> None:
    """Columns that were once in use leave separators behind; nothing is lost in them."""
    (record,) = read(content.format(USER))
    assert {"a": "x"} == record.claims


def test_blank_rows_are_passed_over_and_lines_still_counted(refused: Refused) -> None:
    """A problem's line is the file's line, whatever came before it."""
    content = f'user,a\n\n,,\n{USER},"one\ntwo"\n\nnobody,x\n'
    assert ["claims: 1 problem; nothing was written", "claims:7: user: "] == [
        (lines := refused(content))[0],
        lines[1][:16],
    ]


def test_headings_are_trimmed(read: Read) -> None:
    """Blanks around a heading are ignored."""
    (record,) = read(f" user , tier \n{USER},gold\n")
    assert (USER, {"tier": "gold"}) == (record.user, record.claims)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("tier\ngold\n", "claims:1: no column 'user'; expected columns tenant_id, user, "),
        ("User,tier\nx,gold\n", "claims:1: no column 'user'; expected columns tenant_id, "),
        ("user,a,a\n", "claims:1: column 'a' appears more than once in the heading"),
        ("user,a,user\n", "claims:1: column 'user' appears more than once in the heading"),
        ("user,App_ID\n", "claims:1: App_ID: not allowed as the name of a claim; the reserved "),
        ("user,Expires At\n", "claims:1: Expires At: not allowed as the name of a claim; the re"),
        ("user,tenant-id\n", "claims:1: tenant-id: not allowed as the name of a claim; the re"),
        ('"user\n', "claims:1: the heading is not valid CSV: unexpected end of data"),
        (f'user,"{"x" * 600_000}"\n', "claims:1: the heading is not valid CSV: field larger than "),
        ("", "claims: the file is empty; expected CSV with a heading, or JSON Lines"),
        (" \n\t\n", "claims: the file is empty; expected CSV with a heading, or JSON Lines"),
        ("\ufeff", "claims: the file is empty; expected CSV with a heading, or JSON Lines"),
        ("sep=;\n", "claims:2: the file has no heading; expected columns "),
        ("\n\nuser;a;a\n", "claims:3: column 'a' appears more than once in the heading"),
        (b"user,a\nx,caf\xe9\n", "claims:2: byte 0xe9 is not valid UTF-8; save the file as UTF-8 "),
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense(refused: Refused, content: bytes | str, message: str) -> None:
    """What is wrong with the whole file is one message with file and line."""
    line, *_ = refused(content)
    assert message == line[: len(message)]


@pytest.mark.parametrize("heading", ["x" * 100_000, ",".join(map(str, range(100_000)))])
def test_a_heading_is_not_quoted_at_length(refused: Refused, heading: str) -> None:
    """A file that is no claims at all is not poured out on the terminal."""
    (line,) = refused(f"{heading}\n1\n")
    assert len(line) < 500


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (f"{USER},x,y", "claims:2: 3 cells, but 2 headings; put cells that contain ',' in quotes"),
        (f'{USER},"x"y', "claims:2: not valid CSV: ',' expected after '\"'"),
        (f'{USER},"x', "claims:2: not valid CSV: unexpected end of data"),
        (
            f"{USER},{'x' * 600_000}",
            "claims:2: not valid CSV: field larger than field limit (524288)",
        ),
    ],
    ids=["too-many-cells", "text-after-quote", "open-quote", "huge-cell"],
)
def test_a_row_that_makes_no_sense(refused: Refused, row: str, problem: str) -> None:
    """A problem of a whole row is reported with its line."""
    assert problem == refused(f"user,a\n{row}\n")[1][: len(problem)]


@pytest.mark.parametrize("heading", ["user,", "user, ", "user,,"])
def test_a_cell_without_heading(refused: Refused, heading: str) -> None:
    """A value in a column without a name would be a claim without a name."""
    problem = "claims:2: a column without a heading contains a value"
    assert problem == refused(f"{heading}\n{USER},x\n")[1]
