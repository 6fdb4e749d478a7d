"""``claimsctl entra plan``, ``apply``, ``snapshot`` and ``doctor tenant``, from end to end."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from claimsctl.cli import tenant_options
from claimsctl.tenant.chain import AUDIT, permissions_of
from claimsctl.tenant.reading import READ_PERMISSIONS
from claimsctl.tenant.users import USER_PERMISSIONS

from tests.cli.command import Outcome, Run
from tests.endpoints import Received, Reply, endpoint
from tests.tenant.chains import HOST, OTHER_APP, TARGET, TENANT, TEST_APP, tenant_with_apps, write
from tests.tenant.fake_graph import FakeGraph
from tests.tenant.test_users import Directory


class FakeAws:
    """CloudFormation with one stack, and CloudWatch Logs with its function's lines."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []

    def client(self, *_: object, **__: object) -> "FakeAws":
        """Both services' client."""
        return self

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        """The stack."""
        outputs = {"TargetUrl": TARGET, "FunctionLogGroup": "group"}
        held = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
        return {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Outputs": held}]}

    def filter_log_events(self, **request: Any) -> dict[str, Any]:
        """Every event."""
        self.requests.append(request)
        return {"events": self.events}


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGraph:
    """A tenant that the commands sign in to, and the two files in the working directory."""
    tenant = tenant_with_apps(delay=5)
    roles = [*permissions_of(), *READ_PERMISSIONS, AUDIT]
    token = jwt.encode({"roles": roles}, "k" * 32)
    monkeypatch.setattr(tenant_options, "tenant_token", lambda *_: token)
    monkeypatch.setattr(tenant_options, "Graph", lambda *_: tenant.graph())
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    return tenant


@pytest.fixture
def applied(run: Run, fake: FakeGraph) -> None:
    """The whole chain, after an answer of the endpoint and a callout of the test application."""
    with pytest.MonkeyPatch.context() as patched:
        for name in ("check_endpoint", "wait_for_callout"):
            patched.setattr(f"claimsctl.cli.entra_apply.{name}", lambda *_: None)
        outcome = run("entra", "apply", "--yes")
    assert (0, "") == (outcome.exit_code, outcome.out)
    assert ["enriched", "enriched"] == [fake.sign_in(app, HOST) for app in (TEST_APP, OTHER_APP)]


def _seen(fake: FakeGraph, age: timedelta = timedelta(), **result: object) -> None:
    """Entra's record of the test application's callout."""
    at = (datetime.now(UTC) - age).isoformat()
    applied = {
        "eventType": "tokenIssuanceStart",
        "executedListenerId": fake.objects["authenticationEventListeners"][0]["id"],
        "handlerResult": {"numberOfAttempts": 1, "calloutDateTime": at} | result,
    }
    record = {"correlationId": str(age), "appId": TEST_APP, "appliedEventListeners": [applied]}
    fake.objects["auditLogs"].append(record)


@pytest.mark.usefixtures("applied")
def test_plan_apply_snapshot_doctor_teardown(run: Run, fake: FakeGraph) -> None:
    """Apply creates the whole chain, a second apply changes nothing, teardown removes it."""
    assert 0 == run("entra", "plan").exit_code
    changes = fake.changes
    again = run("entra", "apply", "--yes")
    assert "nothing to change" in again.err
    assert changes == fake.changes
    included = [{"appId": TEST_APP}]
    conditions = {"applications": {"includeApplications": included}}
    fake.add("authenticationEventsFlows", displayName="flow", conditions=conditions)
    assert 0 == run("entra", "snapshot", "--out", "tenant.json").exit_code
    checked = run("doctor", "tenant", "--snapshot", "tenant.json", "--json")
    report = json.loads(checked.out)
    assert 0 == checked.exit_code
    assert "fail" not in {one["level"] for one in report["findings"]}
    assert {True} == {one["arrives"] for one in report["claims"]}
    torn = run("entra", "apply", "--teardown", "--yes")
    assert 0 == torn.exit_code
    assert f"kept: Application {OTHER_APP} accepts mapped claims: " in torn.err
    assert ["plain", "plain"] == [fake.sign_in(app, HOST) for app in (TEST_APP, OTHER_APP)]
    assert [] == fake.broken
    broken = run("doctor", "tenant")
    assert 1 == broken.exit_code
    assert "TEN009" in broken.out


@pytest.mark.usefixtures("applied")
def test_a_plan_for_a_snapshot_has_what_is_missing(run: Run, fake: FakeGraph) -> None:
    """The plan omits what the tenant has; what apply would refuse is a manual step."""

    def planned(*arguments: str) -> Outcome:
        assert 0 == run("entra", "snapshot", "--out", "tenant.json").exit_code
        return run("entra", "plan", "--snapshot", "tenant.json", *arguments)

    assert "nothing to change\n" == planned().out
    (extension,) = fake.objects["customAuthenticationExtensions"]
    extension["clientConfiguration"] = None
    (step,) = json.loads(planned("--json").out)["steps"]
    (request,) = step["requests"]
    assert ("extension", "PATCH") == (step["key"], request["method"])
    assert f"/{extension['id']}" in request["path"]
    app = next(one for one in fake.objects["applications"] if one["appId"] == TEST_APP)
    app |= {"signInAudience": "AzureADMultipleOrgs", "api": {}}
    by_hand = planned().out
    assert "by hand" in by_hand
    assert "users of other tenants" in by_hand
    assert "by hand: " in planned("--http").out
    undone = planned("--teardown").out
    assert f"Application {TEST_APP} accepts" not in undone
    assert f"Application {OTHER_APP} accepts" in undone


def test_no_listener_before_the_endpoint_answers(run: Run, fake: FakeGraph) -> None:
    """Without a token to call the endpoint with, apply stops before the listener."""
    stopped = run("entra", "apply", "--yes")
    assert 2 == stopped.exit_code
    assert "no token to call" in stopped.err
    assert [] == fake.objects["authenticationEventListeners"]


def _without_other_applications() -> None:
    path = Path("entra.toml")
    path.write_text(path.read_text("utf-8").partition("[[applications]]")[0], "utf-8")


@pytest.mark.parametrize("move", [(), ("--move", "https://claims.contoso.example/callout")])
def test_yes_and_force_spare_the_other_applications(
    run: Run, fake: FakeGraph, move: tuple[str, ...]
) -> None:
    """With more than the test application, the two options together are refused."""
    refused = run("entra", "apply", "--yes", "--force", *move)
    assert 2 == refused.exit_code
    assert f"without a test or a question, also for {OTHER_APP}" in refused.err
    assert [] == fake.requests


def test_yes_and_force_connect_a_test_application(run: Run, fake: FakeGraph) -> None:
    """With the test application alone, the listener needs neither a test nor a question."""
    _without_other_applications()
    assert 0 == run("entra", "apply", "--yes", "--force").exit_code
    assert "enriched" == fake.sign_in(TEST_APP, HOST)


def test_the_other_applications_follow_the_test_applications_callout(
    run: Run, fake: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The listener has only the test application until Entra recorded its callout."""
    monkeypatch.setattr("claimsctl.cli.entra_apply.check_endpoint", lambda *_: None)
    waiting = run("entra", "apply", "--yes", "--minutes", "0")
    assert 3 == waiting.exit_code
    assert "no callout of the test application in Entra's sign-in records within 0" in waiting.err
    assert "ciamlogin.com" in waiting.err
    assert ["called", "plain"] == [
        "called" if fake.sign_in(TEST_APP, HOST) == "enriched" else "",
        fake.sign_in(OTHER_APP, HOST),
    ]
    _seen(fake, timedelta(minutes=30), errorCode=1003005)
    early = run("entra", "apply", "--yes", "--minutes", "0")
    assert "no callout of the test application" in early.err
    _seen(fake, -timedelta(minutes=1), errorCode=1003005)
    failed = run("entra", "apply", "--yes", "--minutes", "0")
    assert (3, True) == (failed.exit_code, "1003005 after 1 attempts" in failed.err)
    _seen(fake, -timedelta(minutes=2), errorCode=0)
    assert 0 == run("entra", "apply", "--yes", "--minutes", "0").exit_code
    assert "enriched" == fake.sign_in(OTHER_APP, HOST)
    back = run("entra", "apply", "--yes", "--take-back", OTHER_APP)
    assert 0 == back.exit_code
    assert ["enriched", "plain"] == [fake.sign_in(app, HOST) for app in (TEST_APP, OTHER_APP)]


def test_a_callout_between_two_runs_counts(
    run: Run, fake: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first run, one successful sign-in is enough for the second run."""
    monkeypatch.setattr("claimsctl.cli.entra_apply.check_endpoint", lambda *_: None)
    assert 3 == run("entra", "apply", "--yes", "--minutes", "0").exit_code
    _seen(fake, timedelta(minutes=5), errorCode=0)
    assert 0 == run("entra", "apply", "--yes", "--minutes", "0").exit_code


@pytest.mark.parametrize(
    ("line", "code", "expected"),
    [
        ({"outcome": "answered", "status": 200}, 0, "steps applied"),
        (
            {"outcome": "store-unavailable", "status": 503, "cause": {"reason": "throttled"}},
            3,
            "callout failed: store-unavailable throttled",
        ),
    ],
)
def test_the_stacks_log_shows_the_callout(
    run: Run, fake: FakeGraph, monkeypatch: pytest.MonkeyPatch, line: Any, code: int, expected: str
) -> None:
    """With a stack, apply waits for the callout in its log, without further permissions."""
    aws = FakeAws()
    at = int((datetime.now(UTC) + timedelta(minutes=1)).timestamp() * 1000)
    message = json.dumps({"caller": "entra", "correlationId": "c"} | line)
    aws.events = [{"timestamp": at, "message": message}]
    for module in ("claimsctl.tenant.stack", "claimsctl.signin.cloudwatch"):
        monkeypatch.setattr(f"{module}.boto3.session.Session", lambda: aws)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setattr("claimsctl.cli.entra_apply.check_endpoint", lambda *_: None)
    roles = jwt.encode({"roles": list(permissions_of())}, "k" * 32)
    monkeypatch.setattr(tenant_options, "tenant_token", lambda *_: roles)
    assert AUDIT not in run("entra", "plan", "--stack", "claims").out
    applied = run("entra", "apply", "--stack", "claims", "--yes", "--minutes", "0")
    assert (code, True) == (applied.exit_code, expected in applied.err)
    assert 'caller = "entra"' in aws.requests[0]["filterPattern"]


@pytest.mark.usefixtures("applied")
def test_a_move_waits_for_the_new_endpoint(
    run: Run, fake: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chain moves only after the new URL answers."""
    url = "https://claims.contoso.example/callout"
    stopped = run("entra", "apply", "--move", url, "--yes")
    assert f"no token to call {url} with" in stopped.err
    assert "enriched" == fake.sign_in(TEST_APP, HOST)
    checked = []
    monkeypatch.setattr(
        "claimsctl.cli.entra_apply.check_endpoint",
        lambda config, _: checked.append(config.target_url),
    )
    moved = run("entra", "apply", "--move", url, "--yes")
    assert (0, [url]) == (moved.exit_code, checked)
    assert f'set target_url = "{url}" in entra.toml' in moved.err
    assert "enriched" == fake.sign_in(TEST_APP, "claims.contoso.example")
    assert "nothing to change" in run("entra", "apply", "--move", url, "--yes").err
    assert [] == fake.broken


def test_one_thing_at_a_time(run: Run, fake: FakeGraph) -> None:
    """--move, --teardown and --take-back are mutually exclusive."""
    refused = run("entra", "apply", "--teardown", "--move", "https://a.example/")
    assert "mutually exclusive" in refused.err
    assert [] == fake.requests


def test_missing_permissions_are_named_before_anything_is_read(
    run: Run, fake: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token without a permission is refused with its name and who grants it."""
    token = jwt.encode({"roles": ["Application.ReadWrite.All"]}, "k" * 32)
    monkeypatch.setattr(tenant_options, "tenant_token", lambda *_: token)
    refused = run("entra", "apply", "--yes")
    assert 2 == refused.exit_code
    assert "Privileged Role Administrator" in refused.err
    assert "EventListener.ReadWrite.All" in refused.err
    assert [] == fake.requests
    assert token not in refused.err


def test_nobody_to_ask(run: Run, fake: FakeGraph) -> None:
    """Without a terminal and --yes nothing is changed."""
    refused = run("entra", "apply")
    assert "to apply the changes without a prompt, add --yes" in refused.err
    assert 0 == fake.changes


def test_claims_resolve(run: Run, fake: FakeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses become object ids; those of no user or several users are omitted."""
    token = jwt.encode({"roles": list(USER_PERMISSIONS)}, "k" * 32)
    monkeypatch.setattr(tenant_options, "tenant_token", lambda *_: token)
    directory = Directory()
    directory.add(OTHER_APP, "mail eq 'one@x.example'")
    directory.add(OTHER_APP, "mail eq 'two@x.example'")
    directory.add(TEST_APP, "userPrincipalName eq 'two@x.example'")
    monkeypatch.setattr(tenant_options, "Graph", lambda *_: directory.graph())
    rows = "user,level\none@x.example,gold\ntwo@x.example,red\nno@x.example,tin\n"
    Path("claims.csv").write_text(f"{rows}{TEST_APP},own\n", "utf-8")
    ended = run("claims", "resolve", "claims.csv")
    assert 3 == ended.exit_code
    assert [OTHER_APP, TEST_APP] == sorted(
        (line.split(",")[1] for line in ended.out.splitlines()[1:]), reverse=True
    )
    assert "no@x.example: no user has this address; omitted" in ended.err
    assert "two@x.example: 2 users have this address" in ended.err
    assert "2 rows written, 2 omitted" in ended.err


def test_the_permissions_that_the_plan_lists_are_enough(
    run: Run, fake: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An app with just those applies the whole chain."""
    token = jwt.encode({"roles": list(permissions_of())}, "k" * 32)
    monkeypatch.setattr(tenant_options, "tenant_token", lambda *_: token)
    fake.permissions = set(permissions_of())
    _without_other_applications()
    assert 0 == run("entra", "apply", "--yes", "--force").exit_code
    assert "enriched" == fake.sign_in(TEST_APP, HOST)


def _snapshot_for(run: Run, url: str) -> None:
    """A snapshot of the applied tenant whose extension has the target URL."""
    assert 0 == run("entra", "snapshot", "--out", "tenant.json").exit_code
    text = Path("tenant.json").read_text("utf-8")
    Path("tenant.json").write_text(text.replace(TARGET, url), "utf-8")


@pytest.mark.usefixtures("applied")
def test_doctor_calls_the_endpoint(run: Run, fake: FakeGraph) -> None:
    """--call judges the answer, compares its claims with the policies, and its time with the wait.

    The token is sent, and is in no output.
    """

    def respond(received: Received) -> Reply:
        return Reply() if received.headers.get("authorization") == "Bearer s3cret" else Reply(401)

    with endpoint(respond) as service:
        _snapshot_for(run, service.url)
        call = ("doctor", "tenant", "--snapshot", "tenant.json", "--call", "--json")
        accepted = run(*call, "--target-url", service.url, "--token", "s3cret")
        refused = run(*call, "--target-url", service.url)
    found = {one["id"]: one for one in json.loads(accepted.out)["findings"]}
    assert ("ok", "2 claims") == (found["TEN025"]["level"], found["TEN025"]["evidence"])
    assert {"ok"} == {found[id_]["level"] for id_ in ("TEN010", "TEN020", "TEN024", "TEN026")}
    assert "s3cret" not in accepted.out + accepted.err
    found = {one["id"]: one for one in json.loads(refused.out)["findings"]}
    assert ("fail", 1003002) == (found["TEN025"]["level"], found["TEN025"]["entra_code"])
    assert 1 == refused.exit_code


@pytest.mark.usefixtures("fake")
def test_doctor_calls_an_endpoint_that_is_late(run: Run, request: pytest.FixtureRequest) -> None:
    """A missing answer within the effective wait has Entra's code of a time-out."""
    settings = Path("entra.toml").read_text("utf-8") + "\n[callout]\nwait_ms = 200\n"
    Path("entra.toml").write_text(settings, "utf-8")
    request.getfixturevalue("applied")

    def respond(_received: Received) -> Reply:
        time.sleep(0.4)
        return Reply()

    with endpoint(respond) as service:
        _snapshot_for(run, service.url)
        late = run(
            "doctor", "tenant", "--snapshot", "tenant.json", "--call", "--json",
            "--target-url", service.url,
        )  # fmt: skip
    found = {one["id"]: one for one in json.loads(late.out)["findings"]}
    assert ("fail", 1003005) == (found["TEN010"]["level"], found["TEN010"]["entra_code"])


@pytest.mark.parametrize("command", [("entra", "plan"), ("doctor", "tenant")])
def test_a_snapshot_of_another_tenant_is_refused(
    run: Run, fake: FakeGraph, command: tuple[str, str]
) -> None:
    """Files about two tenants are not compared; both tenants are named."""
    assert 0 == run("entra", "snapshot", "--out", "tenant.json").exit_code
    other = "99999999-9999-4999-8999-999999999999"
    text = Path("tenant.json").read_text("utf-8").replace(TENANT, other)
    Path("tenant.json").write_text(text, "utf-8")
    refused = run(*command, "--snapshot", "tenant.json")
    assert 2 == refused.exit_code
    assert f"is of tenant {other}, but the configuration is for tenant {TENANT}" in refused.err
