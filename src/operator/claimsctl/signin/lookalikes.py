"""What a file looks like that is no sign-in log, and what to do with it."""

import re
from typing import Final

_LOOKALIKES: Final = (
    (r'"outcome"\s*:\s*"[a-z-]+".*"correlationId"|"correlationId".*"outcome"\s*:\s*"[a-z-]+"',
     "lines of the claims provider's own log",
     "give it as --log, together with the sign-in records"),
    (r'"(?:request|response)"\s*:\s*\{.*"(?:status|method)"',
     "a recorded exchange",
     "give its folder as --tap, together with the sign-in records, or the file to claimsctl judge"),
    (r'"type"\s*:\s*"microsoft\.graph\.authenticationEvent',
     "a callout's body",
     "claimsctl invoke runs the function on it"),
    (r'"error"\s*:\s*\{\s*"code"',
     "an error that Graph answered",
     "mend what it says, and ask again"),
    (r'"activityDisplayName"|"AuditLogs"',
     "Entra's audit log, which holds no sign-ins",
     "export the sign-in log"),
    (r'"?(?:Date \(UTC\)|Request ID)"?[,;]',
     "a CSV of the portal without correlation ids",
     "download the JSON instead"),
    (r"\s*<(?:!DOCTYPE|html|\?xml)",
     "HTML or XML, such as a page to sign in",
     "download the file anew, signed in"),
    (r"PK\x03\x04", "a ZIP archive or an Excel workbook", "unpack it, or save it as CSV"),
    (r"(?m)^(?:Id|CorrelationId|AppDisplayName|AppliedEventListeners) +: ",
     "what PowerShell shows on a screen",
     "pipe the records to ConvertTo-Json -Depth 10, and write that to a file"),
    (r"PAR1|Obj\x01", "a Parquet or Avro file", "export JSON lines"),
)  # fmt: skip
_HEAD: Final = 20_000


def what_it_is(head: str) -> tuple[str, tuple[str, ...]]:
    """What the text that begins with `head` looks like, and what to do, if that is known."""
    for pattern, found, advice in _LOOKALIKES:
        if re.search(pattern, head[:_HEAD], re.DOTALL):
            return f"it looks like {found}", (advice,)
    if not head.strip():
        return "it is empty", ()
    kind = "JSON of another kind" if head.lstrip()[:1] in "{[" else "text of another kind"
    return f"it looks like {kind}", ()
