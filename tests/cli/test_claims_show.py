"""`claimsctl claims show`: what a user gets, worked out as the function works it out."""

import json
from pathlib import Path
from typing import Any

import pytest
from claimsctl.claims_file.record import Record

from tests.claims_file.files import APP, TENANT, USER
from tests.claims_table.items import claims
from tests.cli.command import MEMBER, Outcome, Run
from tests.integration.engine import Table

TENANT_ROW = Record(TENANT, None, None).key
USER_ROW = Record(TENANT, USER, None).key
APP_ROW = Record(TENANT, USER, APP).key


def show(run: Run, table: Table, user: str, *options: str) -> Outcome:
    """The outcome for a user of the samples' tenant."""
    where = ("--endpoint-url", table.url, "--table", table.name, "--tenant", TENANT)
    return run("claims", "show", user, *where, *options)


def body(run: Run, table: Table, *options: str) -> Any:
    """The body that it says Entra would get."""
    return json.loads(show(run, table, USER, "--json", *options).out)


def test_each_layer_and_what_wins(run: Run, sample: Table) -> None:
    """The item that wins is first; each claim shows its effect; then follows Entra's view."""
    outcome = show(run, sample, USER, "--app", APP)
    head, tail = outcome.out.split("200  application/json\n")
    assert [
        f"USER#{TENANT}#{USER} APP#{APP}  the user, one app",
        '  customRoles  ["Writer", "Editor", "Publisher"]  wins',
        f"USER#{TENANT}#{USER} APP#*  the user, every app",
        '  customRoles  ["Writer", "Editor"]  overridden by the user, one app',
        '  dateOfBirth  "2000-01-01"  wins',
        '  loyaltyTier  "gold"  wins',
        f"TENANT#{TENANT} APP#{APP}  the tenant's default, one app",
        '  supportQueue  "test-app"  wins',
        f"TENANT#{TENANT} APP#*  the tenant's default, every app",
        '  loyaltyTier   "basic"  overridden by the user, every app',
        '  supportQueue  "web"  overridden by the tenant\'s default, one app',
    ] == head.splitlines()
    assert [
        "Entra would accept this answer",
        '  customRoles   ["Writer", "Editor", "Publisher"]',
        '  dateOfBirth   "2000-01-01"',
        '  loyaltyTier   "gold"',
        '  supportQueue  "test-app"',
        "  █░░░░░░░░░░░░░░░░░░░░░░░  88 of 3072 bytes",
    ] == tail.splitlines()[-6:]
    assert (0, "Assumed: a sign-in to app ") == (outcome.exit_code, outcome.err[:26])


def test_it_is_what_the_function_answers(run: Run, sample: Table) -> None:
    """The body is that of the function, asked for the same user and app."""
    where = ("--endpoint-url", sample.url, "--table", sample.name)
    answered = json.loads(run("invoke", MEMBER, "--json", *where).out)["body"]
    assert answered == body(run, sample, "--app", APP)


def test_json_is_the_body_and_nothing_else(run: Run, sample: Table) -> None:
    """One line, byte for byte what Entra would get."""
    outcome = show(run, sample, USER, "--json")
    data = {"@odata.type": "microsoft.graph.onTokenIssuanceStartResponseData"}
    assert data.items() <= json.loads(outcome.out)["data"].items()
    assert (1, "") == (outcome.out.count("\n"), outcome.err)


def test_another_apps_rows_are_named(run: Run, sample: Table) -> None:
    """Without `--app` a row for one app does not count, but is not hidden either."""
    outcome = show(run, sample, USER)
    assert f"USER#{TENANT}#{USER} APP#{APP}  not used: for another app (see --app)" in outcome.out
    assert "Publisher" not in outcome.out


@pytest.mark.parametrize("user", [USER.replace("a", "f"), "casey@contoso.com"])
def test_nobody_knows_the_user(run: Run, sample: Table, user: str) -> None:
    """Such a user gets the tenant's default; the missing item is reported with exit code 1."""
    outcome = show(run, sample, user)
    assert '  loyaltyTier   "basic"  wins' in outcome.out.splitlines()
    assert f"table {sample.name}: no item for user {user}" == outcome.err.splitlines()[0]
    assert 1 == outcome.exit_code


