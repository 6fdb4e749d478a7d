"""What serializers and platforms make of an answer: recognised by its traces, with the cure.

Each cure is for whoever produces the answer, and none advises what is already there.
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
"""What ToString gives for a .NET object, and PowerShell for one below its depth."""
_DEPTH: Final = (
    "PowerShell's ConvertTo-Json cut the objects off at its depth (2 by default): give it"
    " -Depth 10."
)


class Trace(NamedTuple):
    """Whose trace it is, and what its producer has to do."""

    title: str
    hint: str


def type_under_another_name(holder: Value) -> tuple[Value, Trace] | None:
    """The member that should have been ``@odata.type``, and how it came to its name."""
    if holder.type is not JsonType.OBJECT or holder.get("@odata.type") is not None:
        return None
    for item in holder.items:
        name = str(item.key)
        if _PLAIN.sub("", name.lower()) == "odatatype":
            return item, Trace(f"The type is called {name} instead of @odata.type", _cure(name))
    return None


def member_in_capitals(holder: Value, name: str) -> tuple[Value, Trace] | None:
    """The member that should have been `name` in lower case: C#'s names as they are."""
    if holder.type is not JsonType.OBJECT or holder.get(name) is not None:
        return None
    other = next((item for item in holder.items if str(item.key).lower() == name), None)
    if other is None:
        return None
    hint = (
        f"Spell it {name}. In .NET use JsonNamingPolicy.CamelCase, or"
        f' [JsonPropertyName("{name}")] on the property.'
    )
    return other, Trace(f"{other.key} differs from {name} in capitals", hint)


def unrolled_list(value: Value) -> Trace | None:
    """An object where a list of one is expected: PowerShell unrolls a list of one element."""
    if value.type is not JsonType.OBJECT:
        return None
    return Trace(
        "The actions are one object, not a list of one",
        "Send a list. PowerShell unrolls a list of one element: write actions = @(, $action), and"
        " ConvertTo-Json -InputObject $answer.",
    )


def object_as_text(value: Value) -> Trace | None:
    """A .NET object's type name where its content should be."""
    if value.type is not JsonType.STRING or not _DOTNET_TYPE.match(value.text):
        return None
    return Trace(f"{value.text[:60]} is the name of a .NET type, not its content", _DEPTH)


def base64_text(text: str) -> str | None:
    """The JSON in base64 `text`; ``None`` where there is none."""
    try:
        inner = b64decode(text, validate=True).decode("utf-8")
        json.loads(inner)
    except (Error, ValueError, RecursionError):
        return None
    return inner


def _cure(name: str) -> str:
    if name.startswith("@@"):
        return (
            "Write @odata.type with one @. Logic Apps doubles an @ at the beginning of a text, not"
            " of a name: edit the action in the code view."
        )
    return (
        'Give the property its name: [JsonPropertyName("@odata.type")] for System.Text.Json,'
        ' [JsonProperty("@odata.type")] for Newtonsoft.Json; each ignores the other\'s.'
    )
