"""All problems of a file are reported at once, by file, line and column; nothing is written."""

from pathlib import Path

import pytest
from claimsctl.claims_file.validation import read_records
from claimsctl.errors import OperatorError

from tests.claims_file.files import APP, TENANT, USER, Refused

MAIL = "casey@contoso.com"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"{USER},", f"{USER.upper()},"),
        (f"{MAIL},{APP}", f"{MAIL.upper()},{APP.upper()}"),
        (",", ","),
        (f",{APP}", f",{APP.upper()}"),
    ],
    ids=["user", "address-in-app", "tenant", "tenant-in-app"],
)
def test_a_key_stands_once(refused: Refused, first: str, second: str) -> None:
    """Two rows of one key, however spelt, are named with both lines: neither may win."""
    rows = f"user,app_id,a\n\n{first},x\nf{USER[1:]},,x\n{second},x\n"
    assert [
        "claims: 1 problem; nothing was written",
        "claims:5: user: the row has the same tenant, user and app as line 3",
    ] == refused(rows)


def test_each_problem_is_reported(refused: Refused) -> None:
    """Whoever mends a file should not have to find its faults one by one."""
    rows = f"user,app_id,expires_at,a\nx,,,\n{USER},x,,\n{USER},,x,\n{USER},,,[\n{USER},,,,x\n"
    places = [
        "claims:2: user", "claims:3: app_id", "claims:4: expires_at", "claims:5: a",
        "claims:6: 5 cells, but 4 headings",
    ]  # fmt: skip
    summary, *problems = refused(rows)
    assert "claims: 5 problems; nothing was written" == summary
    assert places == [
        problem[: len(place)] for problem, place in zip(problems, places, strict=True)
    ]


@pytest.mark.parametrize(
    ("count", "message", "last"),
    [(19, 19, "claims:20: user"), (20, 20, "claims:21: user"), (21, 21, "… and 1 more"),
     (500, 21, "… and 480 more")],
)  # fmt: skip
def test_twenty_problems_are_shown(refused: Refused, count: int, message: int, last: str) -> None:
    """A file with many problems is reported with twenty lines and a count."""
    summary, *problems = refused("user\n" + "x\n" * count)
    assert f"claims: {count} problems; nothing was written" == summary
    assert (message, last) == (len(problems), problems[-1][: len(last)])


def test_the_path_is_told_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the file as the command named it."""
    (tmp_path / "mine.csv").write_text("user\nx\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OperatorError) as raised:
        read_records(Path("mine.csv"), TENANT)
    assert raised.value.lines[0].startswith("mine.csv:2: user: ")


@pytest.mark.parametrize(
    ("name", "why"), [("none.csv", "No such file or directory"), (".", "Is a directory")]
)
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, why: str) -> None:
    """The system's own words say why."""
    with pytest.raises(OperatorError) as raised:
        read_records(tmp_path / name, TENANT)
    assert f"{tmp_path / name}: cannot be read: {why}" == str(raised.value)
