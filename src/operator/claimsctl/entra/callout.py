"""Callouts for playing Entra: scenarios of users who sign in, and changes to single fields.

They use the same model that the function uses to validate callouts.
"""

import json
import uuid
from collections.abc import Sequence
from typing import Any, Final

from claims_provider.contract.callout import (
    AuthenticationContext,
    Callout,
    CalloutData,
    ServicePrincipal,
    User,
)
from claims_provider.contract.discriminators import CALLOUT_DATA_TYPE, EVENT_TYPE

from claimsctl.entra.token_claims import CLIENT_APP_ID, RESOURCE_APP_ID, TENANT_ID
from claimsctl.errors import OperatorError

_LITERALS: Final = ("null", "true", "false")
_CONTEXT: Final = ("data", "authenticationContext")

_CLIENT = ServicePrincipal(
    id="aaaaaaaa-bbbb-cccc-1111-222222222222",
    app_id=CLIENT_APP_ID,
    app_display_name="My test application",
    display_name="My test application",
)
_RESOURCE = ServicePrincipal(
    id="bbbbbbbb-cccc-dddd-2222-333333333333",
    app_id=RESOURCE_APP_ID,
    app_display_name="My test API",
    display_name="My test API",
)
_MEMBER = User(
    id="aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb",
    company_name="Contoso",
    created_date_time="2016-03-01T15:23:40Z",
    display_name="Casey Jensen",
    given_name="Casey",
    mail="casey@contoso.com",
    preferred_language="en-us",
    surname="Jensen",
    user_principal_name="casey@contoso.com",
    user_type="Member",
)
_LOCAL_ACCOUNT = User(
    id="bbbbbbbb-1111-2222-3333-cccccccccccc",
    created_date_time="2026-01-09T10:11:12Z",
    display_name="Robin Local",
    user_principal_name="bbbbbbbb-1111-2222-3333-cccccccccccc@contoso.onmicrosoft.com",
    user_type="Member",
)
_SOCIAL_ACCOUNT = User(
    id="cccccccc-2222-3333-4444-dddddddddddd",
    created_date_time="2026-02-10T11:12:13Z",
    display_name="Sam Social",
    given_name="Sam",
    mail="sam@example.com",
    surname="Social",
    user_type="Member",
)
_GUEST = User(
    id="dddddddd-3333-4444-5555-eeeeeeeeeeee",
    created_date_time="2025-03-11T12:13:14Z",
    display_name="Gale Guest",
    mail="gale@fabrikam.com",
    preferred_data_location="EUR",
    user_principal_name="gale_fabrikam.com#EXT#@contoso.onmicrosoft.com",
    user_type="Guest",
)
_SYNCED = User(
    id="eeeeeeee-4444-5555-6666-ffffffffffff",
    company_name="Contoso",
    created_date_time="2014-04-12T13:14:15Z",
    display_name="Toni Synced",
    given_name="Toni",
    mail="toni@contoso.com",
    on_premises_sam_account_name="toni",
    on_premises_security_identifier="S-1-5-21-1111111111-2222222222-3333333333-1001",
    on_premises_user_principal_name="toni@contoso.local",
    preferred_language="de-de",
    surname="Synced",
    user_principal_name="toni@contoso.com",
    user_type="Member",
)


def _callout(user: User, *, protocol: str = "OAUTH2.0", ip: str = "192.0.2.10") -> Callout:
    return Callout(
        type=EVENT_TYPE,
        source=f"/tenants/{TENANT_ID}/applications/{CLIENT_APP_ID}",
        data=CalloutData(
            odata_type=CALLOUT_DATA_TYPE,
            tenant_id=TENANT_ID,
            authentication_event_listener_id="11111111-1111-1111-1111-111111111111",
            custom_authentication_extension_id="22222222-2222-2222-2222-222222222222",
            authentication_context=AuthenticationContext(
                correlation_id="33333333-3333-3333-3333-333333333333",
                client={"ip": ip, "locale": "en-us", "market": "en-us"},
                protocol=protocol,
                client_service_principal=_CLIENT,
                resource_service_principal=_RESOURCE,
                user=user,
            ),
        ),
    )


