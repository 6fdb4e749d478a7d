"""Sign-in records in each export format, from one list of callouts; all ids are invented."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from typing import Any, Final

APP: Final = "dddd4444-0000-0000-0000-000000000001"
SILENT_APP: Final = "dddd4444-0000-0000-0000-000000000002"
LISTENER: Final = "aaaa1111-0000-0000-0000-000000000001"
EXTENSION: Final = "bbbb2222-0000-0000-0000-000000000001"
USER: Final = "ada@contoso.example"


def correlation_id(number: int) -> str:
    """The id of the sign-in of that number."""
    return f"cccc3333-0000-0000-0000-{number:012}"


def listener(code: int | None, attempts: int | None, status: int | None) -> dict[str, Any]:
    """Return Graph's record of one callout."""
    return {
        "eventType": "tokenIssuanceStart",
        "executedListenerId": LISTENER,
        "handlerResult": {
            "@odata.type": "#microsoft.graph.customExtensionCalloutResult",
            "calloutDateTime": "2026-11-28T09:30:01Z",
            "customExtensionId": EXTENSION,
            "errorCode": code,
            "httpStatus": status,
            "numberOfAttempts": attempts,
        },
    }


OTHER_EVENT: Final = {
    "eventType": "attributeCollectionStart",
    "executedListenerId": LISTENER,
    "handlerResult": None,
}


def graph(number: int, *listeners: dict[str, Any], app: str = APP, error: int = 0) -> Any:
    """Return a sign-in in Graph beta's form."""
    return {
        "id": f"eeee5555-0000-0000-0000-{number:012}",
        "createdDateTime": f"2026-11-28T09:30:{number:02}Z",
        "userDisplayName": "Ada Lovelace",
        "userPrincipalName": USER,
        "userId": "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb",
        "appId": app,
        "appDisplayName": "Shop" if app == APP else "Intranet",
        "ipAddress": "203.0.113.7",
        "correlationId": correlation_id(number),
        "isInteractive": True,
        "status": {"errorCode": error, "failureReason": "Other.", "additionalDetails": None},
        "appliedConditionalAccessPolicies": [],
        "location": {"city": "Berlin", "geoCoordinates": {"latitude": 52.5}},
        "appliedEventListeners": list(listeners),
    }


RECORDS: Final = (
    graph(1, listener(1003021, 0, None), error=1100001),
    graph(2, OTHER_EVENT, listener(1003002, 2, 401), error=1100001),
    graph(3, listener(0, 1, 200)),
    graph(4, app=SILENT_APP),
)
"""Never called; called twice and refused; accepted; without a callout."""
EXPECTED: Final = [
    (correlation_id(1), 1003021, 0, None),
    (correlation_id(2), 1003002, 2, 401),
    (correlation_id(3), None, 1, 200),
]


def page() -> str:
    """Graph's answer."""
    head = {"@odata.context": "https://graph.microsoft.com/beta/$metadata#auditLogs/signIns"}
    link = {"@odata.nextLink": "https://graph.microsoft.com/beta/auditLogs/signIns?$skiptoken=x"}
    return json.dumps({**head, "value": RECORDS, **link}, indent=2)


def analytics(record: Any, *, as_text: bool) -> dict[str, Any]:
    """A row of the table SigninLogs."""
    listeners = record["appliedEventListeners"]
    return {
        "TenantId": "ffff6666-0000-0000-0000-000000000001",
        "TimeGenerated": record["createdDateTime"],
        "CorrelationId": record["correlationId"],
        "ResultType": str(record["status"]["errorCode"]),
        "AppId": record["appId"],
        "AppDisplayName": record["appDisplayName"],
        "IsInteractive": True,
        "UserPrincipalName": record["userPrincipalName"],
        "Type": "SigninLogs",
        "AppliedEventListeners": json.dumps(listeners) if as_text else listeners,
    }


def lines(documents: Any) -> str:
    """JSON lines."""
    return "".join(json.dumps(document, separators=(",", ":")) + "\n" for document in documents)


def envelope(record: Any) -> dict[str, Any]:
    """A record of a diagnostic setting: to a storage account, or to an Event Hub."""
    return {
        "time": record["createdDateTime"],
        "resourceId": "/tenants/ffff6666-0000-0000-0000-000000000001/providers/Microsoft.aadiam",
        "operationName": "Sign-in activity",
        "category": "SignInLogs",
        "resultType": str(record["status"]["errorCode"]),
        "correlationId": record["correlationId"],
        "properties": record,
    }


