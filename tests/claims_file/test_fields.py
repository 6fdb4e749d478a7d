"""Names and values of a row's fields → a checked record: whose claims, until when, which."""

from datetime import UTC, datetime
from typing import Any

import pytest
from claims_provider.claims.key import LayerKey
from claimsctl.claims_file.fields import check_claim_name, meant_by
from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.record import Record

from tests.claims_file.files import APP, TENANT, USER, Refused, read_record, read_row

OTHER_TENANT = "bbbbcccc-1111-dddd-2222-eeee3333ffff"


def _problem(default_tenant: str | None = TENANT, **fields: Any) -> tuple[str, str]:
    with pytest.raises(FieldProblem) as raised:
        read_record({"user": USER} | fields, default_tenant)
    return raised.value.field, str(raised.value)


@pytest.mark.parametrize(
    ("fields", "pk", "sk"),
    [
        ({}, f"TENANT#{TENANT}", "APP#*"),
        ({"user": "", "app_id": "", "tenant_id": ""}, f"TENANT#{TENANT}", "APP#*"),
        ({"user": None, "app_id": APP.upper()}, f"TENANT#{TENANT}", f"APP#{APP}"),
        ({"user": USER.upper()}, f"USER#{TENANT}#{USER}", "APP#*"),
        ({"user": USER, "app_id": APP}, f"USER#{TENANT}#{USER}", f"APP#{APP}"),
        ({"user": "Casey@CONTOSO.com"}, f"USER#{TENANT}#casey@contoso.com", "APP#*"),
        ({"user": "É@x.de"}, f"USER#{TENANT}#É@x.de", "APP#*"),
        ({"tenant_id": OTHER_TENANT.upper()}, f"TENANT#{OTHER_TENANT}", "APP#*"),
    ],
)
def test_keys_are_normalised(fields: dict[str, Any], pk: str, sk: str) -> None:
    """GUIDs and ASCII letters of addresses go to lower case, as the function looks them up."""
    assert LayerKey(pk, sk) == read_record(fields, TENANT).key


@pytest.mark.parametrize("field", ["tenant_id", "user", "app_id"])
@pytest.mark.parametrize("value", ["casey", f"{{{USER}}}", f" {USER}", USER[:-1], "*", "-", " "])
def test_ids_that_are_none(field: str, value: str) -> None:
    """What is no GUID is refused with what was found and what is expected."""
    name, message = _problem(**{field: value})
    assert field == name
    assert message.startswith("expected a GUID such as 00000000-")
    assert message.endswith(f"found {value!r}")


@pytest.mark.parametrize("field", ["tenant_id", "user", "app_id"])
@pytest.mark.parametrize("value", ["1.2E+16", "12345.0", "1,2E+16", "12345", "4e5"])
def test_ids_that_a_spreadsheet_has_rewritten(field: str, value: str) -> None:
    """An id that was taken for a number has lost its digits; the message says what to do."""
    name, message = _problem(**{field: value})
    assert field == name
    reason = f"found '{value}', which looks like a number rewritten by a spreadsheet; format the "
    assert f"; {reason}" in message


@pytest.mark.parametrize("user", ["@", "a@", "@b", "a@b@c", "a b@c", "a@b\n", f"{'a' * 320}@b"])
def test_addresses_that_are_none(user: str) -> None:
    """An address has one @ with something on both sides, no spaces, 320 bytes at most."""
    name, message = _problem(user=user)
    assert ("user", "expected an address") == (name, message[:19])


def test_a_row_without_tenant() -> None:
    """A row without a tenant, and without `--tenant`, is rejected."""
    problem = ("tenant_id", "missing; expected the tenant's GUID, in the row or with --tenant")
    assert problem == _problem(default_tenant=None)
    assert OTHER_TENANT == read_record({"tenant_id": OTHER_TENANT}, None).tenant_id


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2030-12-31T23:59:59Z", datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2030-12-31T23:59:59+00:00", datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2031-01-01 01:59:59.9+02:00", datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2026-01-01T00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("1924991999", datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (1924991999, datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (99_999_999_999, datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC)),
    ],
)
def test_rows_expire(value: object, moment: datetime) -> None:
    """A date and time with its zone, or epoch seconds, fractions dropped."""
    assert moment.timestamp() == read_record({"expires_at": value}, TENANT).expires_at


@pytest.mark.parametrize("value", ["", None])
def test_rows_need_not_expire(value: object) -> None:
    """Without a moment a row holds for ever."""
    assert read_record({"expires_at": value}, TENANT).expires_at is None


