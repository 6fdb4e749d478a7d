"""The table's key scheme, shared by the function and the loader, and the keys of a callout.

=================================== ============ ===========================================
partition key ``pk``                sort key     contains
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

if TYPE_CHECKING:  # the loader also makes keys, without pydantic
    from claims_provider.contract.callout import Callout, User

EVERY_APP: Final = "APP#*"
_GUEST_MARK = "#ext#"


class UserKey(StrEnum):
    """A field of the callout's user that identifies items. All except ``id`` are addresses."""

    ID = "id"
    MAIL = "mail"
    USER_PRINCIPAL_NAME = "userPrincipalName"


class AppKey(StrEnum):
    """The application of ``APP#``: the client, or the resource that the token is for."""

    CLIENT = "client"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True)
class LayerKey:
    """The key of one item."""

    pk: str
    sk: str


@dataclass(frozen=True, slots=True)
class LayerRequest:
    """An item to request; `by_address` if the user may have influenced the key."""

    key: LayerKey
    by_address: bool = False


@dataclass(frozen=True, slots=True)
class KeyScheme:
    """How a deployment finds a user's items."""

    user_keys: tuple[UserKey, ...] = (UserKey.ID,)
    app_key: AppKey = AppKey.CLIENT
    address_keys_for_guests: bool = False


def tenant_key(tenant_id: str, app_id: str | None) -> LayerKey:
    """Return the key of a tenant's default claims; both ids are canonical GUIDs."""
    return LayerKey(f"TENANT#{tenant_id}", _sort_key(app_id))


def user_key(tenant_id: str, user: str, app_id: str | None) -> LayerKey:
    """Return the key of a user's claims; `user` is a canonical GUID or a canonical address."""
    return LayerKey(f"USER#{tenant_id}#{user}", _sort_key(app_id))


def layers_of(callout: "Callout", scheme: KeyScheme) -> tuple[LayerRequest, ...]:
    """Return the items that `callout` needs, lowest precedence first, without duplicates.

    BatchGetItem does not allow duplicate keys, so a key that results from two of the user's fields
    keeps its higher precedence only.
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
        except ValueError:  # a value that cannot be a key identifies no claims
            continue


def _is_member(user: "User") -> bool:
    """Return whether the tenant controls the user's addresses: not for guests or unknown types."""
    if user.user_type is None or user.user_type.lower() != "member":
        return False
    return _GUEST_MARK not in (user.user_principal_name or "").lower()


def _sort_key(app_id: str | None) -> str:
    return EVERY_APP if app_id is None else f"APP#{app_id}"
