"""A schema of claims: rows must follow it, and its own problems are reported."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.schema import ClaimRule, ClaimSchema, ClaimType, read_schema
from claimsctl.claims_file.validation import check_file
from claimsctl.errors import OperatorError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.claims_file.files import APP, TENANT, USER
from tests.cli.command import ROOT
from tests.cli.sessions import Sessions
from tests.effort import tries

OTHER_APP = "11112222-bbbb-3333-cccc-4444dddd5555"
TEXT = f"""\
# what the tokens may say
[claims.loyaltyTier]
type = "string"
values = ["basic", "gold"]

[claims.customRoles]
type = "list"
apps = ["{APP.upper()}"]
values = [
  "Reader", "Writer",
]
token_name = "roles_of_app"

[claims."free text"]
type = "string"
"""
RULES = [
    ClaimRule("loyaltyTier", ClaimType.STRING, values=("basic", "gold"), token_name="loyaltyTier"),
    ClaimRule(
        "customRoles", ClaimType.LIST, frozenset({APP}), ("Reader", "Writer"), "roles_of_app"
    ),
    ClaimRule("free text", ClaimType.STRING, token_name="free text"),
]

NO_GUID = "expected a GUID such as 00000000-0000-0000-0000-000000000000"
SET_ANOTHER = "for the same app; set another token_name"
CLASHING = f"""\
[claims.a]
type = "list"
token_name = "r"
apps = ["{APP}"]
[claims.b]
type = "list"
token_name = "r"
apps = ["{OTHER_APP}"]
[claims.r]
type = "list"
"""

Refused = Callable[[bytes | str], list[str]]


@pytest.fixture
def schema(tmp_path: Path) -> ClaimSchema:
    """The schema of `TEXT`."""
    (tmp_path / "claims.toml").write_text(TEXT)
    return read_schema(tmp_path / "claims.toml")


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """`refused(content)` gives the message and its lines for a schema of that content."""

    def refused(content: bytes | str) -> list[str]:
        path = tmp_path / "claims.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(OperatorError) as raised:
            read_schema(path)
        return [
            line.replace(f"{tmp_path}/", "") for line in (str(raised.value), *raised.value.lines)
        ]

    return refused


def _problems(tmp_path: Path, schema: ClaimSchema, content: str) -> list[str]:
    (tmp_path / "rows").write_text(content)
    options = ReadOptions(tenant=TENANT, schema=schema)
    with check_file(tmp_path / "rows", options) as checked:
        return [f"{p.line}: {p.field}: {p.message}" for p in checked.problems]


def test_a_schema_is_read(schema: ClaimSchema) -> None:
    """Each claim with its type, apps, values and name in the token, which is its own by default."""
    assert {rule.name: rule for rule in RULES} == schema.claims


def test_the_type_says_what_a_cell_is(tmp_path: Path, schema: ClaimSchema) -> None:
    """With a schema a list of one needs no brackets, and a string may hold what it likes."""
    (tmp_path / "rows").write_text(
        f"user,customRoles,free text\n{USER},Reader,a|b\na@b,Reader|Writer,[draft\n"
        f'c@d,"[""Writer""]","[""x""]"\n'
    )
    options = ReadOptions(tenant=TENANT, schema=schema)
    with check_file(tmp_path / "rows", options) as checked:
        assert [
            {"customRoles": ["Reader"], "free text": "a|b"},
            {"customRoles": ["Reader", "Writer"], "free text": "[draft"},
            {"customRoles": ["Writer"], "free text": '["x"]'},
        ] == [good.claims for good in checked.records()]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",,gold,,", ""),
        (f",{APP},,Reader,", ""),
        (",,,Reader,", ""),
        (",,silver,,", "loyaltyTier: the schema allows basic, gold; found 'silver'"),
        (",,,Reader|Editor,", "customRoles: the schema allows Reader, Writer; found 'Editor'"),
        (
            f",{OTHER_APP},,Reader,",
            (f"customRoles: the schema allows this claim only for {APP}; the row is for app "
            f"{OTHER_APP}"),
        ),
        (
            ",,,,tier",
            "hidden_claims: 'tier' is not in the schema, which has loyaltyTier, custom",
        ),
        (",,,Reader|,", "customRoles: an empty value in the list 'Reader|'; if intended, write"),
    ],
)  # fmt: skip
def test_rows_keep_to_the_schema(
    tmp_path: Path, schema: ClaimSchema, row: str, problem: str
) -> None:
    """A value, an app or a name that it does not have is a problem of the row, by its column."""
    content = f"user,app_id,loyaltyTier,customRoles,hidden_claims\n{row}x\n"
    message = _problems(tmp_path, schema, content.replace("x\n", "\n"))
    assert ([f"2: {problem}"] if problem else []) == [line[: len(problem) + 3] for line in message]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ('"customRoles": "Reader"', "customRoles: the schema requires a list; found "),
        ('"loyaltyTier": ["gold"]', "loyaltyTier: the schema requires a string; found "),
        ('"tier": "gold"', "tier: not in the schema, which has loyaltyTier, customRo"),
        (
            f'"app_id": "{OTHER_APP}", "customRoles": ["Reader"]',
            (f"customRoles: the schema allows this claim only for {APP}; the row is for app "
            f"{OTHER_APP}"),
        ),
        (f'"app_id": "{APP}", "customRoles": ["Reader"]', ""),
        ('"tier": null', ""),
        ('"customRoles": [], "loyaltyTier": ""', ""),
    ],
)  # fmt: skip
def test_json_has_types_of_its_own(
    tmp_path: Path, schema: ClaimSchema, fields: str, problem: str
) -> None:
    """A string where the schema has a list is refused, not turned into one."""
    message = _problems(tmp_path, schema, f'{{"user": "", {fields}}}')
    assert ([f"1: {problem}"] if problem else []) == [line[: len(problem) + 3] for line in message]


def test_a_heading_that_is_no_claim(tmp_path: Path, schema: ClaimSchema) -> None:
    """A column that is not in the schema is reported once, not for every row."""
    message = "1: tier: not in the schema, which has loyaltyTier, customRoles, free text"
    with pytest.raises(OperatorError, match=f"rows:{message}$"):
        _problems(tmp_path, schema, "user,tier\n,\n")


NO_POLICY = "a claims mapping policy cannot emit a claim named"


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        ("", ["claims: expected a table [claims.NAME] for each claim; found none"]),
        ("claims = 7", ["1: claims: expected a table [claims.NAME] for each claim; found none"]),
        (
            '[claim.a]\ntype = "string"\n[claims.a]\ntype = "list"',
            ["1: claim: unknown key; expected a table [claims.NAME] for each claim"],
        ),
        (
            '[claims.a]\ntype = "string"\n\nvalue = ["x"]',
            ["4: claims.a.value: unknown key; expected type, apps, values, token_name"],
        ),
        (
            '[claims.a]\n\n[claims.b]\ntype = "text"',
            [
                '1: claims.a.type: expected "string" or "list"; found none',
                '4: claims.b.type: expected "string" or "list"; found \'text\'',
            ],
        ),
        (
            '[claims.a]\ntype = "list"\napps = [\n  "portal",\n]\nvalues = []\ntoken_name = 7',
            [
                "7: claims.a.token_name: expected a name; found the number 7",
                f"3: claims.a.apps: {NO_GUID}; found 'portal'",
                "6: claims.a.values: expected a list of one or more strings; found the list []",
            ],
        ),
        (
            "[claims.a]\ntype = 2030-01-01",
            ['2: claims.a.type: expected "string" or "list"; found the object "2030-01-01"'],
        ),
        (
            '[claims]\na = "list"\nb.type = "string"\nb.vals = 1',
            [
                "2: claims.a: expected a table with type, apps, values, token_name; found 'list'",
                "4: claims.b.vals: unknown key; expected type, apps, values, token_name",
            ],
        ),
        (
            '[claims.appid]\ntype="list"\n[claims.user]\ntype="list"\n["claims"." x"]\ntype="list"',
            [
                (
                    "1: claims.appid: not allowed as the name of a claim; the reserved field is"
                    " spelled app_id"
                ),
                "3: claims.user: a reserved column cannot be a claim",
                "5: claims. x: the name ' x' has leading or trailing blanks; remove them",
            ],
        ),
        (
            '[claims.roles]\ntype="list"\n[claims.b]\ntype="list"\ntoken_name="xms_b"',
            [
                f"1: claims.roles.token_name: {NO_POLICY} 'roles'; set another name",
                f"5: claims.b.token_name: {NO_POLICY} 'xms_b'; set another name",
            ],
        ),
        (
            CLASHING,
            [f"9: claims.r: has the same name in the token, 'r', as a, {SET_ANOTHER}"],
        ),
    ],
)
def test_a_schema_that_makes_no_sense(refused: Refused, content: str, problems: list[str]) -> None:
    """Each problem is reported with its place, and with its line where it can be found."""
    summary, *message = refused(content)
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    assert f"claims.toml: {count} in the schema" == summary
    assert problems == [line.removeprefix("claims.toml:").lstrip() for line in message]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[claims.a\n", "claims.toml: not valid TOML: Expected ']' at the end of a "),
        ('[claims.a]\ntype = "list"\ntype = "list"', "claims.toml: not valid TOML: Cannot over"),
        (b"# caf\xe9", "claims.toml: not valid UTF-8: byte 0xe9"),
        ("a=" + "[" * 100_000, "claims.toml: not valid TOML: "),
        ("a=" + "9" * 5000, "claims.toml: not valid TOML: "),
    ],
)  # fmt: skip
def test_what_is_no_toml(refused: Refused, content: bytes | str, message: str) -> None:
    """The parser's own words, which name line and column."""
    (line,) = refused(content)
    assert message == line[: len(message)]


