"""What rings, for whom, and that it can ring: its metrics are ones that somebody writes."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from claims_provider.outbound.failure import FAILURES
from claims_provider.telemetry import NAMESPACE, SERVICE

from tests.template.sam import ROOT
from tests.template.stack import Stack

WATCHED = {
    "5xx": "Gateway5xxAlarm",
    "p99 against Entra's wait": "LatencyAlarm",
    "throttles": "ThrottlesAlarm",
    "the function's own refusals": "FunctionRefusalsAlarm",
    "gateway refusals while no callout is accepted": "LockedOutAlarm",
    "store failures": "StoreFailuresAlarm",
    "claims too large": "ClaimsTooLargeAlarm",
    "open door": "OpenDoorAlarm",
    "test callers": "TestCallerAlarm",
    "no keys": "KeysUnavailableAlarm",
    "old keys": "StaleKeysAlarm",
    "crashes": "AliasErrorsAlarm",
    "slow answers": "AliasLatencyAlarm",
}
OURS = {"service": SERVICE, "function_name": "ClaimsFunction"}
AWS_METRICS = {
    "AWS/ApiGateway": ({"5xx", "Latency", "Count", "IntegrationLatency"}, {"ApiId": "HttpApi"}),
    "AWS/Lambda": (
        {"Throttles", "Errors", "Duration", "Invocations", "ConcurrentExecutions"},
        {"FunctionName": "ClaimsFunction"},
    ),
    "AWS/DynamoDB": (
        {"SuccessfulRequestLatency", "ThrottledRequests"},
        {"TableName": "ClaimsTable", "Operation": "BatchGetItem"},
    ),
}
"""HTTP APIs' metrics are in lower case (5xx), REST APIs' are not (5XXError)."""


def written_by_the_function() -> set[str]:
    """Metrics that the function's source counts or times, and those of the table of errors."""
    sources = (ROOT / "src/provider/claims_provider").rglob("*.py")
    named = {
        name
        for path in sources
        for name in re.findall(r"\.(?:count|time)\(\"(\w+)\"", path.read_text("utf-8"))
    }
    return named | {failure.metric for failure in FAILURES.values()}


def check_metric(stack: Stack, namespace: str, name: str, dimensions: dict[str, str]) -> None:
    """Fail unless something of this stack writes that metric with just these dimensions."""
    if namespace == NAMESPACE:
        filters = stack.of_type("AWS::Logs::MetricFilter").values()
        from_logs = {
            transformation["MetricName"]: transformation["Dimensions"]
            for each in filters
            for transformation in each["Properties"]["MetricTransformations"]
        }
        if name in from_logs:
            assert [{"Key": "api", "Value": "$.api"}] == from_logs[name]
            assert {"api": "HttpApi"} == dimensions
        else:
            assert name in written_by_the_function()
            assert dimensions == OURS
        return
    names, own = AWS_METRICS[namespace]
    assert name in names
    assert own.items() <= dimensions.items()