@pytest.mark.parametrize(
    "value",
    [
        "2030-12-31", "2030-12-31T23:59:59", "31.12.2030", "never", "0", "20301231", "-1", "²", "٣",
        "1800000000000", "100000000000", "9999-12-31T23:59:59Z", "1e9",
        "9" * 5000, " 1924991999", 0, -1, 1_800_000_000_000, True,
        False, 1924991999.0, float("nan"), float("inf"), [], [1924991999], {"N": "1"},
    ],
)  # fmt: skip
def test_moments_that_are_none(value: object) -> None:
    """A row must not expire in 1970 by a date read as seconds, nor never by milliseconds.

    The year 9999 is beyond what the function believes, so the row would be gone at once.
    """
    field, message = _problem(expires_at=value)
    expected = (
        "expected a date and time with a time zone, such as 2030-12-31T23:59:59Z, or epoch "
        "seconds, from the year 2001 to 5138; or empty for no expiry; found "
    )
    assert ("expires_at", expected) == (field, message[: len(expected)])
    assert len(message) < len(expected) + 120


@pytest.mark.parametrize(
    ("cell", "hidden"),
    [
        ("", ()),
        ("tier", ("tier",)),
        ("tier|queue", ("tier", "queue")),
        ('["tier","a|b"]', ("tier", "a|b")),
        ("[]", ()),
    ],
)
def test_claims_are_hidden(cell: str, hidden: tuple[str, ...]) -> None:
    """`hidden_claims` lists names as a claim's cell lists values."""
    assert hidden == read_row({"user": USER, "hidden_claims": cell}, TENANT).hidden


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["tier", ""], 'the name of a claim must not be empty; found the list ["tier", ""]'),
        (" ", 'the name of a claim must not be empty; found the list [" "]'),
        (["tier", " zz"], "the name ' zz' has leading or trailing blanks; remove them"),
        ("tier ", "the name 'tier ' has leading or trailing blanks; remove them"),
        (["tier\n"], "the name 'tier\\u000a' has leading or trailing blanks; remove them"),
        ("tier|queue", "expected a list of claim names; found 'tier|queue'"),
        (7, "expected a string or a list of strings; found the number 7"),
        ({}, "expected a string or a list of strings; found the object {}"),
        ([None], "expected a string or a list of strings; found null"),
    ],
)  # fmt: skip
def test_hidden_claims_that_are_none(value: object, message: str) -> None:
    """A name that no claim can have is rejected, since it would silently hide nothing."""
    assert ("hidden_claims", message) == _problem(hidden_claims=value)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("a||b", "an empty value in the list 'a||b'; if intended, write a JSON array instead"),
        ("a|b|", "an empty value in the list 'a|b|'; if intended, write a JSON array instead"),
        ("|", "an empty value in the list '|'; if intended, write a JSON array instead"),
        ("a| |b", "an empty value in the list 'a| |b'; if intended, write a JSON array instead"),
        (
            "a | b",
            (
                "blanks around the value 'a ' in the list 'a | b'; if intended, write a JSON array"
                " instead"
            ),
        ),
    ],
)
@pytest.mark.parametrize("field", ["roles", "hidden_claims"])
def test_a_slip_in_a_list(field: str, cell: str, message: str) -> None:
    """Values that are empty or have outer blanks are rejected, except in a JSON array."""
    with pytest.raises(FieldProblem) as raised:
        read_row({"user": USER, field: cell}, TENANT)
    assert (field, message) == (raised.value.field, str(raised.value))
    row = {"user": USER, "roles": '["a ", ""]'}
    assert {"roles": ["a ", ""]} == read_row(row, TENANT).claims


@pytest.mark.parametrize("cell", ['["tier", " zz"]', " zz"])
def test_hidden_cells_with_blanks(cell: str) -> None:
    """Headings are trimmed, so a hidden name with blanks would let the claim through."""
    with pytest.raises(FieldProblem, match="the name ' zz' has leading or trailing blanks"):
        read_row({"user": USER, "hidden_claims": cell}, TENANT)


@pytest.mark.parametrize("cell", ["[", "[a]", '["a"', '["a" "b"]', "[draft] x", "[" * 100_000])
def test_an_array_that_is_none(cell: str) -> None:
    """A cell that begins like a JSON array but is none is refused rather than guessed at."""
    with pytest.raises(FieldProblem, match="expected a JSON array of strings such as") as raised:
        read_row({"user": USER, "claim": cell}, TENANT)
    assert ("claim", True) == (raised.value.field, len(str(raised.value)) < 200)


