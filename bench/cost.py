"""Compute the cost of a million callouts and of an idle deployment, from public prices.

``make cost`` writes the tables of docs/cost.md. Prices are US dollars in us-east-1, without free
tiers and discounts; bench/README.md has the source of each. Durations come from the measurements in
bench/results/callouts.json, stretched as bench/scaling/timing.py assumes.
"""

import json
import re
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
COLD_SHARES = {
    "one an hour": 0.803,
    "one a minute": 0.011,
    "50 a second: a tenant's limit": 0.0058,
}
"""Which callouts meet a cold start, by how they arrive: bench/README.md, which a test compares."""
FUNCTION_LOG_BYTES = 880
"""The callout's line and its metrics' line; a test compares it with what the function writes."""
PLATFORM_LOG_BYTES = 300
"""Lambda's START, END and REPORT lines, the latter without a trace id."""
ACCESS_LOG_BYTES = 240
"""A line of the gateway's log; a test compares it with the template's format."""
EVENT_BYTES = 26
"""CloudWatch Logs counts so many more for each event; a callout makes six."""
ANSWER_BYTES = 1100
"""An answer's body and headers."""
METRICS = 3
"""Published with every callout: Answered, AnswerTime, StoreTime."""
CONDITIONAL = ("FunctionVerifies", "WatchesSilence")
"""Conditions that a stack with nothing but tenant and app given does not meet."""
SNAPSHOT_HOURS_AT_LEAST = 3
USERS = 10_000
WORKDAYS = 21
HOURS_A_DAY = 8
"""Of an active session: what hourly renewals would make of a sign-in a day."""

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
    """Return the bill of a million callouts on demand."""
    billed = ceil(WARM_STRETCH * median(measured["warm_ms"]["ours"]) + TABLE.median)
    gb_seconds = _MILLION * MEMORY_GB * billed / 1000
    units = KEYS / 2
    logged = FUNCTION_LOG_BYTES + PLATFORM_LOG_BYTES + ACCESS_LOG_BYTES + 6 * EVENT_BYTES
    log_gb = _MILLION * logged / _GB
    out_gb = _MILLION * ANSWER_BYTES / _GB
    return [
        Item("HTTP API", "1 request, under 512 KB", _MILLION * HTTP_API_REQUEST),
        Item("Lambda, requests", "1 request", _MILLION * LAMBDA_REQUEST),
        Item(
            "Lambda, duration",
            f"{MEMORY_GB:.4f} GB {_BY} {billed} ms = {gb_seconds:,.0f} GB-s",
            gb_seconds * LAMBDA_ARM_GB_SECOND,
        ),
        Item(
            "DynamoDB, reads",
            f"{KEYS} keys {_BY} ½ unit = {units:.0f} units",
            _MILLION * units * READ_REQUEST_UNIT,
        ),
        Item("CloudWatch Logs, ingestion", f"{logged} bytes = {log_gb:.2f} GB", log_gb * LOG_GB),
        Item("CloudWatch Logs, storage per month", f"{log_gb:.2f} GB", log_gb * LOG_GB_MONTH),
        Item("Transfer out", f"{ANSWER_BYTES} bytes = {out_gb:.2f} GB", out_gb * TRANSFER_GB),
    ]


def cold_starts(measured: Measured) -> list[Item]:
    """Return the cost of cold starts in a million callouts: initialisation is billed too."""
    cold = ceil(cold_stretch(measured) * median(measured["cold_ms"]["ours"]))
    return [
        Item(
            arrivals,
            f"{share:.1%} {_BY} {MEMORY_GB:.4f} GB {_BY} {cold} ms",
            _MILLION * share * MEMORY_GB * cold / 1000 * LAMBDA_ARM_GB_SECOND,
        )
        for arrivals, share in COLD_SHARES.items()
    ]


