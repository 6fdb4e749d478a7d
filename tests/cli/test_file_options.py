"""Options that say how a file of claims is to be read."""

import time
from pathlib import Path

import pytest
import typer
from claims_provider.contract.limits import EXPIRES_AT_MAX
from claimsctl.claims_file.formats import Format, ReadOptions
from claimsctl.cli.file_options import (
    DEFAULT_SEPARATOR,
    CatalogueFile,
    Columns,
    ExpiresIn,
    File,
    FileFormat,
    Separator,
    read_options,
)
from claimsctl.cli.options import Tenant
from typer.testing import CliRunner


@pytest.fixture(autouse=True)
def claims_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty claims.csv in the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("claims.csv").touch()


TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
app = typer.Typer(rich_markup_mode=None)
seen: list[ReadOptions] = []


@app.command()
def _read(
    file: File,
    tenant: Tenant = None,
    columns: Columns = None,
    list_separator: Separator = DEFAULT_SEPARATOR,
    format_: FileFormat = None,
    catalogue: CatalogueFile = None,
    expires_in: ExpiresIn = None,
) -> None:
    assert Path("claims.csv") == file
    seen.append(
        read_options(
            tenant=tenant,
            columns=columns,
            list_separator=list_separator,
            format_=format_,
            catalogue=catalogue,
            expires_in=expires_in,
        )
    )


def _options(*given: str) -> ReadOptions:
    result = CliRunner().invoke(app, ["claims.csv", *given], catch_exceptions=False)
    assert 0 == result.exit_code, result.output
    return seen.pop()


def test_nothing_given_is_nothing_said() -> None:
    """Without options the file says it all."""
    assert ReadOptions() == _options()


def test_each_option_is_taken() -> None:
    """Tenant, columns, separator and format reach the reading of the file."""
    given = ("--tenant", TENANT.upper(), "--column", "user= mail ", "--column", "app_id=appid")
    expected = ReadOptions(TENANT, {"user": "mail", "app_id": "appid"}, ";", Format.TSV)
    assert expected == _options(*given, "--list-separator", ";", "--format", "tsv")


def test_a_catalogue_is_read_with_the_options(tmp_path: Path) -> None:
    """The file that `--catalogue` names."""
    (tmp_path / "claims.toml").write_text('[claims.tier]\ntype = "string"\n')
    catalogue = _options("--catalogue", str(tmp_path / "claims.toml")).schema
    assert catalogue is not None
    assert {"tier"} == catalogue.claims.keys()


@pytest.mark.parametrize(
    ("duration", "seconds"), [("1m", 60), ("12h", 43_200), ("30d", 2_592_000), ("2w", 1_209_600)]
)
def test_durations_count_from_now(duration: str, seconds: int) -> None:
    """`--expires-in` is converted to a point in time, so that a resumed load uses the same."""
    before = int(time.time())
    expires_at = _options("--expires-in", duration).expires_at
    assert expires_at is not None
    assert before + seconds <= expires_at <= int(time.time()) + seconds < EXPIRES_AT_MAX


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--column", "users=mail", "FIELD is one of tenant_id, user, app_id, expires_at, hid"),
        ("--column", "user", "expected FIELD=HEADING, where FIELD is one of"),
        ("--column", "user= ", "hidden_claims; found 'user= '"),
        ("--expires-in", "30", "such as 30d; found '30'"),
        ("--expires-in", "0d", "expected a number and a unit (m, h, d or w"),
        ("--expires-in", "-1d", "such as 30d; found '-1d'"),
        ("--expires-in", "9999999w", "ends before the year 5138; found '9999999w'"),
        ("--list-separator", "", "one or more characters that do not begin with [ or \"; found ''"),
        ("--list-separator", "[", "characters that do not begin with [ or \"; found '['"),
        ("--format", "xlsx", "'xlsx' is not one of 'csv', 'tsv', 'jsonl', 'json'"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense(option: str, value: str, message: str) -> None:
    """What was found and what is expected; nothing is read."""
    result = CliRunner().invoke(app, ["claims.csv", f"{option}={value}"])
    assert 2 == result.exit_code
    assert message in result.output


@pytest.mark.parametrize(("one", "other"), [("user=a", "user=b"), ("user=a", "app_id=a")])
def test_a_column_stands_once(one: str, other: str) -> None:
    """A field has one heading, and a heading is of one field."""
    result = CliRunner().invoke(app, ["claims.csv", "--column", one, "--column", other])
    assert 2 == result.exit_code
    assert f"a field or heading appears more than once in {one}, {other}" in result.output
