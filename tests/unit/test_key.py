"""Which items a callout needs."""

from typing import Any

import pytest
from claims_provider.claims.key import (
    AppKey,
    KeyScheme,
    LayerKey,
    UserKey,
    layers_of,
    tenant_key,
    user_key,
)
from claims_provider.contract.callout import Callout
from claims_provider.inbound.request import read_callout
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import CLIENT_APP_ID, RESOURCE_APP_ID, TENANT_ID

MEMBER = "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"
EVERYONE, IN_APP = (None, CLIENT_APP_ID)
BY_MAIL = KeyScheme(user_keys=(UserKey.ID, UserKey.MAIL))


def _callout(scenario: str = "member", **user: Any) -> Callout:
    body = body_of(scenario)
    body["data"]["authenticationContext"]["user"] |= user
    return read_callout(body)


def _keys(callout: Callout, scheme: KeyScheme) -> list[LayerKey]:
    return [request.key for request in layers_of(callout, scheme)]


def test_the_key_scheme_is_fixed() -> None:
    """The loader, the function and users' scripts depend on these exact keys."""
    assert (
        LayerKey(f"TENANT#{TENANT_ID}", "APP#*"),
        LayerKey(f"USER#{TENANT_ID}#{MEMBER}", f"APP#{CLIENT_APP_ID}"),
    ) == (tenant_key(TENANT_ID, None), user_key(TENANT_ID, MEMBER, CLIENT_APP_ID))


def test_four_layers_lowest_first() -> None:
    """A callout needs the tenant's items and the user's, each for every app and for its own."""
    assert [
        tenant_key(TENANT_ID, None),
        tenant_key(TENANT_ID, CLIENT_APP_ID),
        user_key(TENANT_ID, MEMBER, None),
        user_key(TENANT_ID, MEMBER, CLIENT_APP_ID),
    ] == _keys(_callout(), KeyScheme())


def test_the_app_may_be_the_resource() -> None:
    """With APP_KEY=resource the app is the one that the token is for."""
    keys = _keys(_callout(), KeyScheme(app_key=AppKey.RESOURCE))
    assert tenant_key(TENANT_ID, RESOURCE_APP_ID) in keys
    assert tenant_key(TENANT_ID, CLIENT_APP_ID) not in keys


def test_no_app_means_no_app_items() -> None:
    """A callout that names no app gets the items for every app only."""
    user = "ffffffff-5555-6666-7777-aaaaaaaaaaaa"
    assert [tenant_key(TENANT_ID, None), user_key(TENANT_ID, user, None)] == _keys(
        _callout("minimal"), KeyScheme()
    )


def test_earlier_user_keys_win() -> None:
    """All items under an earlier user key have precedence over those under a later one."""
    assert [
        user_key(TENANT_ID, "casey@contoso.com", None),
        user_key(TENANT_ID, "casey@contoso.com", CLIENT_APP_ID),
        user_key(TENANT_ID, MEMBER, None),
        user_key(TENANT_ID, MEMBER, CLIENT_APP_ID),
    ] == _keys(_callout(mail="Casey@Contoso.com"), BY_MAIL)[2:]


def test_an_address_is_marked_as_one() -> None:
    """Items found by address are distinguished from those found by id."""
    assert [False, False, True, True, False, False] == [
        request.by_address for request in layers_of(_callout(), BY_MAIL)
    ]


def test_no_key_is_asked_for_twice() -> None:
    """Two fields that lead to one item ask for it once, at its higher place."""
    scheme = KeyScheme(user_keys=(UserKey.USER_PRINCIPAL_NAME, UserKey.ID, UserKey.MAIL))
    keys = _keys(_callout(mail="casey@contoso.com"), scheme)
    assert len(set(keys)) == len(keys)
    assert user_key(TENANT_ID, "casey@contoso.com", CLIENT_APP_ID) == keys[-1]


@pytest.mark.parametrize("mail", [None, "", "casey", MEMBER, "a@b@c", "a b@c", "x" * 400 + "@c"])
def test_what_is_no_address_asks_for_nothing(mail: str | None) -> None:
    """A mail that cannot be a key is skipped, especially one that contains an object id."""
    assert _keys(_callout(), KeyScheme()) == _keys(_callout(mail=mail), BY_MAIL)


@pytest.mark.parametrize(
    "user",
    [
        {"userType": "Guest"},
        {"userType": "guest"},
        {"userType": None},
        {"userType": ""},
        {"userType": "Member", "userPrincipalName": "casey_fabrikam.com#EXT#@contoso.com"},
    ],
)
def test_guests_have_no_address_keys(user: dict[str, Any]) -> None:
    """A guest's address finds no claims unless the setting allows it."""
    callout = _callout(**user)
    assert _keys(callout, KeyScheme()) == _keys(callout, BY_MAIL)
    told = KeyScheme(user_keys=BY_MAIL.user_keys, address_keys_for_guests=True)
    assert user_key(TENANT_ID, "casey@contoso.com", None) in _keys(callout, told)


def test_addresses_are_off_by_default() -> None:
    """Unless the deployment lists them, addresses find nothing."""
    assert (UserKey.ID,) == KeyScheme().user_keys
