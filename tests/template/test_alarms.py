"""The alarms, their recipients, and that their metrics are written."""

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
    "answers later than Entra's wait": "LateAnswersAlarm",
    "throttles by Lambda": "LambdaThrottlesAlarm",
    "throttles by the gateway": "GatewayThrottlesAlarm",
    "the function's own refusals": "FunctionRefusalsAlarm",
    "refusals while no callout is accepted": "LockedOutAlarm",
    "store failures": "StoreFailuresAlarm",
    "claims too large": "ClaimsTooLargeAlarm",
    "answers to others than Entra": "NotEntraAlarm",
    "crashes": "AliasErrorsAlarm",
    "faults": "FaultsAlarm",
    "slow answers": "AliasLatencyAlarm",
}
"""In a stack with nothing but tenant and app given."""
OF_FUNCTION_MODE = ("KeysUnavailableAlarm", "StaleKeysAlarm")
ALL = [*WATCHED.values(), *OF_FUNCTION_MODE, "NoCalloutsAlarm"]
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
        for name in re.findall(r"\.(?:count\(|timed\(\"\w+\", )\"(\w+)\"", path.read_text("utf-8"))
    }
    return named | {failure.metric for failure in FAILURES.values()}


def check_metric(stack: Stack, namespace: str, name: str, dimensions: dict[str, str]) -> None:
    """Fail unless something of this stack writes that metric with just these dimensions."""
    if namespace == f"{NAMESPACE}/stack":
        filters = stack.of_type("AWS::Logs::MetricFilter").values()
        written = [each["Properties"]["MetricTransformations"][0] for each in filters]
        assert (namespace, name) in {
            (each["MetricNamespace"], each["MetricName"]) for each in written
        }
        assert {} == dimensions
        return
    if namespace == NAMESPACE:
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


def _alarm(name: str) -> dict[str, Any]:
    """The properties of an alarm, in a stack that has it."""
    mode = "function" if name in OF_FUNCTION_MODE else "gateway"
    stack = Stack(CallerVerification=mode, NoCalloutHours="12")
    properties: dict[str, Any] = stack.of_type("AWS::CloudWatch::Alarm")[name]["Properties"]
    return properties


def test_what_should_ring_rings() -> None:
    """There is an alarm for each problem, and optional ones only on request."""
    assert set(WATCHED.values()) == Stack().of_type("AWS::CloudWatch::Alarm").keys()


@pytest.mark.parametrize("name", ALL)
def test_an_alarm_can_ring(name: str) -> None:
    """Each of its metrics is written by this stack, with these dimensions."""
    alarm = _alarm(name)
    for metric in (metrics := list(_metrics(alarm))):
        dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", [])}
        check_metric(Stack(), metric["Namespace"], metric["MetricName"], dimensions)
    assert metrics


@pytest.mark.parametrize("name", ALL)
def test_silence_rings_one_alarm_only(name: str) -> None:
    """Missing data triggers only the alarm for missing callouts."""
    alarm = _alarm(name)
    expected = ("notBreaching", "GreaterThanThreshold")
    if name == "NoCalloutsAlarm":
        expected = ("breaching", "LessThanThreshold")
    assert expected == (alarm["TreatMissingData"], alarm["ComparisonOperator"])


@pytest.mark.parametrize("name", ALL)
def test_an_expression_relies_on_metrics_that_exist(name: str) -> None:
    """An expression names every metric of its alarm, and fills in for none.

    A metric that was never written is no metric to CloudWatch, whatever an expression fills in: so
    each is AWS's own, written with every call, or a filter's that writes a default.
    """
    alarm = _alarm(name)
    queries = alarm.get("Metrics", [])
    expressions = [query["Expression"] for query in queries if "Expression" in query]
    ids = {query["Id"] for query in queries if "MetricStat" in query}
    named = {word for text in expressions for word in re.findall(r"\b[a-z]\w*", text)}
    assert ids == named
    assert [False] * len(ids) == [query["ReturnData"] for query in queries if "MetricStat" in query]
    assert not any("FILL" in text for text in expressions)
    for metric in _metrics(alarm) if expressions else ():
        assert metric["Namespace"] in {*AWS_METRICS, f"{NAMESPACE}/stack"}


