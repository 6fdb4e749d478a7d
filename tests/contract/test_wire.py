"""The function's own reader of a callout, against the model of the whole body that samples use."""

import copy
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
from claims_provider.contract.callout import CALLOUT_DATA_TYPE, Callout
from claims_provider.errors import CalloutError, ErrorCode
from claims_provider.inbound.request import read_callout
from claimsctl.entra import callout as wire
from claimsctl.entra.callout import SCENARIOS, body_of
from hypothesis import given, settings
from pydantic import ValidationError

from tests.effort import tries

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


def _modelled(body: dict[str, Any]) -> tuple[ErrorCode, str] | tuple[str | None, ...]:
    """What the model makes of `body`: the first error's code and field, or what was read."""
    data = body.get("data")
    if isinstance(data, dict) and data.get("@odata.type") != CALLOUT_DATA_TYPE:
        return ErrorCode.DATA_TYPE_UNSUPPORTED, "data.@odata.type"
    try:
        read = wire.Callout.model_validate(body, by_name=False, by_alias=True)
    except ValidationError as error:
        first = error.errors()[0]
        missing = first["type"] == "missing"
        code = ErrorCode.FIELD_MISSING if missing else ErrorCode.FIELD_MALFORMED
        return code, ".".join(map(str, first["loc"]))
    context = read.context
    apps = (context.client_service_principal, context.resource_service_principal)
    user = context.user
    return (
        read.data.tenant_id,
        *(None if app is None else app.app_id for app in apps),
        *(user.id, user.mail, user.user_principal_name, user.user_type),
    )


def _read(body: dict[str, Any]) -> tuple[ErrorCode, str | None] | tuple[str | None, ...]:
    try:
        read: Callout = read_callout(body)
    except CalloutError as error:
        return error.code, error.field
    user = read.user
    return (
        read.tenant_id,
        *(read.client_app_id, read.resource_app_id),
        *(user.id, user.mail, user.user_principal_name, user.user_type),
    )


@settings(max_examples=tries(300), deadline=None)
@given(st.sampled_from(sorted(SCENARIOS)), CHANGES)
def test_any_change_of_a_body_is_judged_as_the_model_judges_it(
    scenario: str, changes: dict[Path, Any]
) -> None:
    """The same bodies are read, with the same values; the same field is at fault in the others."""
    body = _changed(scenario, changes)
    assert _modelled(body) == _read(body)