def analytics_csv(delimiter: str = ",") -> str:
    """Log Analytics' CSV, with its heading of times."""
    rows = [analytics(record, as_text=True) for record in RECORDS]
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter)
    writer.writerow([name.replace("Generated", "Generated [UTC]") for name in rows[0]])
    for row in rows:
        row["TimeGenerated"] = f"11/28/2026, 9:30:{row['CorrelationId'][-2:]}.123 AM"
        writer.writerow(row.values())
    return file.getvalue()


def pascal(value: Any) -> Any:
    """Names as PowerShell's objects have them."""
    if isinstance(value, dict):
        return {name[:1].upper() + name[1:]: pascal(inner) for name, inner in value.items()}
    return [pascal(inner) for inner in value] if isinstance(value, list) else value


def powershell(record: Any) -> dict[str, Any]:
    """A sign-in of Get-MgBetaAuditLogSignIn: a derived type's members are additional ones."""
    document: dict[str, Any] = pascal(record)
    for given, source in zip(
        document["AppliedEventListeners"], record["appliedEventListeners"], strict=True
    ):
        given["HandlerResult"] = {"AdditionalProperties": source["handlerResult"] or {}}
        given["AdditionalProperties"] = {}
    document["AdditionalProperties"] = {}
    return document


def windows_powershell() -> str:
    """Windows PowerShell 5.1: an array is an object, a time is a number."""
    records = [powershell(record) for record in RECORDS]
    for record in records:
        record["CreatedDateTime"] = "\\/Date(1795858200000)\\/"
    text = json.dumps({"value": records, "Count": len(records)}, indent=4)
    return text.replace("\\\\/", "\\/")


def query_answer(**options: Any) -> bytes:
    """The answer of the Log Analytics query API, in three tables."""
    rows = [analytics(record, as_text=True) for record in RECORDS]
    columns = [{"name": name, "type": "string"} for name in rows[0]]
    tables = [
        {"name": name, "columns": columns, "rows": [list(row.values()) for row in part]}
        for name, part in (("PrimaryResult", rows[:3]), ("Empty", []), ("Table_2", rows[3:]))
    ]
    return json.dumps({"tables": tables, "statistics": {"query": {}}}, **options).encode()


def azure_cli() -> bytes:
    """What `az monitor log-analytics query` prints: members sorted, each value is text."""
    rows = [analytics(record, as_text=True) for record in RECORDS]
    texts = [{name: str(value) for name, value in row.items()} for row in rows]
    documents = [{**text, "TableName": "PrimaryResult"} for text in texts]
    return json.dumps(documents, indent=2, sort_keys=True).encode()


FORMS: Final[dict[str, Callable[[], bytes]]] = {
    "graph-page": lambda: page().encode(),
    "graph-pages": lambda: b'%s\n{"value": []}' % page().encode(),
    "graph-array": lambda: json.dumps(RECORDS).encode(),
    "portal": lambda: json.dumps(RECORDS, indent=2).encode("utf-8-sig"),
    "graph-lines": lambda: lines(RECORDS).encode(),
    "analytics-lines": lambda: lines(analytics(r, as_text=False) for r in RECORDS).encode(),
    "analytics-text": lambda: lines(analytics(r, as_text=True) for r in RECORDS).encode(),
    "analytics-array": lambda: json.dumps(
        [analytics(record, as_text=True) for record in RECORDS], indent=1
    ).encode(),
    "analytics-csv": lambda: analytics_csv().encode("utf-8-sig"),
    "analytics-csv-semicolon": lambda: analytics_csv(";").encode(),
    "excel-unicode-text": lambda: analytics_csv("\t").encode("utf-16"),
    "excel-separator": lambda: f"sep=;\r\n{analytics_csv(';')}".encode("utf-8-sig"),
    "utf-16-le-without-mark": lambda: page().encode("utf-16-le"),
    "utf-16-be-without-mark": lambda: page().encode("utf-16-be"),
    "zeros-before": lambda: bytes(4096) + lines(RECORDS).encode(),
    "analytics-api": lambda: query_answer(separators=(",", ":")),
    "analytics-api-cli": lambda: query_answer(indent=2),
    "analytics-cli": azure_cli,
    "storage-lines": lambda: lines(map(envelope, RECORDS)).encode(),
    "event-hub": lambda: json.dumps({"records": [envelope(r) for r in RECORDS]}).encode(),
    "event-hub-lines": lambda: lines({"records": [envelope(r)]} for r in RECORDS).encode(),
    "powershell": lambda: json.dumps([powershell(r) for r in RECORDS], indent=2).encode(),
    "powershell-5": lambda: windows_powershell().encode("utf-16"),
    "gzip": lambda: gzip.compress(lines(RECORDS).encode()),
    "gzip-csv": lambda: gzip.compress(analytics_csv().encode()),
}
"""The formats by name; each contains `RECORDS`."""
