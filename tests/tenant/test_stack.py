"""The checks of a deployed stack."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from claimsctl.errors import OperatorError
from claimsctl.judge.finding import Finding, Level
from claimsctl.tenant import stack
from claimsctl.tenant.stack import check_stack, stack_endpoint

from tests.tenant.chains import CONFIG, HOST, TARGET, TENANT, chain_in

APP = "55555555-5555-4555-8555-555555555555"
ISSUER = f"https://{TENANT}.ciamlogin.com/{TENANT}/v2.0"


class Aws:
    """The answers of the AWS services, according to their API references."""

    def __init__(self) -> None:
        self.status = "UPDATE_COMPLETE"
        self.outputs = {
            "TargetUrl": TARGET,
            "IdentifierUri": f"api://{HOST}/{APP}",
            "FunctionName": "function",
        }
        self.alarm = "OK"
        self.weights: dict[str, float] = {}
        self.variables = {"CALLER_VERIFICATION": "gateway", "ENTRA_WAIT_MS": "2000"}
        self.issuer = ISSUER
        self.audience = [APP]
        self.denied = ""

    def client(self, service: str) -> Any:
        """Return this object as the client of every service."""
        if service == self.denied:
            error: Any = {"Error": {"Code": "AccessDenied", "Message": "not allowed"}}
            raise ClientError(error, "Any")
        return self

    def describe_stacks(self, **_: str) -> Any:
        """Return the documented answer."""
        outputs = [{"OutputKey": k, "OutputValue": v} for k, v in self.outputs.items()]
        return {"Stacks": [{"StackStatus": self.status, "Outputs": outputs}]}

    def get_paginator(self, _name: str) -> Any:
        """Return the documented answer."""
        held = {"AWS::CloudWatch::Alarm": "late", "AWS::ApiGatewayV2::Api": "api"}
        if self.variables["CALLER_VERIFICATION"] == "gateway":
            held["AWS::ApiGatewayV2::Authorizer"] = "jwt"
        resources = [{"ResourceType": k, "PhysicalResourceId": v} for k, v in held.items()]
        page = {"StackResourceSummaries": resources}
        return SimpleNamespace(paginate=lambda **_: [page])

    def describe_alarms(self, **_: Any) -> Any:
        """Return the documented answer."""
        alarm = {"AlarmName": "late", "StateValue": self.alarm, "StateReason": "3 of 5"}
        return {"MetricAlarms": [alarm]}

    def get_alias(self, **_: str) -> Any:
        """Return the documented answer."""
        routing = {"AdditionalVersionWeights": self.weights}
        return {"FunctionVersion": "7", "RoutingConfig": routing}

    def get_function_configuration(self, **_: str) -> Any:
        """Return the documented answer."""
        return {"Environment": {"Variables": self.variables}}

    def get_authorizer(self, **_: str) -> Any:
        """Return the documented answer."""
        return {"JwtConfiguration": {"Issuer": self.issuer, "Audience": self.audience}}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    """Return an account with a correct stack."""
    account = Aws()
    monkeypatch.setattr(stack, "client", account.client)
    return account


def _found(folder: Path) -> dict[str, Finding]:
    text = CONFIG.replace("[endpoint]", f'[endpoint]\napp_id = "{APP}"')
    return {one.id: one for one in check_stack("name", chain_in(folder, text).config)}


def test_a_good_stack(aws: Aws, tmp_path: Path) -> None:
    """Outputs, alarms, version, settings and authorizer are correct."""
    found = _found(tmp_path)
    assert {Level.OK} == {one.level for one in found.values()}
    assert "uses version 7" in found["STK003"].evidence
    assert "ENTRA_WAIT_MS=2000" in found["STK003"].evidence


@pytest.mark.parametrize(
    ("name", "value", "id_", "expected"),
    [
        ("status", "UPDATE_ROLLBACK_COMPLETE", "STK001", "UPDATE_ROLLBACK_COMPLETE"),
        ("alarm", "ALARM", "STK002", "late: 3 of 5"),
        ("weights", {"6": 0.9}, "STK003", "version 6 receives 90% of the calls"),
        ("issuer", "https://other/", "STK004", f"the tenant's is {ISSUER}"),
        ("audience", ["other"], "STK004", f"audience is other, but the application is {APP}"),
    ],
)
def test_each_fault_of_a_stack(
    aws: Aws, tmp_path: Path, name: str, value: object, id_: str, expected: str
) -> None:
    """Each fault causes one finding with its evidence."""
    setattr(aws, name, value)
    found = _found(tmp_path)
    assert {id_} == {one.id for one in found.values() if one.level is not Level.OK}
    assert expected in found[id_].evidence


@pytest.mark.parametrize(
    ("variables", "level", "expected"),
    [
        ({"TENANT_ID": TENANT, "TOKEN_AUDIENCES": f"{APP},api://h/{APP}"}, Level.OK, ISSUER),
        (
            {"TENANT_ID": "other", "TOKEN_AUDIENCES": APP},
            Level.FAIL,
            "issuer is other, but the tenant's",
        ),
        (
            {"TENANT_ID": TENANT, "TOKEN_AUDIENCES": "x"},
            Level.FAIL,
            "audience is x, but the application",
        ),
        (
            {"TOKEN_ISSUER": f"https://login.example/{TENANT}/v2.0", "TOKEN_AUDIENCES": APP},
            Level.WARN,
            "issuer is https://login.example/",
        ),
    ],
)
def test_a_function_that_verifies_by_itself(
    aws: Aws, tmp_path: Path, variables: dict[str, str], level: Level, expected: str
) -> None:
    """Without an authorizer, issuer and audience are those of the version in use."""
    aws.variables |= variables | {"CALLER_VERIFICATION": "function"}
    found = _found(tmp_path)["STK004"]
    assert level is found.level
    assert expected in found.evidence


def test_a_stack_that_verifies_nobody(aws: Aws, tmp_path: Path) -> None:
    """Without verification there is no issuer to compare."""
    aws.variables["CALLER_VERIFICATION"] = "none"
    found = _found(tmp_path)
    assert (Level.WARN, Level.SKIP) == (found["STK003"].level, found["STK004"].level)


def test_what_may_not_be_read_is_skipped(aws: Aws, tmp_path: Path) -> None:
    """A role without a permission gets the other findings, and the name of the permission."""
    aws.denied = "lambda"
    found = _found(tmp_path)
    assert Level.SKIP is found["STK003"].level
    assert "AccessDenied" in found["STK003"].evidence
    assert Level.OK is found["STK004"].level


def test_a_stack_gives_the_endpoint(aws: Aws, tmp_path: Path) -> None:
    """Target URL and application of ``[endpoint]`` are the stack's outputs."""
    text = CONFIG.replace(f'target_url = "{TARGET}"', 'stack = "name"')
    endpoint = stack_endpoint(chain_in(tmp_path, text).config.endpoint)
    assert (TARGET, APP) == (endpoint.target_url, endpoint.app_id)
    aws.outputs.pop("TargetUrl")
    with pytest.raises(OperatorError, match="no output TargetUrl"):
        stack_endpoint(chain_in(tmp_path, text).config.endpoint)