def test_nobody_knows_the_tenant(run: Run, table: Table) -> None:
    """Claims are `{}` then, never null."""
    outcome = show(run, table, USER, "--json")
    assert {} == json.loads(outcome.out)["data"]["actions"][0]["claims"]
    assert (1, f"table {table.name}: no item for user {USER}\n") == (outcome.exit_code, outcome.err)


def test_an_address_is_looked_for_as_such(run: Run, table: Table) -> None:
    """Items under the canonical address apply; the required setting is mentioned."""
    table.put_claims(Record(TENANT, "casey@contoso.com", None).key, {"tier": "gold"})
    outcome = show(run, table, "Casey@Contoso.com")
    assert '  tier  "gold"  wins' in outcome.out.splitlines()
    assert (0, True) == (outcome.exit_code, "USER_KEYS set to the address only" in outcome.err)


def test_what_does_not_go_out_says_why(run: Run, table: Table) -> None:
    """Hidden, empty, withheld, expired: each claim that Entra does not get has its reason."""
    table.put(TENANT_ROW, claims=claims(tier="basic", queue="web", age="old", city="x", gone="y"))
    table.put(
        USER_ROW,
        claims={"M": {"age": {"N": "7"}, "city": {"S": ""}, "roles": {"SS": ["b", "a"]}}},
        hidden_claims={"L": [{"S": "queue"}]},
        expires_at={"N": "4102444799"},
    )
    table.put(APP_ROW, claims=claims(tier="gone"), expires_at={"N": "1767225600"})
    outcome = show(run, table, USER, "--app", APP)
    withheld = (
        "not sent: Entra accepts only strings and lists of strings; hides this claim of items with"
        " lower precedence"
    )
    assert [
        f"USER#{TENANT}#{USER} APP#{APP}  the user, one app  expired 2026-01-01T00:00:00Z",
        '  tier  "gone"',
        f"USER#{TENANT}#{USER} APP#*  the user, every app  expires 2099-12-31T23:59:59Z",
        f'  age    number "7"  {withheld}',
        '  city   ""  empty: hides this claim of items with lower precedence',
        '  roles  string set ["a", "b"]  wins',
        '  hides ["queue"]',
        f"TENANT#{TENANT} APP#*  the tenant's default, every app",
        '  age    "old"  hidden by the user, every app',
        '  city   "x"  hidden by the user, every app',
        '  gone   "y"  wins',
        '  queue  "web"  hidden by the user, every app',
        '  tier   "basic"  wins',
    ] == outcome.out.splitlines()[:13]
    assert {"roles": ["a", "b"], "gone": "y", "tier": "basic"} == body(run, table, "--app", APP)[
        "data"
    ]["actions"][0]["claims"]


@pytest.mark.parametrize(
    ("attributes", "message", "code"),
    [
        (
            {"claims": {"S": "x"}},
            'invalid: claims is "x"; the function reports a store failure',
            "store-failure",
        ),
        (
            {"hidden_claims": {"N": "1"}},
            'invalid: hidden_claims is number "1"; the function reports a store failure',
            "store-failure",
        ),
        ({"claims": claims(big="x" * 4000)}, "the user, every app", "claims-too-large"),
    ],
    ids=["claims", "hidden", "large"],
)
def test_a_sign_in_that_fails(
    run: Run, table: Table, attributes: dict[str, Any], message: str, code: str
) -> None:
    """Where the function answers with an error, that is shown, and the user gets no token: 1."""
    table.put(TENANT_ROW, claims=claims(tier="basic"))
    table.put(USER_ROW, **attributes)
    outcome = show(run, table, USER)
    assert outcome.out.splitlines()[0].endswith(message)
    assert f'  "code": "{code}"' in outcome.out
    assert "Entra would refuse this answer: 1003002" in outcome.out
    assert 1 == outcome.exit_code
    assert code == body(run, table)["code"]


@pytest.mark.parametrize("user", ["casey", "", "a@b@c", USER[:-1]])
def test_what_names_no_user(run: Run, user: str) -> None:
    """A value that is neither a GUID nor an address is wrong usage; the expected form is shown."""
    outcome = run("claims", "show", user, "--tenant", TENANT, "--table", "t")
    assert (2, True) == (outcome.exit_code, "Invalid value for 'USER': expected a" in outcome.err)


