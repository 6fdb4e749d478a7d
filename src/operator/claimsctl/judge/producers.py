"""Recognise answers that a serializer or platform has changed, and advise how to fix them.

The advice is for the developer of the service, and never repeats what the answer already has.
"""

import json
import re
from base64 import b64decode
from binascii import Error
from typing import Final, NamedTuple

from claimsctl.judge.json_positions import JsonType, Value

_PLAIN: Final = re.compile(r"[^a-z]")
_DOTNET_TYPE: Final = re.compile(
    r"^(?:System\.(?:Object|String|Collections|Management)|Microsoft\.Graph\.|@\{.*\}$)"
)
"""The result of ToString for a .NET object, and of ConvertTo-Json for one below its depth."""
_DEPTH: Final = (
    "PowerShell's ConvertTo-Json cut off the objects below its depth (2 by default): use -Depth 10."
)


class Trace(NamedTuple):
    """The producer that a trace belongs to, and the advice for it."""

    title: str
    hint: str


def type_under_another_name(holder: Value) -> tuple[Value, Trace] | None:
    """Return the member that should be ``@odata.type``, and the reason for its other name."""
    if holder.type is not JsonType.OBJECT or holder.get("@odata.type") is not None:
        return None
    for item in holder.items:
        name = str(item.key)
        if _PLAIN.sub("", name.lower()) == "odatatype":
            return item, Trace(f"The type is named {name} instead of @odata.type", _cure(name))
    return None


def member_in_capitals(holder: Value, name: str) -> tuple[Value, Trace] | None:
    """Return the member whose name differs from `name` in case only, such as a C# property name."""
    if holder.type is not JsonType.OBJECT or holder.get(name) is not None:
        return None
    other = next((item for item in holder.items if str(item.key).lower() == name), None)
    if other is None:
        return None
    hint = (
        f"Spell it {name}. In .NET use JsonNamingPolicy.CamelCase, or"
        f' [JsonPropertyName("{name}")] on the property.'
    )
    return other, Trace(f"{other.key} differs from {name} in case", hint)


def unrolled_list(value: Value) -> Trace | None:
    """Recognise an object instead of a list of one, as PowerShell's unrolling produces it."""
    if value.type is not JsonType.OBJECT:
        return None
    return Trace(
        "actions is an object, not a list of one action",
        "Send a list. PowerShell unrolls a list of one element: write actions = @(, $action), and"
        " ConvertTo-Json -InputObject $answer.",
    )


def object_as_text(value: Value) -> Trace | None:
    """Recognise a .NET type name instead of the object's content."""
    if value.type is not JsonType.STRING or not _DOTNET_TYPE.match(value.text):
        return None
    return Trace(f"{value.text[:60]} is the name of a .NET type, not its content", _DEPTH)


def base64_text(text: str) -> str | None:
    """Return the JSON in base64 `text`, or ``None``."""
    try:
        inner = b64decode(text, validate=True).decode("utf-8")
        json.loads(inner)
    except (Error, ValueError, RecursionError):
        return None
    return inner


def _cure(name: str) -> str:
    if name.startswith("@@"):
        return (
            "Write @odata.type with one @. In Logic Apps, an @ is escaped as @@ at the start of a"
            " value, not of a name: edit the action in the code view."
        )
    return (
        'Give the property its name: [JsonPropertyName("@odata.type")] for System.Text.Json,'
        ' [JsonProperty("@odata.type")] for Newtonsoft.Json; each ignores the other\'s.'
    )
