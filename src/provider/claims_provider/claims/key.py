"""Which items a callout needs: the table's key scheme, shared by the function and the loader.

=================================== ============ ===========================================
partition key ``pk``                sort key     holds
=================================== ============ ===========================================
``TENANT#{tenant}``                 ``APP#*``    the tenant's default claims
``TENANT#{tenant}``                 ``APP#{id}`` the tenant's default claims in one app
``USER#{tenant}#{object id}``       ``APP#*``    a user's claims
``USER#{tenant}#{object id}``       ``APP#{id}`` a user's claims in one app
=================================== ============ ===========================================

Lower rows win, claim by claim. With several user keys (``USER_KEYS``) the earlier key's rows win.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from claims_provider.contract.identifiers import canonical_address

if TYPE_CHECKING:  # the loader makes keys too, and needs no pydantic for it
    from claims_provider.contract.callout import Callout, User

EVERY_APP: Final = "APP#*"
_GUEST_MARK = "#ext#"


class UserKey(StrEnum):
    """A field of the callout's user that may name a user's items. All but ``id`` are addresses."""

    ID = "id"
    MAIL = "mail"
    USER_PRINCIPAL_NAME = "userPrincipalName"


class AppKey(StrEnum):
    """Which application ``APP#`` means: the one signed in to, or the one the token is for."""

    CLIENT = "client"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True)
class LayerKey:
    """The key of one item."""

    pk: str
    sk: str


@dataclass(frozen=True, slots=True)
class LayerRequest:
    """One item to ask for; `by_address` when a user can have influenced which item that is."""

    key: LayerKey
    by_address: bool = False


@dataclass(frozen=True, slots=True)
class KeyScheme:
    """How this deployment finds a user's items."""

    user_keys: tuple[UserKey, ...] = (UserKey.ID,)
    app_key: AppKey = AppKey.CLIENT
    address_keys_for_guests: bool = False


def tenant_key(tenant_id: str, app_id: str | None) -> LayerKey:
    """Key of a tenant's default claims; `tenant_id` and `app_id` are canonical GUIDs."""
    return LayerKey(f"TENANT#{tenant_id}", _sort_key(app_id))


def user_key(tenant_id: str, user: str, app_id: str | None) -> LayerKey:
    """Key of a user's claims; `user` is a canonical GUID or a canonical address."""
    return LayerKey(f"USER#{tenant_id}#{user}", _sort_key(app_id))


def layers_of(callout: "Callout", scheme: KeyScheme) -> tuple[LayerRequest, ...]:
    """The items that `callout` needs, lowest precedence first, no key twice.

    Duplicate keys in one BatchGetItem are an error of the engine, so a key that two of the user's
    fields lead to keeps its higher place only.
    """
    tenant_id = callout.tenant_id
    is_client = scheme.app_key is AppKey.CLIENT
    app_id = callout.client_app_id if is_client else callout.resource_app_id
    apps = (None,) if app_id is None else (None, app_id)
    requests = [LayerRequest(tenant_key(tenant_id, app_id)) for app_id in apps]
    for name, user in reversed(list(_user_keys(callout.user, scheme))):
        by_address = name is not UserKey.ID
        requests += [LayerRequest(user_key(tenant_id, user, app), by_address) for app in apps]
    highest = {request.key: place for place, request in enumerate(requests)}
    return tuple(request for place, request in enumerate(requests) if highest[request.key] == place)


def _user_keys(user: "User", scheme: KeyScheme) -> Iterable[tuple[UserKey, str]]:
    for name in scheme.user_keys:
        if name is UserKey.ID:
            yield name, user.id
            continue
        address = user.mail if name is UserKey.MAIL else user.user_principal_name
        if address is None or not (scheme.address_keys_for_guests or _is_member(user)):
            continue
        try:
            yield name, canonical_address(address)
        except ValueError:  # what cannot be a key names nobody's claims
            continue


def _is_member(user: "User") -> bool:
    """Whether the tenant vouches for the user's addresses: not for guests, nor when unsaid."""
    if user.user_type is None or user.user_type.lower() != "member":
        return False
    return _GUEST_MARK not in (user.user_principal_name or "").lower()


def _sort_key(app_id: str | None) -> str:
    return EVERY_APP if app_id is None else f"APP#{app_id}"