SCENARIOS: Final[dict[str, Callout]] = {
    "member": _callout(_MEMBER),
    "local-account": _callout(_LOCAL_ACCOUNT, ip="2001:db8::10"),
    "social-account": _callout(_SOCIAL_ACCOUNT),
    "guest": _callout(_GUEST),
    "saml": _callout(_SYNCED, protocol="SAML"),
    "minimal": Callout(
        type=EVENT_TYPE,
        data=CalloutData(
            odata_type=CALLOUT_DATA_TYPE,
            tenant_id=TENANT_ID,
            authentication_context=AuthenticationContext(
                user=User(id="ffffffff-5555-6666-7777-aaaaaaaaaaaa")
            ),
        ),
    ),
}
"""Callouts by the names that commands and files use."""


def scenario_named(name: str) -> str:
    """Return the scenario named `name`, or the only one whose name begins with it.

    Raises `OperatorError` if there is none, or more than one.
    """
    found = [scenario for scenario in SCENARIOS if scenario.startswith(name)]
    if name in SCENARIOS:
        return name
    if len(found) == 1:
        return found[0]
    message = f'no scenario is named "{name}"; expected one of {", ".join(SCENARIOS)}'
    raise OperatorError(message)


def body_of(scenario: str) -> dict[str, Any]:
    """Return the JSON body of a scenario, without unset fields."""
    return SCENARIOS[scenario].model_dump(by_alias=True, exclude_none=True)


def scenario_callout(name: str, tenant_id: str | None) -> dict[str, Any]:
    """Return a scenario's body with a new correlation id, and with `tenant_id` if given."""
    body = body_of(scenario_named(name))
    body["data"]["authenticationContext"]["correlationId"] = str(uuid.uuid4())
    if tenant_id is not None:
        placeholder = body["data"]["tenantId"]
        body["data"]["tenantId"] = tenant_id
        if "source" in body:
            body["source"] = body["source"].replace(placeholder, tenant_id)
    return body


def set_user(body: dict[str, Any], user: str) -> None:
    """Set the user who signs in: `user` is an object id or an address, as in the table.

    An address becomes ``mail`` and ``userPrincipalName``. With an object id, the user's other
    fields stay, because a provider may need them.
    """
    if "@" in user:
        set_fields(body, (f"user.mail={user}", f"user.userPrincipalName={user}"))
    else:
        set_fields(body, (f"user.id={user}",))


def set_fields(body: dict[str, Any], changes: Sequence[str]) -> None:
    """Apply changes such as ``user.id=…`` to `body`.

    A path starts at the body, at its ``data`` or at the authentication context, depending on which
    has the path's first name. A value is text, unless it is ``null``, ``true`` or ``false``, or
    begins with ``{``, ``[`` or ``"``; it is then parsed as JSON. Raises `OperatorError`.
    """
    for change in changes:
        path, equals, text = change.partition("=")
        names = path.split(".")
        if not equals or not all(names):
            message = f"--set {change}: expected PATH=VALUE, such as user.id=…"
            raise OperatorError(message)
        place = _beginning(body, names[0])
        for name in names[:-1]:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                message = f"--set {change}: {name} is not an object"
                raise OperatorError(message)
        place[names[-1]] = _value(change, text)


def _beginning(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the object where a path that begins with `name` starts; the context for a new name."""
    place = body
    for step in _CONTEXT:
        inner = place.get(step)
        if name in place or not isinstance(inner, dict):
            break
        place = inner
    return place


def _value(change: str, text: str) -> Any:
    if text not in _LITERALS and not text.startswith(("{", "[", '"')):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        message = f"--set {change}: the value is not valid JSON; put text in double quotes"
        raise OperatorError(message) from None