def _metrics(alarm: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "MetricName" in alarm:
        yield alarm
    for query in alarm.get("Metrics", []):
        if "MetricStat" in query:
            yield query["MetricStat"]["Metric"]


def test_what_should_ring_rings() -> None:
    """There is an alarm for each trouble, and none that nobody has asked for."""
    assert set(WATCHED.values()) == Stack().of_type("AWS::CloudWatch::Alarm").keys()


@pytest.mark.parametrize("name", list(WATCHED.values()))
def test_an_alarm_can_ring(name: str) -> None:
    """Each of its metrics is written by this stack, with these dimensions; silence is no alarm."""
    stack = Stack()
    alarm = stack.of_type("AWS::CloudWatch::Alarm")[name]["Properties"]
    for metric in (metrics := list(_metrics(alarm))):
        dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
        check_metric(stack, metric["Namespace"], metric["MetricName"], dimensions)
    assert metrics
    assert ("notBreaching", "GreaterThanThreshold") == (
        alarm["TreatMissingData"],
        alarm["ComparisonOperator"],
    )


@pytest.mark.parametrize("name", list(WATCHED.values()))
def test_an_expression_uses_its_metrics_and_no_others(name: str) -> None:
    """An expression names every metric of its alarm, and a sum fills in what was not written."""
    alarm = Stack().of_type("AWS::CloudWatch::Alarm")[name]["Properties"]
    queries = alarm.get("Metrics", [])
    expressions = [query["Expression"] for query in queries if "Expression" in query]
    ids = {query["Id"] for query in queries if "MetricStat" in query}
    named = {word for text in expressions for word in re.findall(r"\b[a-z]\w*", text)}
    assert ids == named
    assert [False] * len(ids) == [query["ReturnData"] for query in queries if "MetricStat" in query]
    for text in expressions:
        assert "p99" in text or all(f"FILL({id_}, 0)" in text for id_ in ids)


@pytest.mark.parametrize("name", list(WATCHED.values()))
def test_what_is_written_late_still_rings(name: str) -> None:
    """An alarm that fills in for what is missing does not look at the last minute alone.

    Metrics made of log lines come a minute or two late, and what fills in for them is no trouble.
    """
    alarm = Stack().of_type("AWS::CloudWatch::Alarm")[name]["Properties"]
    queries = alarm.get("Metrics", [])
    if not any("FILL(" in query.get("Expression", "") for query in queries):
        return
    periods = {query["MetricStat"]["Period"] for query in queries if "MetricStat" in query}
    assert 300 <= max(periods) or (3, 1) == (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"])
    assert 1 == len(periods)


def test_entras_wait_is_the_measure() -> None:
    """Another wait is another threshold for what counts as slow."""
    alarms = Stack(EntraWaitMs="2000").of_type("AWS::CloudWatch::Alarm")
    for name in ("LatencyAlarm", "AliasLatencyAlarm"):
        (expression,) = (
            query["Expression"]
            for query in alarms[name]["Properties"]["Metrics"]
            if "Expression" in query
        )
        assert "IF(calls >= 20, 100 * p99 / 2000, 0)" == expression


def test_in_function_mode_strangers_ring_nothing() -> None:
    """There every stranger's call reaches the function: its refusals alone are no alarm."""
    alarms = Stack(CallerVerification="function").of_type("AWS::CloudWatch::Alarm")
    assert set(WATCHED.values()) - {"FunctionRefusalsAlarm"} == alarms.keys()


def test_somebody_is_told() -> None:
    """With an address every alarm goes there, and so does its end; without, there is no topic."""
    stack = Stack(AlarmEmail="oncall@contoso.example")
    assert [{"Protocol": "email", "Endpoint": "oncall@contoso.example"}] == stack.one(
        "AWS::SNS::Topic"
    )["Subscription"]
    for alarm in stack.of_type("AWS::CloudWatch::Alarm").values():
        properties = alarm["Properties"]
        assert ["AlarmTopic"] == properties["AlarmActions"] == properties["OKActions"]
    silent = Stack()
    assert {} == silent.of_type("AWS::SNS::Topic")
    for alarm in silent.of_type("AWS::CloudWatch::Alarm").values():
        assert "AlarmActions" not in alarm["Properties"]


def test_what_the_gateway_does_by_itself_is_told_from_the_functions_refusals() -> None:
    """The filters read fields of the access log, and take only calls that no function answered."""
    stack = Stack()
    line = json.loads(stack.one("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]["Format"])
    for each in stack.of_type("AWS::Logs::MetricFilter").values():
        pattern = each["Properties"]["FilterPattern"]
        assert "AccessLogs" == each["Properties"]["LogGroupName"]
        assert set(re.findall(r"\$[.](\w+)", pattern)) <= line.keys()
        assert '$.integrationStatus = "-"' in pattern
    assert "$context.apiId" == line["api"]
