"""``claimsctl entra plan``, ``apply``, ``snapshot`` and ``doctor tenant``, from end to end."""

import json
from pathlib import Path

import jwt
import pytest
from claimsctl.cli import tenant_options
from claimsctl.tenant.chain import permissions_of
from claimsctl.tenant.reading import READ_PERMISSIONS
from claimsctl.tenant.users import USER_PERMISSIONS

from tests.cli.command import Run
from tests.tenant.chains import HOST, OTHER_APP, TEST_APP, tenant_with_apps, write
from tests.tenant.fake_graph import FakeGraph
from tests.tenant.test_users import Directory


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGraph:
    """A tenant that the commands sign in to, and the two files in the working directory."""
    tenant = tenant_with_apps(delay=5)
    roles = [*permissions_of(), *READ_PERMISSIONS]
    token = jwt.encode({"roles": roles}, "k" * 32)
    monkeypatch.setattr(tenant_options, "tenant_token", lambda *_: token)
    monkeypatch.setattr(tenant_options, "Graph", lambda *_: tenant.graph())
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    return tenant


def _seen(fake: FakeGraph, **result: object) -> None:
    """Entra's record of the test application's callout."""
    listener = fake.objects["authenticationEventListeners"][0]["id"]
    applied = {"executedListenerId": listener, "handlerResult": {"numberOfAttempts": 1} | result}
    fake.objects["auditLogs"].append({"appId": TEST_APP, "appliedEventListeners": [applied]})


def test_plan_apply_snapshot_doctor_teardown(run: Run, fake: FakeGraph, tmp_path: Path) -> None:
    """Nothing becomes a tenant without a fault, a second apply changes nothing, all can go."""
    assert 0 == run("entra", "plan").exit_code
    applied = run("entra", "apply", "--yes", "--force")
    assert (0, "") == (applied.exit_code, applied.out)
    assert ["enriched", "enriched"] == [fake.sign_in(app, HOST) for app in (TEST_APP, OTHER_APP)]
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
    assert 0 == run("entra", "apply", "--teardown", "--yes").exit_code
    assert ["plain", "plain"] == [fake.sign_in(app, HOST) for app in (TEST_APP, OTHER_APP)]
    assert [] == fake.broken
    broken = run("doctor", "tenant")
    assert 1 == broken.exit_code
    assert "TEN009" in broken.out


def test_no_listener_before_the_endpoint_answers(run: Run, fake: FakeGraph) -> None:
    """Without a token to call the endpoint with, apply stops before the listener."""
    stopped = run("entra", "apply", "--yes")
    assert 2 == stopped.exit_code
    assert "no token to call" in stopped.err
    assert [] == fake.objects["authenticationEventListeners"]


def test_the_other_applications_follow_the_test_applications_callout(
    run: Run, fake: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The listener is for the test application alone until Entra's record has its callout."""
    monkeypatch.setattr("claimsctl.cli.entra_apply.check_endpoint", lambda *_: None)
    waiting = run("entra", "apply", "--yes", "--minutes", "0")
    assert 3 == waiting.exit_code
    assert "no callout of the test application within 0 minutes" in waiting.err
    assert "ciamlogin.com" in waiting.err
    assert ["called", "plain"] == [
        "called" if fake.sign_in(TEST_APP, HOST) == "enriched" else "",
        fake.sign_in(OTHER_APP, HOST),
    ]
    _seen(fake, errorCode=1003005)
    failed = run("entra", "apply", "--yes", "--minutes", "0")
    assert (3, True) == (failed.exit_code, "1003005 after 1 attempts" in failed.err)
    _seen(fake, errorCode=0)
    assert 0 == run("entra", "apply", "--yes", "--minutes", "0").exit_code
    assert "enriched" == fake.sign_in(OTHER_APP, HOST)
    back = run("entra", "apply", "--yes", "--take-back", OTHER_APP)
    assert 0 == back.exit_code
    assert ["enriched", "plain"] == [fake.sign_in(app, HOST) for app in (TEST_APP, OTHER_APP)]


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
    assert "--yes makes the changes" in refused.err
    assert 0 == fake.changes


def test_claims_resolve(run: Run, fake: FakeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses become object ids; those of no user or several users are left out."""
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
    assert "no@x.example: nobody has this address; left out" in ended.err
    assert "two@x.example: 2 users have it" in ended.err
    assert "2 rows written, 2 left out" in ended.err


def test_the_permissions_that_the_plan_lists_are_enough(
    run: Run, fake: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An app with just those applies the whole chain."""
    token = jwt.encode({"roles": list(permissions_of())}, "k" * 32)
    monkeypatch.setattr(tenant_options, "tenant_token", lambda *_: token)
    fake.permissions = set(permissions_of())
    assert 0 == run("entra", "apply", "--yes", "--force").exit_code
    assert "enriched" == fake.sign_in(OTHER_APP, HOST)
