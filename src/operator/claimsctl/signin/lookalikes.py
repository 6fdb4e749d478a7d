"""Recognise files that are not sign-in logs, with what to do."""

import re
from typing import Final

_LOOKALIKES: Final = (
    (r'"outcome"\s*:\s*"[a-z-]+".*"correlationId"|"correlationId".*"outcome"\s*:\s*"[a-z-]+"',
     "lines of the claims provider's own log",
     "use it with --log, together with the sign-in records"),
    (r'"(?:request|response)"\s*:\s*\{.*"(?:status|method)"',
     "a recorded exchange",
     "use its folder with --tap, together with the sign-in records, or run claimsctl judge on it"),
    (r'"type"\s*:\s*"microsoft\.graph\.authenticationEvent',
     "a callout's body",
     "to run the function on it, use claimsctl invoke"),
    (r'"error"\s*:\s*\{\s*"code"',
     "an error from Graph",
     "fix its cause, and run the query again"),
    (r'"activityDisplayName"|"AuditLogs"',
     "Entra's audit log, which contains no sign-ins",
     "export the sign-in log"),
    (r'"?(?:Date \(UTC\)|Request ID)"?[,;]',
     "a CSV of the portal without correlation ids",
     "download the JSON instead"),
    (r"\s*<(?:!DOCTYPE|html|\?xml)",
     "HTML or XML, such as a sign-in page",
     "sign in, and download the file again"),
    (r"PK\x03\x04", "a ZIP archive or an Excel workbook", "unpack it, or save it as CSV"),
    (r"(?m)^(?:Id|CorrelationId|AppDisplayName|AppliedEventListeners) +: ",
     "PowerShell's output for the screen",
     "pipe the records to ConvertTo-Json -Depth 10, and save the output"),
    (r"PAR1|Obj\x01", "a Parquet or Avro file", "export JSON lines"),
)  # fmt: skip
_HEAD: Final = 20_000


def what_it_is(head: str) -> tuple[str, tuple[str, ...]]:
    """Return what the text that begins with `head` looks like, and what to do, if known."""
    for pattern, found, advice in _LOOKALIKES:
        if re.search(pattern, head[:_HEAD], re.DOTALL):
            return f"it looks like {found}", (advice,)
    if not head.strip():
        return "it is empty", ()
    kind = "JSON of another kind" if head.lstrip()[:1] in "{[" else "text of another kind"
    return f"it looks like {kind}", ()
