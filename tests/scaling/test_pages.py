"""The pages on scaling and cost show what their scripts work out, and the facts agree."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from claimsctl.emulator.events import played_event
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import TENANT_ID

from bench import arrivals, cost
from bench.document import block, replace_block
from tests.fakes import FakeDynamoDB, handler_over
from tests.template.stack import Stack

ROOT = Path(__file__).parents[2]


def test_the_tables_of_arrivals_are_fresh() -> None:
    """docs/scaling.md and bench/README.md have what `make arrivals` makes of the measurements."""
    # In a process of its own, without coverage's tracer: that makes it ten times as long.
    script = (
        "from json import dumps; from bench.arrivals import *;"
        "print(dumps({str(page): made for page, made in tables(CALLOUTS).items()}))"
    )
    made = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        check=True,
        encoding="utf-8",
        timeout=120,
    )
    expected = json.loads(made.stdout)
    assert {str(arrivals.DOCUMENT), str(arrivals.DETAILS)} == expected.keys()
    for page, written in expected.items():
        assert written == block(Path(page).read_text("utf-8"), "arrivals"), "make arrivals"


def test_the_tables_of_cost_are_fresh() -> None:
    """docs/cost.md has what `make cost` makes of the measurements and the template."""
    expected = cost.tables(cost.CALLOUTS, cost.TEMPLATE)
    assert expected == block(cost.DOCUMENT.read_text("utf-8"), "cost"), "make cost"


def test_the_page_is_written_between_its_markers(tmp_path: Path) -> None:
    """What stands around a block stays."""
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- x: written by make x -->\nold\n<!-- end of x -->\nb\n", "utf-8")
    replace_block(page, "x", "new")
    assert "new" == block(page.read_text("utf-8"), "x")
    assert page.read_text("utf-8").startswith("a\n<!-- x")
    assert page.read_text("utf-8").endswith("-->\nb\n")


def test_a_page_without_markers_is_told(tmp_path: Path) -> None:
    """A block that is not there is an error that names it, and nothing is written."""
    page = tmp_path / "page.md"
    page.write_text("nothing", "utf-8")
    with pytest.raises(ValueError, match="no block x: expected"):
        replace_block(page, "x", "new")
    assert "nothing" == page.read_text("utf-8")


class _Table(FakeDynamoDB):
    """Remembers whole requests."""

    def __init__(self) -> None:
        super().__init__({})
        self.requests: list[dict[str, Any]] = []

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        return super().batch_get_item(**request)


def _answer(table: FakeDynamoDB) -> None:
    event = played_event(json.dumps(body_of("member")).encode(), TENANT_ID)
    assert 200 == handler_over(table)(event)["statusCode"]


def test_a_callout_logs_as_much_as_the_bill_says(capsys: pytest.CaptureFixture[str]) -> None:
    """The two lines that the function writes are within a tenth of what docs/cost.md counts."""
    _answer(FakeDynamoDB({}))
    in_lambda = (
        len(',"request_id":"11111111-1111-1111-1111-111111111111"')
        + len("entra-claims-provider-ClaimsFunction-AbCdEfGhIjKl")
        - len("local")
    )
    written = len(capsys.readouterr().out) + in_lambda
    assert written == pytest.approx(cost.FUNCTION_LOG_BYTES, rel=0.1)


def test_a_callout_publishes_as_many_metrics_as_the_bill_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A callout that is answered publishes what docs/cost.md counts, in one set of dimensions."""
    _answer(FakeDynamoDB({}))
    metrics = json.loads(capsys.readouterr().out.splitlines()[1])["_aws"]["CloudWatchMetrics"]
    assert [(cost.METRICS, 1)] == [(len(one["Metrics"]), len(one["Dimensions"])) for one in metrics]


def test_a_callout_reads_as_many_keys_as_the_bill_says() -> None:
    """One batch of so many keys, eventually consistent by saying nothing: half a unit each."""
    table = _Table()
    _answer(table)
    assert [cost.KEYS] == [len(keys) for keys in table.asked]
    assert [{"RequestItems"}] == [set(request) for request in table.requests]
    assert [[{"Keys"}]] == [
        [set(asked) for asked in request["RequestItems"].values()] for request in table.requests
    ]


def test_the_template_is_the_one_that_was_worked_out() -> None:
    """Memory, architecture and the stage's throttles are what the pages reckon with."""
    template = cost.TEMPLATE.read_text("utf-8")
    memory = re.findall(r"MemorySize: (\d+)", template)
    assert [cost.MEMORY_GB] == [int(megabytes) / 1024 for megabytes in memory]
    assert "Architectures: [arm64]" in template
    page = arrivals.DOCUMENT.read_text("utf-8")
    for rate in re.findall(r"ThrottlingRateLimit: .*\[GatewayVerifies, (\d+), (\d+)\]", template)[
        0
    ]:
        assert f"{int(rate):,} per second" in page
    default = template.partition("  ProvisionedConcurrency:\n")[2].partition("Default: ")[2]
    assert str(arrivals.PROVISIONED) == default.partition("\n")[0]


def test_the_cold_starts_are_those_of_the_simulation() -> None:
    """docs/cost.md takes the shares of cold starts from the table in bench/README.md."""
    page = arrivals.DETAILS.read_text("utf-8")
    for pattern, share in cost.COLD_SHARES.items():
        (shown,) = re.findall(rf"^\| {pattern} \| [\d,]+ \| ([\d.]+)% \|", page, re.MULTILINE)
        assert share == pytest.approx(float(shown) / 100)


def test_a_line_of_the_gateways_log_is_as_long_as_the_bill_says() -> None:
    """The template's format, filled in for a callout that was answered."""
    filled = {
        "requestId": "JKJaXmPLvHcESHA=",
        "apiId": "a1b2c3d4e5",
        "requestTimeEpoch": "1795000000",
        "routeKey": "POST /callout",
        "status": "200",
        "authorizer.error": "-",
        "error.message": "-",
        "integrationErrorMessage": "-",
        "integration.status": "200",
        "responseLatency": "28",
        "integrationLatency": "24",
    }
    template = cost.TEMPLATE.read_text("utf-8")
    text = template.partition("Format: >-\n")[2].partition("\n\n")[0]
    line = " ".join(part.strip() for part in text.splitlines())
    line = re.sub(r"\$context\.([\w.]+)", lambda found: filled[found[1]], line)
    assert {"status": 200}.items() <= json.loads(line).items()
    assert len(line) == pytest.approx(cost.ACCESS_LOG_BYTES, rel=0.1)


def test_the_bill_counts_the_alarms_of_a_usual_stack() -> None:
    """Alarms that somebody has to ask for are left out; one on an expression counts its metrics."""
    stack = Stack()
    alarms = stack.of_type("AWS::CloudWatch::Alarm").values()
    watched = sum(
        len([each for each in alarm["Properties"].get("Metrics", []) if "MetricStat" in each]) or 1
        for alarm in alarms
    )
    filters = len(stack.of_type("AWS::Logs::MetricFilter"))
    metrics, billed, _ = cost.per_month(cost.TEMPLATE.read_text("utf-8"))
    assert f"on {watched} metrics" == billed.worked_out
    assert f"{filters} for the access log" in metrics.worked_out
