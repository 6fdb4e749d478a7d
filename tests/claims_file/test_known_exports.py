"""Files of other products: recognised, with a command that works."""

import gzip
import json
from pathlib import Path

import pytest
from claims_provider.contract.answer import Claims
from claimsctl.claims_file.formats import JsonType, ReadOptions
from claimsctl.claims_file.record import Record
from claimsctl.claims_file.validation import check_file
from claimsctl.errors import OperatorError

from tests.claims_file.files import APP, TENANT, USER, Refused

_ITEM = {
    "pk": {"S": f"USER#{TENANT}#{USER}"},
    "sk": {"S": f"APP#{APP}"},
    "claims": {"M": {"tier": {"S": "gold"}, "roles": {"L": [{"S": "Reader"}]}}},
    "expires_at": {"N": "1924991999"},
    "hidden_claims": {"L": [{"S": "queue"}]},
}
_RECORD = Record(TENANT, USER, APP, 1924991999, {"tier": "gold", "roles": ["Reader"]}, ("queue",))


def _check(path: Path, content: str, **options: object) -> list[Record]:
    path.write_text(content, encoding="utf-8")
    with check_file(path, ReadOptions(tenant=TENANT, **options)) as checked:  # type: ignore[arg-type]
        if checked.problem_count:
            raise checked.refusal()
        return list(checked.records())


@pytest.mark.parametrize(
    ("content", "name", "command"),
    [
        (
            "userPrincipalName,displayName,id,userType,department\na@b,A,x,Member,y\n",
            "the Entra admin center's download of users",
            "--column user=id --only department,displayName",
        ),
        (
            ("version:v1.0,,\nName [displayName] Required,User name [userPrincipalName] Required,"
            "Initial password [passwordProfile] Required\nA,a@b,secret\n"),
            "a bulk template of the Entra admin center",
            "--column user=userPrincipalName --only displayName",
        ),
        (
            '{"value": [{"id": "x", "displayName": "A", "department": "y"}]}',
            "users as Microsoft Graph lists them",
            "--column user=id --only department,displayName",
        ),
        (
            ('{"Users": [{"Username": "u", "Attributes": [{"Name": "email", "Value": "a@b"}],'
            ' "Enabled": true, "UserStatus": "CONFIRMED"}]}'),
            "users as Amazon Cognito lists them (list-users)",
            "--column user=email",
        ),
        (
            "cognito:username,email,cognito:mfa_enabled\nu,a@b,false\n",
            "a CSV of Amazon Cognito users",
            "--column user=email",
        ),
        (
            '{"Id": "auth0|1", "Nickname": "a", "Email": "a@b", "Given Name": "A"}\n',
            "an Auth0 export of users",
            "--column user=Email --only 'Given Name'",
        ),
        (
            ('[{"id": "00u1", "status": "ACTIVE",'
            ' "profile": {"login": "a@b", "firstName": "A", "department": "y"}}]'),
            "an Okta export of users",
            "--column user=login --only department,firstName",
        ),
    ],
    ids=["download", "template", "graph", "cognito", "cognito-csv", "auth0", "okta"],
)  # fmt: skip
def test_an_export_is_recognised(refused: Refused, content: str, name: str, command: str) -> None:
    """The first thing said of another product's file is what it is and what loads it."""
    _, kind, line, *_ = refused(content)
    assert f"This looks like {name}. To see what loading it would change, run:" == kind
    assert line.startswith("  claimsctl claims load claims ")
    assert command in line


def test_the_command_that_is_suggested_loads(tmp_path: Path) -> None:
    """A download of users loads by the column and the claims that the message names."""
    content = f"userPrincipalName,id,userType,department\na@b,{USER},Member,Stores\n"
    records = _check(tmp_path / "users", content, columns={"user": "id"}, only=("department",))
    assert [Record(TENANT, USER, None, None, {"department": "Stores"})] == records


