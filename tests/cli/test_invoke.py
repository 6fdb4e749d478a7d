"""`claimsctl invoke`: one event through the function, with output for users and scripts."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from claimsctl.emulator.events import http_api_event
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import authorizer_claims

from tests.cli.command import EVENTS, MEMBER, Outcome, Run
from tests.integration.engine import Table

OTHER_TENANT = "bbbbcccc-1111-dddd-2222-eeee3333ffff"
USER = "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"


def _invoke(run: Run, table: Table, event: str | Path, *options: str, **others: Any) -> Outcome:
    where = ("--endpoint-url", table.url, "--table", table.name)
    return run("invoke", event, *where, *options, **others)


def _claims(outcome: Outcome) -> Any:
    return json.loads(outcome.out)["body"]["data"]["actions"][0]["claims"]


def _callout_of(tenant: str) -> dict[str, Any]:
    body = body_of("member")
    body["data"]["tenantId"] = tenant
    return body


def test_the_embedded_table_holds_the_sample(process: Run) -> None:
    """Without any option, in an empty folder, the sample's claims are answered and judged."""
    outcome = process("invoke", MEMBER)
    assert (0, "200  application/json\n") == (outcome.exit_code, outcome.out[:22])
    shown = outcome.out[outcome.out.index("Entra would") :].splitlines()
    assert [
        "Entra would accept this answer",
        '  customRoles   ["Writer", "Editor", "Publisher"]',
        '  dateOfBirth   "2000-01-01"',
        '  loyaltyTier   "gold"',
        '  supportQueue  "test-app"',
        "  █░░░░░░░░░░░░░░░░░░░░░░░  88 of 3072 bytes",
    ] == shown


def test_a_refusal_is_reported(run: Run, sample: Table) -> None:
    """An answer that Entra would not accept is reported with the code that its log would show."""
    outcome = _invoke(run, sample, EVENTS / "bad/no-user.json")
    assert 1 == outcome.exit_code
    assert "400  application/problem+json" == outcome.out.splitlines()[0]
    assert "Entra would refuse this answer: 1003002" in outcome.out
    assert "RSP001  fail  The status is not 200, the only one that Entra accepts" in outcome.out


def test_another_tenant_than_the_bodys_is_refused(run: Run, sample: Table) -> None:
    """`--tenant` is the deployment's: a body of another tenant is a caller refused."""
    outcome = _invoke(run, sample, MEMBER, "--json", "--tenant", OTHER_TENANT)
    assert (1, 401) == (outcome.exit_code, json.loads(outcome.out)["statusCode"])
    cause = json.loads(outcome.err)["cause"]
    assert ("tenant", OTHER_TENANT) == (cause["reason"], cause["expected"])


def _envelope_of(tenant: str, *, base64: bool) -> dict[str, Any]:
    raw = json.dumps(_callout_of(tenant)).encode()
    event = http_api_event(
        raw, {}, authorizer_claims=authorizer_claims(tenant), received_at_ms=1795508520000
    )
    if base64:
        event |= {"body": b64encode(raw).decode(), "isBase64Encoded": True}
    return event


@pytest.mark.parametrize(
    "document",
    [
        _callout_of(OTHER_TENANT),
        _callout_of(OTHER_TENANT.upper()),
        _envelope_of(OTHER_TENANT, base64=False),
        _envelope_of(OTHER_TENANT, base64=True),
    ],
    ids=["body", "body-in-capitals", "envelope", "base64-envelope"],
)
def test_the_bodys_tenant_is_answered(run: Run, tmp_path: Path, document: dict[str, Any]) -> None:
    """A callout that names another tenant than the samples' is answered for that tenant."""
    claims = tmp_path / "claims.csv"
    claims.write_text(f"tenant_id,user,tier\n{OTHER_TENANT},{USER},gold\n")
    event = json.dumps(document).encode()
    outcome = run("invoke", "-", "--json", "--claims", claims, stdin=event)
    assert (0, {"tier": "gold"}) == (outcome.exit_code, _claims(outcome))


def test_claims_take_the_tenant_of_the_option(run: Run, tmp_path: Path) -> None:
    """Rows without a tenant of their own belong to `--tenant`; its variable does the same."""
    claims = tmp_path / "claims.jsonl"
    claims.write_text(json.dumps({"user": USER, "roles": ["a", "b"]}))
    event = json.dumps(_callout_of(OTHER_TENANT)).encode()
    outcome = run("invoke", "-", "--json", "--claims", claims, stdin=event, TENANT_ID=OTHER_TENANT)
    assert (0, {"roles": ["a", "b"]}) == (outcome.exit_code, _claims(outcome))