def test_every_filter_writes_a_default() -> None:
    """So that its metric exists from the first request on; with dimensions it could not."""
    for each in Stack().of_type("AWS::Logs::MetricFilter").values():
        (transformation,) = each["Properties"]["MetricTransformations"]
        assert 0 == transformation["DefaultValue"]
        assert "Dimensions" not in transformation


@pytest.mark.parametrize("name", ["LateAnswersAlarm", "GatewayThrottlesAlarm", "FaultsAlarm"])
def test_what_is_written_late_still_rings(name: str) -> None:
    """Metrics made of log lines come a minute or two late: any of several minutes counts."""
    alarm = _alarm(name)
    assert alarm["EvaluationPeriods"] >= 3
    assert (60, 1) == (alarm["Period"], alarm["DatapointsToAlarm"])


def test_one_late_answer_rings() -> None:
    """The first late answer triggers the alarm, for tenants with few callouts."""
    alarm = _alarm("LateAnswersAlarm")
    assert (0, "Sum") == (alarm["Threshold"], alarm["Statistic"])
    patterns = [
        each["Properties"]["FilterPattern"]
        for each in Stack(EntraWaitMs="1500").of_type("AWS::Logs::MetricFilter").values()
    ]
    assert "{ $.latency > 1500 }" in patterns


def test_a_run_of_the_doctor_is_no_lock_out() -> None:
    """Refusals with no answer in two periods running; a doctor's run falls into one of them."""
    alarm = _alarm("LockedOutAlarm")
    assert 2 == alarm["EvaluationPeriods"]
    assert "DatapointsToAlarm" not in alarm
    assert {900} == {each["MetricStat"]["Period"] for each in alarm["Metrics"][1:]}


def test_a_silence_that_cloudwatch_can_watch() -> None:
    """The hours asked for, within the seven days that CloudWatch evaluates."""
    alarm = _alarm("NoCalloutsAlarm")
    assert ("12", 3600) == (alarm["EvaluationPeriods"], alarm["Period"])
    hours = Stack().template["Parameters"]["NoCalloutHours"]
    assert 7 * 86_400 == 3600 * hours["MaxValue"]


def test_entras_wait_is_the_measure() -> None:
    """Another wait is another threshold for what counts as slow."""
    alarm = Stack(EntraWaitMs="2000").of_type("AWS::CloudWatch::Alarm")["AliasLatencyAlarm"]
    (expression,) = (
        query["Expression"] for query in alarm["Properties"]["Metrics"] if "Expression" in query
    )
    assert "IF(calls >= 20, 100 * p99 / 2000, 0)" == expression


def test_in_function_mode_strangers_ring_nothing() -> None:
    """In function mode, refusals alone are no alarm, because every call reaches the function."""
    alarms = Stack(CallerVerification="function").of_type("AWS::CloudWatch::Alarm")
    assert {*WATCHED.values(), *OF_FUNCTION_MODE} - {"FunctionRefusalsAlarm"} == alarms.keys()


def test_somebody_is_told() -> None:
    """With an address, every alarm and its end are sent there; without one, there is no topic."""
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


def test_a_filter_compares_what_the_access_log_has() -> None:
    """Numbers are compared with fields that are not quoted, texts with fields that are."""
    stack = Stack()
    text = stack.one("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]["Format"]
    quoted = set(re.findall(r'"(\w+)":"\$context', text))
    bare = set(re.findall(r'"(\w+)":\$context', text))
    assert {"status", "latency"} == bare
    for each in stack.of_type("AWS::Logs::MetricFilter").values():
        assert "AccessLogs" == each["Properties"]["LogGroupName"]
        compared = re.findall(r"\$[.](\w+) (?:=|>) (\S+)", each["Properties"]["FilterPattern"])
        assert compared
        for field, value in compared:
            assert field in (quoted if value.startswith('"') else bare)