def per_month(template: str) -> list[Item]:
    """Return the fixed monthly cost of a deployment of `template` (its text)."""
    blocks = re.findall(r"^  \w+:\n    Type: AWS::.*\n(?:    .*\n|\n)*", template, re.MULTILINE)
    made = [each for each in blocks if not any(f"ion: {one}\n" in each for one in CONDITIONAL)]
    alarms = [each for each in made if "Type: AWS::CloudWatch::Alarm\n" in each]
    # An alarm on an expression is billed for each metric in it.
    watched = sum(each.count(" MetricStat:") or 1 for each in alarms)
    dashboards = sum("Type: AWS::CloudWatch::Dashboard\n" in each for each in made)
    filters = sum("Type: AWS::Logs::MetricFilter\n" in each for each in made)
    metrics = METRICS + filters
    return [
        Item(
            "Metrics",
            f"{METRICS} for callouts, {filters} for the access log",
            metrics * METRIC_MONTH,
        ),
        Item("Alarms", f"on {watched} metrics", watched * ALARM_MONTH),
        Item("Dashboard", f"{dashboards}", dashboards * DASHBOARD_MONTH),
    ]


def per_users(million: list[Item]) -> list[Item]:
    """Return the monthly cost per users, by how often Entra calls for each."""
    each = sum(item.dollars for item in million) / _MILLION
    items = []
    for what, a_day in (("one callout per day", 1), ("one per hour of a session", HOURS_A_DAY)):
        callouts = USERS * WORKDAYS * a_day
        worked_out = f"{USERS:,} {_BY} {WORKDAYS} days {_BY} {a_day} = {callouts:,} callouts"
        items.append(Item(what, worked_out, callouts * each))
    return items


def per_option() -> list[Item]:
    """Return the additional cost of startup modes and options."""
    return [
        Item("Tracing, per million traces", "1 trace each", _MILLION * TRACE),
        Item(
            "SnapStart, per active version",
            f"{MEMORY_GB:.4f} GB {_BY} {_MONTH_SECONDS:,} s",
            MEMORY_GB * _MONTH_SECONDS * SNAPSHOT_GB_SECOND,
        ),
        Item(
            "SnapStart, at least, per published version",
            f"{MEMORY_GB:.4f} GB {_BY} {SNAPSHOT_HOURS_AT_LEAST} hours",
            MEMORY_GB * SNAPSHOT_HOURS_AT_LEAST * 3600 * SNAPSHOT_GB_SECOND,
        ),
        Item(
            "SnapStart, per 1,000 starts",
            f"1,000 {_BY} {MEMORY_GB:.4f} GB restored",
            1000 * MEMORY_GB * RESTORE_GB,
        ),
        Item(
            "Provisioned, per environment",
            f"{MEMORY_GB:.4f} GB {_BY} {_MONTH_SECONDS:,} s",
            MEMORY_GB * _MONTH_SECONDS * PROVISIONED_GB_SECOND,
        ),
    ]


def _table(heading: str, items: list[Item], *, total: bool) -> str:
    rows = [f"| {item.what} | {item.worked_out} | {item.dollars:.2f} |" for item in items]
    if total:
        rows.append(f"| **total** | | **{sum(item.dollars for item in items):.2f}** |")
    return "\n".join([f"| {heading} | calculation | $ |", "|---|---|--:|", *rows])


def tables(callouts: Path, template: Path) -> str:
    """Return the tables of docs/cost.md as Markdown."""
    measured: Measured = json.loads(callouts.read_text("utf-8"))
    million = per_million(measured)
    return "\n\n".join(
        [
            _table("one million callouts without a cold start", million, total=True),
            _table("added by cold starts, if callouts arrive", cold_starts(measured), total=False),
            _table("fixed, per month", per_month(template.read_text("utf-8")), total=True),
            _table("options, per month", per_option(), total=False),
            _table(f"{USERS:,} users, per month", per_users(million), total=False),
        ]
    )


if __name__ == "__main__":
    if not CALLOUTS.is_file():
        sys.exit(f"{CALLOUTS.relative_to(_ROOT)} is missing: make bench measures and writes it")
    replace_block(DOCUMENT, "cost", tables(CALLOUTS, TEMPLATE))
