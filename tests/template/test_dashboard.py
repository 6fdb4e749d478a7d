"""The dashboard: readable by CloudWatch, complete, and about this stack."""

import json
from itertools import combinations
from typing import Any

import pytest
from claims_provider.outbound.failure import FAILURES

from tests.template.stack import Stack
from tests.template.test_alarms import check_metric

COLUMNS = 24


def _dashboard(stack: Stack) -> Any:
    return json.loads(stack.one("AWS::CloudWatch::Dashboard")["DashboardBody"])


def _widgets(stack: Stack, type_: str) -> list[dict[str, Any]]:
    widgets = _dashboard(stack)["widgets"]
    return [widget["properties"] for widget in widgets if type_ == widget["type"]]


def _metrics(widget: dict[str, Any]) -> list[tuple[str, str, dict[str, str]]]:
    """A widget's metrics, CloudWatch's abbreviations written out."""
    found = []
    before: list[str] = []
    for row in widget["metrics"]:
        names = [part for part in row if isinstance(part, str)]
        if ["..."] == names[:1]:
            names = before
        names = [before[place] if "." == name else name for place, name in enumerate(names)]
        before = names
        namespace, metric, *dimensions = names
        found.append((namespace, metric, dict(zip(dimensions[::2], dimensions[1::2], strict=True))))
    return found


@pytest.mark.parametrize("mode", ["gateway", "function", "none"])
def test_every_alarm_is_on_it(mode: str) -> None:
    """The dashboard shows exactly the alarms of the stack."""
    stack = Stack(CallerVerification=mode)
    (alarms,) = _widgets(stack, "alarm")
    assert {f"{name}.Arn" for name in stack.of_type("AWS::CloudWatch::Alarm")} == {
        *alarms["alarms"]
    }


def test_every_metric_is_one_that_is_written() -> None:
    """Every metric in a chart is written."""
    stack = Stack()
    for widget in _widgets(stack, "metric"):
        for namespace, metric, dimensions in _metrics(widget):
            check_metric(stack, namespace, metric, dimensions)


def test_every_end_of_a_callout_is_in_one_diagram() -> None:
    """Answered or not, and why not: each outcome that the function counts has its colour."""
    widgets = _widgets(Stack(), "metric")
    (ends,) = (widget for widget in widgets if "Callouts a minute, by their end" == widget["title"])
    metrics = {metric for _, metric, _ in _metrics(ends)}
    assert {"Answered", "GatewayRefused", *(each.metric for each in FAILURES.values())} == metrics
    colours = [part["color"] for row in ends["metrics"] for part in row if isinstance(part, dict)]
    assert len(ends["metrics"]) == len(set(colours))


def test_entras_wait_is_drawn_in() -> None:
    """The limit line in the chart is the stack's EntraWaitMs."""
    lines = [
        line["value"]
        for widget in _widgets(Stack(EntraWaitMs="2000"), "metric")
        for line in widget.get("annotations", {}).get("horizontal", [])
    ]
    assert [2000] == lines


def test_widgets_do_not_overlap() -> None:
    """Every widget has a place of its own, within the width."""
    widgets = _dashboard(Stack())["widgets"]
    places = [
        {
            (widget["x"] + column, widget["y"] + row)
            for column in range(widget["width"])
            for row in range(widget["height"])
        }
        for widget in widgets
    ]
    assert all(not one & other for one, other in combinations(places, 2))
    assert COLUMNS == 1 + max(column for place in places for column, _ in place)


def test_queries_read_this_stacks_logs() -> None:
    """Each table reads the function's log or the gateway's, in the stack's region."""
    widgets = _widgets(Stack(), "log")
    for widget in widgets:
        assert "eu-central-1" == widget["region"]
        assert widget["query"].startswith(("SOURCE 'FunctionLogs' |", "SOURCE 'AccessLogs' |"))
    assert 3 == len(widgets)


def test_a_table_that_was_there_already_is_the_one_watched() -> None:
    """The table's diagram is of the table that is read."""
    body = Stack(ExistingTableName="imported").one("AWS::CloudWatch::Dashboard")["DashboardBody"]
    assert '"TableName", "imported"' in body