def test_a_value_too_deep_to_show() -> None:
    """What is nested too deep to be shown is described."""
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    message = "expected a string or a list of strings; found a deeply nested list"
    assert ("claim", message) == _problem(claim=value)


def test_a_row_holds_3_kb_at_most() -> None:
    """A row that alone is over Entra's 3 KB is refused, naming its largest claim."""
    fits: dict[str, Any] = {"a": "é" * 500, "large": ["x" * 2000, "y" * 66]}
    assert fits == read_record(fits, TENANT).claims
    message = (
        "the row's claims have 3073 bytes, and Entra accepts at most 3072 in one answer; this "
        "claim is the largest"
    )
    assert ("large", message) == _problem(a="é" * 500, large=["x" * 2000, "y" * 67])


def test_a_row_is_one_item_of_dynamodb() -> None:
    """Names to hide and empty items count no bytes of Entra's, but an item has 400 KB at most."""
    fits = [f"claim{number:05}" for number in range(20_000)]
    assert tuple(fits) == read_record({"user": USER, "hidden_claims": fits}, TENANT).hidden
    rows: list[dict[str, Any]] = [{"hidden_claims": fits * 2}, {"a": [""] * 110_000}]
    for row in rows:
        name, message = _problem(**row)
        assert ("", "the row's lists need ") == (name, message[:21])
        assert message.endswith("and a DynamoDB item can have at most 409600")


def test_an_item_holds_what_the_record_says() -> None:
    """The item in DynamoDB's own form: Map of String and List, List of names, Number."""
    record = Record(TENANT, USER, None, 1924991999, {"a": "x", "b": ["y", "z"]}, ("tier",))
    assert {
        "pk": {"S": f"USER#{TENANT}#{USER}"},
        "sk": {"S": "APP#*"},
        "claims": {"M": {"a": {"S": "x"}, "b": {"L": [{"S": "y"}, {"S": "z"}]}}},
        "hidden_claims": {"L": [{"S": "tier"}]},
        "expires_at": {"N": "1924991999"},
    } == record.to_item()
    assert {"pk", "sk", "claims"} == set(Record(TENANT, USER, None).to_item())


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("tenant", "tenant_id"), ("tenantid", "tenant_id"), ("tenantId", "tenant_id"),
        ("Tenant ID", "tenant_id"), ("TENANT", "tenant_id"), ("tenant-id", "tenant_id"),
        ("user_id", "user"), ("userid", "user"), ("users", "user"), ("User", "user"),
        ("app", "app_id"), ("appid", "app_id"), ("AppId", "app_id"), ("APP_ID", "app_id"),
        ("app.id", "app_id"), ("application id", "app_id"), ("client_id", "app_id"),
        ("expires", "expires_at"), ("expiresAt", "expires_at"), ("Expires\u00a0At", "expires_at"),
        ("expiry", "expires_at"), ("expires_on", "expires_at"),
        ("hiddenClaims", "hidden_claims"), ("hidden_claim", "hidden_claims"),
        ("hidden", "hidden_claims"), ("Hidden-Claims", "hidden_claims"),
    ],
)  # fmt: skip
def test_a_near_miss_is_no_claim(name: str, meant: str) -> None:
    """A misspelled reserved name is rejected: read as a claim, `appid` would widen the row."""
    with pytest.raises(FieldProblem) as raised:
        check_claim_name(name)
    reason = f"not allowed as the name of a claim; the reserved field is spelled {meant}"
    assert (name, reason) == (raised.value.field, str(raised.value))


@pytest.mark.parametrize(
    "name",
    ["tier", "appRoles", "userType", "tenantRegion", "user name", "apps", "expired", "mail", "_",
     "customRoles", "hiddenFees", "é", "-"],
)  # fmt: skip
def test_other_names_are_claims(name: str) -> None:
    """The table of near misses is closed: what is not in it is a claim, and not guessed about."""
    assert name == check_claim_name(name)


@pytest.mark.parametrize("name", ["tenant", "appid", "expiresAt", "hiddenClaims", "user_id"])
def test_a_file_with_a_near_miss_is_refused(refused: Refused, name: str) -> None:
    """In a heading and in a line alike, by its name."""
    reason = f"not allowed as the name of a claim; the reserved field is spelled {meant_by(name)}"
    (heading,) = refused(f"user,{name}\n{USER},x\n")
    (_, line) = refused(f'{{"user": "", "{name}": "x"}}')
    assert heading.startswith(f"claims:1: {name}: not allowed as the name of a claim")
    assert line.startswith(f"claims:1: {name}: not allowed as the name of a claim")
    assert reason in heading
    assert line.endswith(reason)