def test_whose_user_it_is_must_be_said(run: Run) -> None:
    """The same id in another tenant is a different user."""
    outcome = run("claims", "show", USER, "--table", "t")
    assert (2, True) == (outcome.exit_code, "Missing option '--tenant'" in outcome.err)


POLICY = {
    "ClaimsMappingPolicy": {
        "ClaimsSchema": [
            {"Source": "CustomClaimsProvider", "ID": "loyaltyTier", "JwtClaimType": "tier"},
            {"Source": "CustomClaimsProvider", "ID": "dateOfBirth", "SamlClaimType": "urn:born"},
            {"Source": "CustomClaimsProvider", "ID": "customroles", "JwtClaimType": "x"},
            {"Source": "CustomClaimsProvider", "ID": "supportQueue", "JwtClaimType": "roles"},
        ]
    }
}


def test_from_the_table_to_the_token(run: Run, sample: Table, tmp_path: Path) -> None:
    """Under a policy each kind of token holds what is mapped for it; what is dropped says why."""
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(POLICY), "utf-8")
    shown = show(run, sample, USER, "--mapping-policy", str(policy))
    assert 0 == shown.exit_code
    _, id_token, access_token, assertion = (
        shown.out.replace("In the access token", "In the ID token")
        .replace("In the SAML assertion", "In the ID token")
        .split("In the ID token\n")
    )
    assert id_token == access_token
    lines = [" ".join(line.split()) for line in id_token.splitlines()]
    assert 'loyaltyTier → tier "gold"' in lines
    assert any("dateOfBirth → — dropped: the policy does not name it" in line for line in lines)
    assert any("the policy maps customroles" in line for line in lines)
    assert "supportQueue → roles dropped: a policy cannot emit a claim with this name" in lines
    assert 'dateOfBirth → urn:born "2000-01-01"' in " ".join(assertion.split())


def test_the_access_token_has_the_policy_of_its_api(
    run: Run, sample: Table, tmp_path: Path
) -> None:
    """`--api-policy` counts for the access token alone; without it that the same is assumed."""
    (tmp_path / "app.json").write_text(json.dumps(POLICY), "utf-8")
    entry = {"Source": "CustomClaimsProvider", "ID": "loyaltyTier", "JwtClaimType": "api_tier"}
    (tmp_path / "api.json").write_text(json.dumps({"ClaimsSchema": [entry]}), "utf-8")
    both = ("--mapping-policy", str(tmp_path / "app.json"), "--api-policy")
    shown = show(run, sample, USER, "--json", *both, str(tmp_path / "api.json"))
    names = {
        token: [claim["name"] for claim in claims if claim["fate"] == "emitted"]
        for token, claims in json.loads(shown.out)["tokens"].items()
    }
    expected = {"ID token": ["tier"], "access token": ["api_tier"], "SAML assertion": ["urn:born"]}
    assert (expected, "") == (names, shown.err)
    alone = show(run, sample, USER, "--json", *both[:2])
    assert (
        "Assumed: the access token is for the same app. To use the policy of another API"
        in alone.err
    )
    api = json.loads(show(run, sample, USER, "--json", "--api-policy", both[1]).out)["tokens"]
    assert ("tier", "loyaltyTier") == tuple(
        next(c["name"] for c in api[token] if c["id"] == "loyaltyTier")
        for token in ("access token", "ID token")
    )


def test_the_token_for_machines(run: Run, sample: Table) -> None:
    """`--token --json`: the answer, and each claim's fate; without a policy each keeps its name."""
    shown = show(run, sample, USER, "--token", "--json")
    document = json.loads(shown.out)
    assert document["answer"] == body(run, sample)
    assert {"ID token", "access token", "SAML assertion"} == document["tokens"].keys()
    assert {"id": "loyaltyTier", "name": "loyaltyTier", "fate": "emitted"} in (
        document["tokens"]["ID token"]
    )
    assert "Assumed: a claims mapping policy that maps each claim to its own name" in shown.err


def test_a_policy_that_is_none(run: Run, sample: Table, tmp_path: Path) -> None:
    """A file that is no policy is wrong usage."""
    (tmp_path / "x.json").write_text("[]")
    shown = show(run, sample, USER, "--mapping-policy", str(tmp_path / "x.json"))
    assert (2, True) == (shown.exit_code, "a claims mapping policy" in shown.err)
