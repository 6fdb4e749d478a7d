"""Which names are a claim's, and which were meant to say whose claims a row holds."""

import pytest
from claimsctl.claims_file.fields import check_claim_name
from claimsctl.claims_file.problem import FieldProblem

from tests.claims_file.files import USER, Refused


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
    """Were `appid` a claim, the row would be every app's: wider than anybody meant."""
    with pytest.raises(FieldProblem) as raised:
        check_claim_name(name)
    told = f"spelt {meant} where it is meant, else no name for a claim"
    assert (name, told) == (raised.value.field, str(raised.value))


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
    told = "where it is meant, else no name for a claim"
    (heading,) = refused(f"user,{name}\n{USER},x\n")
    (_, line) = refused(f'{{"user": "", "{name}": "x"}}')
    assert heading.startswith(f"claims:1: {name}: spelt ")
    assert line.startswith(f"claims:1: {name}: spelt ")
    assert heading.endswith(told)
    assert line.endswith(told)
