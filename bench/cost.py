"""What a million callouts cost, from public prices, and what a deployment costs without any.

``make cost`` writes the tables of docs/cost.md. Prices are US dollars in us-east-1, without free
tiers and discounts; where each comes from is in that page. Durations come from the measurements
in bench/results/callouts.json, stretched as bench/scaling/timing.py assumes.
"""

import json
import sys
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from statistics import median

from bench.document import replace_block
from bench.scaling.timing import TABLE, WARM_STRETCH, Measured, cold_stretch

_ROOT = Path(__file__).parents[1]
CALLOUTS = _ROOT / "bench/results/callouts.json"
TEMPLATE = _ROOT / "template.yaml"
DOCUMENT = _ROOT / "docs/cost.md"

HTTP_API_REQUEST = 1.00e-6
LAMBDA_REQUEST = 0.20e-6
LAMBDA_ARM_GB_SECOND = 0.0000133334
PROVISIONED_GB_SECOND = 0.0000033334
SNAPSHOT_GB_SECOND = 0.0000015046
RESTORE_GB = 0.0001397998
READ_REQUEST_UNIT = 0.125e-6
LOG_GB = 0.50
LOG_GB_MONTH = 0.03
TRACE = 5.00e-6
TRANSFER_GB = 0.09
METRIC_MONTH = 0.30
ALARM_MONTH = 0.10
DASHBOARD_MONTH = 3.00

MEMORY_GB = 1769 / 1024
KEYS = 4
COLD_SHARE = 0.01
FUNCTION_LOG_BYTES = 880
"""The callout's line and its metrics' line; a test compares it with what the function writes."""
PLATFORM_LOG_BYTES = 400
"""Lambda's START, END and REPORT lines, the latter with a trace id."""
ACCESS_LOG_BYTES = 300
EVENT_BYTES = 26
"""CloudWatch Logs counts so many more for each event; a callout makes six."""
ANSWER_BYTES = 1100
"""An answer's body and headers."""
METRICS = 3
"""Published with every callout: Answered, AnswerTime, StoreTime."""

_BY = "\N{MULTIPLICATION SIGN}"
_MILLION = 1e6
_GB = 1e9
_MONTH_SECONDS = 730 * 3600


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the bill."""

    what: str
    worked_out: str
    dollars: float


def per_million(measured: Measured) -> list[Item]:
    """The bill of a million callouts on demand."""
    billed = ceil(WARM_STRETCH * median(measured["warm_ms"]["ours"]) + TABLE.median)
    cold = ceil(cold_stretch(measured) * median(measured["cold_ms"]["ours"]))
    gb_seconds = _MILLION * MEMORY_GB * (billed + COLD_SHARE * cold) / 1000
    units = KEYS / 2
    logged = FUNCTION_LOG_BYTES + PLATFORM_LOG_BYTES + ACCESS_LOG_BYTES + 6 * EVENT_BYTES
    log_gb = _MILLION * logged / _GB
    out_gb = _MILLION * ANSWER_BYTES / _GB
    return [
        Item("HTTP API", "1 request, under 512 KB", _MILLION * HTTP_API_REQUEST),
        Item("Lambda, requests", "1 request", _MILLION * LAMBDA_REQUEST),
        Item(
            "Lambda, duration",
            f"{MEMORY_GB:.4f} GB {_BY} ({billed} ms + {COLD_SHARE:.0%} {_BY} {cold} ms) "
            f"= {gb_seconds:,.0f} GB-s",
            gb_seconds * LAMBDA_ARM_GB_SECOND,
        ),
        Item(
            "DynamoDB, reads",
            f"{KEYS} keys {_BY} ½ unit = {units:.0f} units",
            _MILLION * units * READ_REQUEST_UNIT,
        ),
        Item("CloudWatch Logs, ingestion", f"{logged} bytes = {log_gb:.2f} GB", log_gb * LOG_GB),
        Item("CloudWatch Logs, a month", f"{log_gb:.2f} GB", log_gb * LOG_GB_MONTH),
        Item("X-Ray", "1 trace", _MILLION * TRACE),
        Item("Transfer out", f"{ANSWER_BYTES} bytes = {out_gb:.2f} GB", out_gb * TRANSFER_GB),
    ]


def per_month(template: str) -> list[Item]:
    """What a deployment of `template` (its text) costs a month, used or not."""
    # An alarm on an expression is billed for each metric in it.
    of_expressions = template.count("\n      Metrics:\n")
    watched = template.count("Type: AWS::CloudWatch::Alarm") - of_expressions
    watched += template.count(" MetricStat:")
    dashboards = template.count("Type: AWS::CloudWatch::Dashboard")
    return [
        Item("Metrics", f"{METRICS}, published with every callout", METRICS * METRIC_MONTH),
        Item("Alarms", f"on {watched} metrics", watched * ALARM_MONTH),
        Item("Dashboard", f"{dashboards}", dashboards * DASHBOARD_MONTH),
    ]


def per_startup_mode() -> list[Item]:
    """What the startup modes add."""
    return [
        Item(
            "SnapStart, for each active version",
            f"{MEMORY_GB:.4f} GB {_BY} {_MONTH_SECONDS:,} s",
            MEMORY_GB * _MONTH_SECONDS * SNAPSHOT_GB_SECOND,
        ),
        Item(
            "SnapStart, for 1,000 starts",
            f"1,000 {_BY} {MEMORY_GB:.4f} GB restored",
            1000 * MEMORY_GB * RESTORE_GB,
        ),
        Item(
            "Provisioned, for each environment",
            f"{MEMORY_GB:.4f} GB {_BY} {_MONTH_SECONDS:,} s",
            MEMORY_GB * _MONTH_SECONDS * PROVISIONED_GB_SECOND,
        ),
    ]


def _table(heading: str, items: list[Item], *, total: bool) -> str:
    rows = [f"| {item.what} | {item.worked_out} | {item.dollars:.2f} |" for item in items]
    if total:
        rows.append(f"| **together** | | **{sum(item.dollars for item in items):.2f}** |")
    return "\n".join([f"| {heading} | worked out | $ |", "|---|---|--:|", *rows])


def tables(callouts: Path, template: Path) -> str:
    """The tables of docs/cost.md, as Markdown."""
    measured: Measured = json.loads(callouts.read_text("utf-8"))
    million = per_million(measured)
    return "\n\n".join(
        [
            _table("a million callouts, each", million, total=True),
            _table("a month", per_month(template.read_text("utf-8")), total=True),
            _table("startup mode, a month", per_startup_mode(), total=False),
        ]
    )


if __name__ == "__main__":
    if not CALLOUTS.is_file():
        sys.exit(f"{CALLOUTS.relative_to(_ROOT)} is missing: make bench measures and writes it")
    replace_block(DOCUMENT, "cost", tables(CALLOUTS, TEMPLATE))