snippets = st.lists(
    st.sampled_from(
        ["[claims.a]", "[claims]", "\n", "type = ", '"list"', '"string"', "apps = ", "[", "]", "7",
         "values = ", '"x"', "claims.b.type", " = ", "{", "}", "a.b", "2030-01-01", '"', "#"]
    ),
    max_size=14,
)  # fmt: skip


@settings(max_examples=tries(300), deadline=None, suppress_health_check=list(HealthCheck))
@given(snippets.map("".join).map(str.encode) | st.binary())
def test_any_schema(tmp_path: Path, content: bytes) -> None:
    """Any bytes result in a schema or in reported problems, never in another exception."""
    (tmp_path / "any.toml").write_bytes(content)
    with suppress(OperatorError):
        assert read_schema(tmp_path / "any.toml").claims


def test_a_schema_that_is_not_there(tmp_path: Path) -> None:
    """The system's own words say why."""
    with pytest.raises(
        OperatorError, match=r"none\.toml: cannot be read: No such file or directory"
    ):
        read_schema(tmp_path / "none.toml")


def test_the_page_says_what_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of docs/claims-catalogue.md is read, and it shows the actual problems."""
    page = ROOT / "docs/claims-catalogue.md"
    example = Sessions.of(page).files["claims.toml"]
    shown = page.read_text("utf-8").replace("app\n1111", "app 1111").splitlines()
    monkeypatch.chdir(tmp_path)
    Path("claims.toml").write_text(example)
    schema = read_schema(Path("claims.toml"))
    rows = f",,,\n,{APP},Editor,\n,{OTHER_APP},Reader,\n"
    Path("claims.csv").write_text(
        "user,app_id,customRoles,loyaltyTier\n,,,\n,,,\n,,,\n,,,\n" + rows
    )
    with check_file(Path("claims.csv"), ReadOptions(tenant=TENANT, schema=schema)) as checked:
        message = [problem.text(Path("claims.csv")) for problem in checked.problems]
    Path("claims.csv").write_text("user,loyaltytier\n")
    with pytest.raises(OperatorError) as heading:
        check_file(Path("claims.csv"), ReadOptions(schema=schema))
    Path("claims.toml").write_text(example.replace("apps", "app").replace('"string"', '"text"', 1))
    with pytest.raises(OperatorError) as problems:
        read_schema(Path("claims.toml"))
    expected = [*message, str(heading.value), f"claimsctl: {problems.value}", *problems.value.lines]
    assert [] == [line for line in expected if line not in shown]
    assert 6 == len(expected)
