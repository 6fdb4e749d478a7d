"""The callout's model: what it relies on is checked field by field; nothing else can fail it."""

import copy
import re
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
from claims_provider.contract.discriminators import CALLOUT_DATA_TYPE
from claims_provider.errors import CalloutError, ErrorCode
from claims_provider.inbound.request import read_callout
from claimsctl.entra.callout import SCENARIOS, body_of
from hypothesis import given, settings

Path = tuple[str, ...]


def _paths(node: Any, path: Path = ()) -> Iterator[Path]:
    for name, value in node.items() if isinstance(node, dict) else ():
        yield (*path, name)
        yield from _paths(value, (*path, name))


# What `type` says is looked at before anything else, and has an error of its own.
PATHS = sorted(set(_paths(body_of("saml"))) - {("type",)})
GUID = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
GUIDS = st.sampled_from(
    [
        GUID.upper(),
        f"{{{GUID}}}",
        f"{GUID}\n",
        GUID.replace("a", "\N{FULLWIDTH LATIN SMALL LETTER A}"),
    ]
)
TEXTS = st.text(st.characters(), max_size=8)  # lone surrogates included
VALUES = (
    GUIDS
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | TEXTS
    | st.lists(TEXTS, max_size=2)
    | st.dictionaries(TEXTS, TEXTS, max_size=2)
)
GONE = object()
CHANGES = st.dictionaries(st.sampled_from(PATHS), st.just(GONE) | VALUES, max_size=4)


def _changed(scenario: str, changes: dict[Path, Any]) -> dict[str, Any]:
    body = copy.deepcopy(body_of(scenario))
    for path, value in changes.items():
        place: Any = body
        for name in path[:-1]:
            place = place.get(name) if isinstance(place, dict) else None
        if not isinstance(place, dict):
            continue
        if value is GONE:
            place.pop(path[-1], None)
        else:
            place[path[-1]] = value
    return body


Verdict = tuple[ErrorCode, str | None] | tuple[str | None, ...]

CONTEXT = "data.authenticationContext"
RELIED_ON = {
    "data": "object",
    "data.tenantId": "guid",
    CONTEXT: "object",
    f"{CONTEXT}.clientServicePrincipal": "object or null",
    f"{CONTEXT}.clientServicePrincipal.appId": "guid or null",
    f"{CONTEXT}.resourceServicePrincipal": "object or null",
    f"{CONTEXT}.resourceServicePrincipal.appId": "guid or null",
    f"{CONTEXT}.user": "object",
    f"{CONTEXT}.user.id": "guid",
    f"{CONTEXT}.user.mail": "text or null",
    f"{CONTEXT}.user.userPrincipalName": "text or null",
    f"{CONTEXT}.user.userType": "text or null",
}
"""All that a callout is refused for, in the order in which it is."""
VALUES_READ = [path for path, kind in RELIED_ON.items() if not kind.startswith("object")]
GUID_FORM = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def _value(body: Any, path: str) -> Any:
    """The value at `path`; `GONE` where there is none."""
    for name in path.split("."):
        if not isinstance(body, dict) or name not in body:
            return GONE
        body = body[name]
    return body


def _is(kind: str, value: Any) -> bool:
    match kind.partition(" ")[0]:
        case "object":
            return isinstance(value, dict)
        case "guid":
            return isinstance(value, str) and GUID_FORM.fullmatch(value) is not None
        case _:
            return isinstance(value, str)


def _expected(body: dict[str, Any]) -> Verdict:
    """The first fault's code and field, or the values to read, worked out by the table alone."""
    data = body.get("data")
    if isinstance(data, dict) and data.get("@odata.type") != CALLOUT_DATA_TYPE:
        return ErrorCode.DATA_TYPE_UNSUPPORTED, "data.@odata.type"
    for path, kind in RELIED_ON.items():
        value = _value(body, path)
        if kind.endswith("or null") and (value is GONE or value is None):
            continue
        if value is GONE:
            return ErrorCode.FIELD_MISSING, path
        if not _is(kind, value):
            return ErrorCode.FIELD_MALFORMED, path
    values = ((_value(body, path), RELIED_ON[path]) for path in VALUES_READ)
    return tuple(
        None if value in (GONE, None) else value.lower() if kind.startswith("guid") else value
        for value, kind in values
    )


def _read(body: dict[str, Any]) -> Verdict:
    try:
        read = read_callout(body)
    except CalloutError as error:
        return error.code, error.field
    user = read.user
    return (
        read.tenant_id,
        *(read.client_app_id, read.resource_app_id),
        *(user.id, user.mail, user.user_principal_name, user.user_type),
    )


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(SCENARIOS)), CHANGES)
def test_only_what_is_relied_on_can_fail_a_callout(scenario: str, changes: dict[Path, Any]) -> None:
    """Whatever changes in a body, the first field of the table at fault is named, or it is read."""
    body = _changed(scenario, changes)
    assert _expected(body) == _read(body)
