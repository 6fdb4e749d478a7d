"""Which claims of an answer get into a token, and why others do not."""

import json
from typing import Any

import pytest
from claimsctl.entra.token_mapping import (
    MappedClaim,
    MappingOutcome,
    is_restricted_jwt_name,
    is_restricted_saml_name,
    preview,
    read_policy,
)
from claimsctl.errors import OperatorError

ENTRIES: list[dict[str, Any]] = [
    {"Source": "CustomClaimsProvider", "ID": "dateOfBirth", "JwtClaimType": "birthdate"},
    {"Source": "CustomClaimsProvider", "ID": "customRoles", "SamlClaimType": "https://x/roles"},
    {"Source": "user", "ID": "mail", "JwtClaimType": "my_mail"},
]
INNER = {"ClaimsMappingPolicy": {"Version": 1, "ClaimsSchema": ENTRIES}}
EXPECTED = (
    MappedClaim("dateOfBirth", "birthdate"),
    MappedClaim("customRoles", None, "https://x/roles"),
)


@pytest.mark.parametrize(
    "document",
    [
        INNER,
        INNER["ClaimsMappingPolicy"],
        [json.dumps(INNER)],
        {"id": "1", "displayName": "x", "definition": [json.dumps(INNER)]},
        {"value": [{"definition": [json.dumps(INNER)]}]},
    ],
    ids=["inner", "schema", "definition", "graph", "graph-list"],
)
def test_a_policy_is_read_in_every_form_that_people_keep(document: Any) -> None:
    """Only entries of the claims provider are read."""
    assert EXPECTED == read_policy(json.dumps(document).encode(), "policy.json")


def test_names_of_fields_are_read_in_any_case() -> None:
    """Graph's documentation and people's scripts write them differently."""
    entry = {"source": "customclaimsprovider", "id": "a", "jwtClaimType": "b"}
    raw = json.dumps({"ClaimsSchema": [entry]}).encode("utf-8-sig")
    assert (MappedClaim("a", "b"),) == read_policy(raw, "policy.json")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"{}", "expected a claims mapping policy"),
        (b'{"value": []}', "expected a claims mapping policy"),
        (b'["{"]', "not JSON"),
        (b'{"ClaimsSchema": [1]}', "entry 1 of ClaimsSchema is not an object"),
        (
            b'{"ClaimsSchema": [{"Source": "CustomClaimsProvider", "ID": 1}]}',
            "expected ID and a claim type",
        ),
    ],
)
def test_what_is_no_policy_is_refused(raw: bytes, message: str) -> None:
    """The message names the file and what was expected."""
    with pytest.raises(OperatorError, match=rf"^policy[.]json: .*{message}"):
        read_policy(raw, "policy.json")


@pytest.mark.parametrize(
    ("policy", "saml", "expected"),
    [
        ([MappedClaim("a", "x")], False, [("a", MappingOutcome.EMITTED, "x")]),
        ([MappedClaim("a", "x"), MappedClaim("a", "y")], False,
         [("a", MappingOutcome.EMITTED, "x"), ("a", MappingOutcome.EMITTED, "y")]),
        ([], False, [("a", MappingOutcome.NOT_MAPPED, None)]),
        ([MappedClaim("A", "x")], False, [("a", MappingOutcome.CASE_DIFFERS, None)]),
        ([MappedClaim("a", "roles")], False, [("a", MappingOutcome.RESTRICTED, "roles")]),
        ([MappedClaim("a", None, "https://x")], False, [("a", MappingOutcome.NO_NAME, None)]),
        ([MappedClaim("a", None, "https://x")], True, [("a", MappingOutcome.EMITTED, "https://x")]),
        ([MappedClaim("a", "x")], True, [("a", MappingOutcome.NO_NAME, None)]),
        ([MappedClaim("a", "x"), MappedClaim("b", "y")], False,
         [("a", MappingOutcome.EMITTED, "x"), ("b", MappingOutcome.NOT_ANSWERED, None)]),
    ],
)  # fmt: skip
def test_each_claim_has_its_fate(
    policy: list[MappedClaim],
    saml: bool,  # noqa: FBT001
    expected: list[tuple[str, MappingOutcome, str | None]],
) -> None:
    """Claims are mapped or dropped with a reason; mappings without a claim are reported."""
    previewed = preview({"a": "1"}, policy, saml=saml)
    assert expected == [(claim.id, claim.outcome, claim.token_name) for claim in previewed]


@pytest.mark.parametrize(
    "name", ["roles", "groups", "azp", "upn", "email", "sub", "oid", "scp", "xms_x", "extn.x", "."]
)
def test_names_that_no_policy_can_emit(name: str) -> None:
    """Microsoft's restricted set of JSON Web Tokens, its prefixes included."""
    assert is_restricted_jwt_name(name)


@pytest.mark.parametrize("name", ["birthdate", "customRoles", "Roles", "xmsx", "name"])
def test_other_names_are_free(name: str) -> None:
    """A name that only resembles a restricted one can be emitted."""
    assert not is_restricted_jwt_name(name)


def test_saml_has_names_of_its_own() -> None:
    """What is restricted there is a URI."""
    base = "http://schemas.microsoft.com"
    assert is_restricted_saml_name(f"{base}/identity/claims/tenantid")
    assert is_restricted_saml_name(f"{base}/ws/2008/06/identity/claims/role")
    assert not is_restricted_saml_name("roles")
    assert not is_restricted_saml_name("https://contoso.example/roles")
