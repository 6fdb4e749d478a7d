"""Find the log lines of a stack in CloudWatch Logs."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from claimsctl.errors import OperatorError
from claimsctl.signin.access_log import PATTERN, GatewayAnswer
from claimsctl.signin.cloudwatch import SIGN_INS_MAX, StackLog, stack_log
from claimsctl.signin.records import read_sign_in
from claimsctl.signin.summary import Row

from tests.cli.command import ROOT
from tests.signin.samples import correlation_id, graph, listener
from tests.signin.test_provider_log import MESSAGES

GROUP = "claims-FunctionLogs-1"
ACCESS_GROUP = "/aws/vendedlogs/claims/access"


class FakeAws:
    """CloudFormation with one stack, and CloudWatch Logs with one group; both record requests."""

    def __init__(self) -> None:
        self.outputs = {"FunctionLogGroup": GROUP}
        self.requests: list[dict[str, Any]] = []
        self.access: list[dict[str, Any]] = []
        """Lines of the access log."""

    def client(self, *_: object, **__: object) -> "FakeAws":
        """Both services' client."""
        return self

    def describe_stacks(self, **request: Any) -> dict[str, Any]:
        """The stack `claims`."""
        if request["StackName"] != "claims":
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": "does not exist"}},
                "DescribeStacks",
            )
        outputs = [{"OutputKey": k, "OutputValue": v} for k, v in self.outputs.items()]
        return {"Stacks": [{"Outputs": outputs}]}

    def filter_log_events(self, **request: Any) -> dict[str, Any]:
        """Return one event per page; of the access log, those of the requested time."""
        if request["logGroupName"] == ACCESS_GROUP:
            assert PATTERN == request["filterPattern"]
            times = range(request["startTime"], request["endTime"])
            lines = [json.dumps(line) for line in self.access if int(line["time"]) in times]
            return {"events": [{"message": line} for line in ["no JSON", *lines]]}
        self.requests.append(request)
        assert len(request["filterPattern"]) <= 1024
        asked = set(re.findall(r'\$\.correlationId = "([^"]+)"', request["filterPattern"]))
        events = [m for m in MESSAGES if m["correlationId"].lower() in asked]
        page = int(request.get("nextToken", 0))
        more = {"nextToken": str(page + 1)} if page < len(events) else {}
        found = [{"message": json.dumps(m)} for m in events[page : page + 1]]
        return {"events": [{"message": "START"}, *found], **more}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """Replace AWS for the command."""
    fake = FakeAws()
    monkeypatch.setattr("claimsctl.signin.cloudwatch.boto3.session.Session", lambda: fake)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    return fake


def rows(count: int) -> list[Row]:
    """Return `count` sign-ins in consecutive seconds."""
    found = []
    for number in range(count):
        sign_in = read_sign_in(graph(number, listener(1003002, 1, 401)))
        assert sign_in is not None
        at = f"2026-11-28T09:30:{number:02}"
        found.append(Row(at, number, sign_in, sign_in.callouts[0]))
    return found


def test_the_lines_of_sign_ins_are_found(aws: FakeAws) -> None:
    """All pages of the stack's group are read, for the sign-ins' time and ten minutes around it."""
    logged = stack_log("claims", rows(4))
    assert ({correlation_id(2), correlation_id(3)}, 0) == (set(logged.lines), logged.left_out)
    request = aws.requests[0]
    assert GROUP == request["logGroupName"]
    assert 20 * 60_000 + 3_000 == request["endTime"] - request["startTime"]


def test_the_gateway_is_asked_about_callouts_without_a_line(aws: FakeAws) -> None:
    """The access log is searched five seconds before and after a callout."""
    aws.outputs["AccessLogGroup"] = ACCESS_GROUP
    begun = 1795858201  # 2026-11-28T09:30:01Z, sign-in 1
    line = {"status": 401, "authorizerError": "expired", "error": "-", "requestId": "g"}
    own, passed = {**line, "integrationStatus": "-"}, {**line, "integrationStatus": "200"}
    aws.access = [
        {**own, "time": f"{begun + 4}123"},
        {**own, "time": f"{begun + 9}000"},
        {**passed, "time": f"{begun}000"},
    ]
    logged = stack_log("claims", rows(4))
    assert {correlation_id(0), correlation_id(1)} == set(logged.gateway or {})
    assert [GatewayAnswer("2026-11-28T09:30:05Z", 401, "expired", "g")] == (
        (logged.gateway or {})[correlation_id(1)]
    )


def test_the_fields_are_those_of_the_template() -> None:
    """The access log's format in template.yaml has each field that is read."""
    template = (ROOT / "template.yaml").read_text("utf-8")
    for field, value in (
        ("requestId", "requestId"),
        ("time", "requestTimeEpoch"),
        ("authorizerError", "authorizer.error"),
        ("error", "error.message"),
        ("integrationStatus", "integration.status"),
    ):
        assert f'"{field}":"$context.{value}"' in template
    assert '"status":$context.status' in template


def test_what_is_asked_is_limited(aws: FakeAws) -> None:
    """The newest sign-ins are searched for, in valid filters; the others are counted."""
    logged = stack_log("claims", rows(50))
    assert ({}, 50 - SIGN_INS_MAX) == (logged.lines, logged.left_out)
    assert 2 == len(aws.requests)


def test_a_stack_without_the_output_is_named(aws: FakeAws) -> None:
    """A missing stack or output ends the command."""
    with pytest.raises(OperatorError, match="does not exist"):
        stack_log("other", rows(1))
    aws.outputs = {}
    with pytest.raises(OperatorError, match="no output FunctionLogGroup"):
        stack_log("claims", rows(1))


def test_without_sign_ins_nothing_is_asked(aws: FakeAws) -> None:
    """Without sign-ins, AWS is not called."""
    assert StackLog({}, None, 0) == stack_log("claims", [])
    assert [] == aws.requests