def test_nothing_is_loaded_unasked(run: Run, table: Table) -> None:
    """No sample claims are loaded into a table that is not embedded."""
    outcome = _invoke(run, table, MEMBER)
    assert (0, "the answer contains no claims") == (outcome.exit_code, outcome.out.splitlines()[-1])
    assert 0 == table.client.scan(TableName=table.name)["Count"]


def test_a_faulty_file_of_claims_is_reported(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each problem by file and line; no answer, no traceback, nothing on standard output."""
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text(f"user,tier\n{USER},x\n{USER},y\ncasey,z\n")
    outcome = run(
        "invoke", MEMBER, "--claims", "mine.csv", "--tenant", "aaaabbbb-0000-cccc-1111-dddd2222eeee"
    )
    assert (2, "") == (outcome.exit_code, outcome.out)
    no_guid = "expected a GUID such as 00000000-0000-0000-0000-000000000000, or an address with @"
    assert [
        "claimsctl: mine.csv: 2 problems; nothing was written",
        "mine.csv:3: user: the row has the same tenant, user and app as line 2",
        f"mine.csv:4: user: {no_guid}; found 'casey'",
    ] == outcome.err.splitlines()


@pytest.mark.parametrize(
    ("arguments", "settings", "cause"),
    [
        (("none.json",), {}, "none.json: cannot be read: No such file or directory"),
        ((EVENTS,), {}, f"{EVENTS}: cannot be read: Is a directory"),
        ((MEMBER, "--claims", "no.csv"), {}, "no.csv: cannot be read: No such file or directory"),
        (
            (MEMBER,),
            {"ENTRA_WAIT_MS": "50"},
            "the function's settings are invalid: ENTRA_WAIT_MS: expected ",
        ),
        (
            (MEMBER,),
            {"USER_KEYS": "phone"},
            "the function's settings are invalid: USER_KEYS: expected ",
        ),
        (
            (MEMBER, "--table", "t"),
            {"AWS_PROFILE": "nobody"},
            "the function cannot start: The config profile (nobody) could ",
        ),
    ],
    ids=["event", "folder", "claims", "wait", "keys", "profile"],
)
def test_what_cannot_be_done_is_one_line(
    run: Run, arguments: tuple[str | Path, ...], settings: dict[str, str], cause: str
) -> None:
    """Wrong input ends with 2 and one line that names the cause first."""
    outcome = run("invoke", *arguments, **settings)
    assert (2, "", 1) == (outcome.exit_code, outcome.out, outcome.err.count("\n"))
    assert outcome.err.startswith(f"claimsctl: {cause}")


@pytest.mark.parametrize("mode", ["gateway", "function"])
def test_a_deployments_token_is_not_the_played_one(run: Run, sample: Table, mode: str) -> None:
    """TOKEN_ISSUER and TOKEN_AUDIENCES are for Entra's tokens: a bare body's is made here."""
    outcome = _invoke(
        run,
        sample,
        MEMBER,
        "--json",
        CALLER_VERIFICATION=mode,
        TOKEN_ISSUER="https://elsewhere.example.com",
        TOKEN_AUDIENCES="elsewhere",
    )
    assert (0, 200) == (outcome.exit_code, json.loads(outcome.out)["statusCode"])


def test_an_event_brings_its_token(run: Run, sample: Table) -> None:
    """A gateway's event holds what was verified: there a deployment's audiences count."""
    event = EVENTS / "gateway/http-api.json"
    assert 1 == _invoke(run, sample, event, TOKEN_AUDIENCES="elsewhere").exit_code


@pytest.mark.parametrize(
    "event",
    [
        b'{"requestContext": {}, "body": "\\ud800"}', b'{"requestContext": null}', b"\x00", b"[1",
        b'{"requestContext": {"http": {}}, "version": "2.0", "body": {"a": []}}',
        b'{"requestContext": [], "httpMethod": "POST"}', b"[" * 60_000, b"\xef\xbb\xbf{}",
    ],
    ids=["surrogate", "null", "nul", "cut-off", "odd-body", "list", "deep", "byte-order-mark"],
)  # fmt: skip
def test_odd_events_are_answered(run: Run, sample: Table, event: bytes) -> None:
    """Whatever is given as an event, the function answers it with an error of its own."""
    outcome = _invoke(run, sample, "-", "--json", stdin=event)
    status = json.loads(outcome.out)["statusCode"]
    assert (1, 4) == (outcome.exit_code, status // 100)