@pytest.mark.parametrize(
    "document",
    [
        {"Items": [_ITEM], "Count": 1, "ScannedCount": 1, "ConsumedCapacity": None},
        {"Count": 1, "Items": [_ITEM], "ScannedCount": 1},
        {"Item": _ITEM},
        {"claims": [{"PutRequest": {"Item": _ITEM}}]},
        [_ITEM],
        _ITEM,
    ],
    ids=["scan", "count-first", "export", "batch-write", "array", "item"],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_dynamodbs_own_json_is_read(tmp_path: Path, document: object, indent: int | None) -> None:
    """Items as AWS's tools write them are the rows that load as them."""
    assert [_RECORD] == _check(tmp_path / "items", json.dumps(document, indent=indent) + "\n")


def test_an_export_to_s3_is_read(tmp_path: Path) -> None:
    """Its lines are items, its files gzip."""
    path = tmp_path / "part.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"Item": _ITEM}).encode() + b"\n"))
    with check_file(path, ReadOptions()) as checked:
        assert [_RECORD] == list(checked.records())


def test_another_tables_items_are_rows(tmp_path: Path) -> None:
    """Items of a table with other keys are rows of their attributes."""
    item = {"uid": {"S": USER}, "level": {"N": "3"}, "groups": {"SS": ["b", "a"]}}
    records = _check(
        tmp_path / "items",
        json.dumps({"Items": [item]}),
        columns={"user": "uid"},
        text_from=(JsonType.NUMBER,),
    )
    assert [Record(TENANT, USER, None, None, {"level": "3", "groups": ["a", "b"]})] == records


def test_a_request_to_delete_is_no_row(refused: Refused) -> None:
    """Were it passed over, the file would seem to be loaded whole."""
    request = {"claims": [{"DeleteRequest": {"Key": {"pk": _ITEM["pk"], "sk": _ITEM["sk"]}}}]}
    assert (
        "claims:1: a delete request cannot be loaded; to delete items, use claimsctl claims delete"
        == (refused(json.dumps(request))[1])
    )


@pytest.mark.parametrize(
    "content", ["mail,tier\na@b,x\n,y\n", '{"mail": "a@b"}\n{"mail": ""}\n', '[{"mail": null}]']
)
def test_nobodys_row_is_no_default(tmp_path: Path, content: str) -> None:
    """A row of one person must not become everybody's because its address is missing."""
    with pytest.raises(OperatorError) as raised:
        _check(tmp_path / "users", content, columns={"user": "mail"})
    assert "would apply to the whole tenant" in raised.value.lines[0]


@pytest.mark.parametrize("content", ["user,tier\nNULL,x\n", '{"user": "NULL", "tier": "x"}\n'])
def test_a_null_user_is_no_default(tmp_path: Path, content: str) -> None:
    """`--null` empties claims, never the user."""
    with pytest.raises(OperatorError) as raised:
        _check(tmp_path / "users", content, nulls=("NULL",))
    assert "found 'NULL'" in raised.value.lines[0]


def test_options_change_values(tmp_path: Path) -> None:
    """Words for nothing, blanks, numbers and booleans are read as the options say."""
    content = json.dumps({"user": USER, "a": "NULL", "b": " x ", "c": 7, "d": True, "e": [1, " y"]})
    records = _check(
        tmp_path / "rows",
        content,
        nulls=("NULL",),
        trim=True,
        text_from=(JsonType.BOOLEAN, JsonType.NUMBER),
    )
    claims: Claims = {"b": "x", "c": "7", "d": "true", "e": ["1", "y"]}
    assert [Record(TENANT, USER, None, None, claims)] == records


def test_columns_are_passed_over(tmp_path: Path) -> None:
    """`--ignore` takes what no claim can be called, and columns that are there twice."""
    content = f"user,appid,x,x,tier\n{USER},1,2,3,gold\n"
    records = _check(tmp_path / "rows", content, ignore=("appid", "x"))
    assert [Record(TENANT, USER, None, None, {"tier": "gold"})] == records


def test_only_does_not_hide_a_misspelt_field(tmp_path: Path) -> None:
    """Without its app a row would count in every app."""
    with pytest.raises(OperatorError, match="the reserved field is spelled app_id"):
        _check(tmp_path / "rows", f"user,appid,tier\n{USER},1,x\n", only=("tier",))


@pytest.mark.parametrize("name", ["only", "ignore"])
def test_a_column_that_is_not_there(tmp_path: Path, name: str) -> None:
    """A typing error in an option must not load less than was meant."""
    expected = rf"no column 'teir' \(--{name}\); the columns are user, tier"
    with pytest.raises(OperatorError, match=expected):
        _check(tmp_path / "rows", f"user,tier\n{USER},x\n", **{name: ("teir",)})


def test_a_row_with_too_few_cells(refused: Refused) -> None:
    """A line break without quotes makes two short rows of one; neither is loaded."""
    lines = refused(f"user,name,tier\n{USER},Kim\nLarsen,gold\n")
    problem = (
        "2 cells, but 3 headings; complete the row, or put cells that contain line breaks in quotes"
    )
    assert [f"claims:2: {problem}", f"claims:3: {problem}"] == lines[1:]


@pytest.mark.parametrize("date", ["1999-12-31T00:00:00Z", "1601-01-01T00:00:00Z"])
def test_a_date_before_2001_is_past(refused: Refused, date: str) -> None:
    """It is a date like any other, and the row would not count."""
    line = refused(f"user,expires_at\n{USER},{date}\n")[1]
    assert f"claims:2: expires_at: '{date}' is in the past: the row would never apply" in line
