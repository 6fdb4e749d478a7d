"""How fast sign-in records are summarised, and in how much memory.

``make bench-signins``. A record has 2.5 to 2.8 KB, as Graph beta writes it, with two policies of
conditional access; 10 % or 75 % of them hold a callout. Speeds are CPU seconds of one core, medians
of turns. Memory is the peak of a process of its own that reads a million records, the interpreter
and all imports included.
"""

import csv
import io
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import IO, Any
from uuid import UUID

from claimsctl.signin.reader import SignInFile
from claimsctl.signin.summary import Summary

RECORDS = 20_000
TURNS = 5
MILLION = 1_000_000
SHARES = (0.1, 0.75)
_APP = "dddd4444-0000-0000-0000-00000000000"
_FEW = {
    "TimeGenerated", "CorrelationId", "AppId", "AppDisplayName", "ResultType",
    "AppliedEventListeners",
}  # fmt: skip
"""The columns of the query in docs/troubleshooting.md."""


def record(number: int, share: float, chance: random.Random) -> dict[str, Any]:
    """A sign-in as Graph beta has it."""

    def guid() -> str:
        return str(UUID(int=chance.getrandbits(128)))

    at = f"2026-11-28T09:{number // 60 % 60:02}:{number % 60:02}Z"
    result = {
        "@odata.type": "#microsoft.graph.customExtensionCalloutResult",
        "calloutDateTime": at,
        "customExtensionId": "bbbb2222-0000-0000-0000-000000000001",
        "errorCode": chance.choice((0, 0, 0, 1003005, 1003002)),
        "httpStatus": chance.choice((200, 200, 401)),
        "numberOfAttempts": chance.choice((1, 1, 2)),
    }
    applied = {
        "eventType": "tokenIssuanceStart",
        "executedListenerId": "aaaa1111-0000-0000-0000-000000000001",
        "handlerResult": result,
    }
    policies = [
        {
            "id": guid(), "displayName": name, "enforcedGrantControls": [name],
            "enforcedSessionControls": [], "result": "notApplied", "conditionsSatisfied": "none",
            "conditionsNotSatisfied": "application",
        }
        for name in ("Mfa", "Block")
    ]  # fmt: skip
    return {
        "id": guid(), "createdDateTime": at, "userDisplayName": "Ada Lovelace",
        "userPrincipalName": "ada@contoso.example", "userId": guid(),
        "appId": f"{_APP}{chance.choice('12')}", "appDisplayName": "Shop",
        "ipAddress": "203.0.113.7", "clientAppUsed": "Browser", "userAgent": "Mozilla/5.0 " * 9,
        "correlationId": guid(), "conditionalAccessStatus": "notApplied", "isInteractive": True,
        "tokenIssuerType": "AzureAD", "processingTimeInMilliseconds": 225, "riskDetail": "none",
        "riskLevelAggregated": "none", "riskLevelDuringSignIn": "none", "riskState": "none",
        "resourceDisplayName": "Microsoft Graph", "resourceId": guid(), "homeTenantId": guid(),
        "authenticationRequirement": "singleFactorAuthentication", "userType": "member",
        "signInEventTypes": ["interactiveUser"], "crossTenantAccessType": "none",
        "status": {"errorCode": 0, "failureReason": "Other.", "additionalDetails": None},
        "deviceDetail": {"deviceId": "", "operatingSystem": "Windows10", "isManaged": False},
        "location": {"city": "Berlin", "geoCoordinates": {"latitude": 52.5, "longitude": 13.4}},
        "appliedConditionalAccessPolicies": policies,
        "authenticationDetails": [
            {"authenticationMethod": "Password", "succeeded": True, "note": "x" * 600}
        ],
        "appliedEventListeners": [applied] if chance.random() < share else [],
    }  # fmt: skip


def _analytics(document: dict[str, Any]) -> dict[str, str]:
    """The record as a row of Log Analytics, objects as JSON text."""
    row = {name[0].upper() + name[1:]: value for name, value in document.items()}
    row["TimeGenerated"] = row.pop("CreatedDateTime")
    row["ResultType"] = row["Status"]["errorCode"]
    return {
        name: json.dumps(value, separators=(",", ":")) if isinstance(value, list | dict) else value
        for name, value in row.items()
    }


def _csv(documents: Iterable[dict[str, Any]], columns: set[str] | None) -> tuple[str, str, str]:
    rows = [_analytics(document) for document in documents]
    names = [name for name in rows[0] if columns is None or name in columns]
    file = io.StringIO()
    writer = csv.DictWriter(file, names, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    head, _, body = file.getvalue().partition("\n")
    return f"{head}\n", body, ""


def _lines(documents: Iterable[dict[str, Any]]) -> tuple[str, str, str]:
    return "", "".join(f"{json.dumps(one, separators=(',', ':'))}\n" for one in documents), ""


def _array(documents: list[dict[str, Any]], indent: int | None) -> tuple[str, str, str]:
    separators = (",", ":") if indent is None else None
    text = json.dumps(documents, indent=indent, separators=separators)
    return "[", f"{text[1:-1].rstrip()},", f"{text[1:-1].rstrip()}]"


FORMS: dict[str, Callable[[list[dict[str, Any]]], tuple[str, str, str]]] = {
    "JSON lines": _lines,
    "JSON array": lambda documents: _array(documents, None),
    "JSON array, indented": lambda documents: _array(documents, 2),
    "CSV, six columns": lambda documents: _csv(documents, _FEW),
    "CSV, all columns": lambda documents: _csv(documents, None),
}
"""A beginning, a part that may be repeated, and an end."""


def parts(form: str, share: float, times: int) -> Iterator[bytes]:
    """A file of the form, with `times` times `RECORDS` records or a few more."""
    chance = random.Random(7)
    documents = [record(number, share, chance) for number in range(RECORDS)]
    begin, body, end = FORMS[form](documents)
    yield begin.encode()
    for _ in range(times):
        yield body.encode()
    yield end.encode()


def summarised(raw: IO[bytes]) -> tuple[int, float]:
    """How many records there were, and the CPU seconds that they took."""
    began = time.process_time()
    summary = Summary()
    for sign_in in SignInFile(raw, "x").records():
        summary.add(sign_in)
    return summary.sign_ins, time.process_time() - began


def measure_million(form: str) -> None:
    """In a process of its own: read a million records from standard input, print the figures."""
    count, seconds = summarised(sys.stdin.buffer)
    # Not getrusage's: that begins with what the process that started this one has.
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    speed = f"{count / seconds:>7,.0f} a second"
    sys.stdout.write(f"{form:22} {count:>9,} records  {speed}  {peak:.0f} MB\n")


def main() -> None:
    """Print a line for each form."""
    for form in FORMS:
        speeds = []
        for share in SHARES:
            content = b"".join(parts(form, share, 1))
            turns = [summarised(io.BytesIO(content)) for _ in range(TURNS)]
            speed = turns[0][0] / median(seconds for _, seconds in turns)
            speeds.append(f"{share:.0%} callouts {speed:>7,.0f} a second")
        sys.stdout.write(f"{form:22} {'  '.join(speeds)}\n")
        sys.stdout.flush()
    for form in FORMS:
        command = [sys.executable, __file__, form]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as reading:
            assert reading.stdin is not None
            for part in parts(form, SHARES[-1], MILLION // RECORDS):
                reading.stdin.write(part)
            reading.stdin.close()


if __name__ == "__main__":
    measure_million(sys.argv[1]) if len(sys.argv) > 1 else main()
