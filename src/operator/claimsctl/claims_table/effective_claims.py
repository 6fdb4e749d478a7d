"""The claims that a user's sign-in would get, computed by the function's own code."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from claims_provider.claims.compose import compose
from claims_provider.claims.item import CLAIMS, Item, Layer, read_item
from claims_provider.claims.key import KeyScheme, LayerKey, UserKey, layers_of
from claims_provider.contract.discriminators import CALLOUT_DATA_TYPE, EVENT_TYPE
from claims_provider.errors import CalloutError, StoreFailure
from claims_provider.outbound.failure import failure_response
from claims_provider.outbound.response import claims_response

from claimsctl.claims_file.record import Record
from claimsctl.claims_table.items import key_of
from claimsctl.claims_table.reader import TableReader

if TYPE_CHECKING:
    from claims_provider.contract.callout import Callout

_NOBODY = "00000000-0000-0000-0000-000000000000"


class ClaimEffect(StrEnum):
    """The effect of one claim of one item on the answer."""

    WINS = "wins"
    OVERRIDDEN = "overridden by"
    HIDDEN = "hidden by"
    EMPTY = "empty: hides this claim of items with lower precedence"
    WITHHELD = (
        "not sent: Entra accepts only strings and lists of strings; hides this claim of items with"
        " lower precedence"
    )


@dataclass(frozen=True, slots=True)
class FoundItem:
    """An item that the sign-in reads."""

    key: LayerKey
    item: Item
    layer: Layer | None
    """``None`` when the item is expired, or cannot be read."""
    failure: StoreFailure | None = None
    """Why the item cannot be read."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """The items that the function reads, lowest precedence first, and its answer."""

    found: Sequence[FoundItem]
    elsewhere: Sequence[LayerKey]
    """The user's items for other apps."""
    user_is_known: bool
    response: dict[str, Any]
    """As the gateway receives it: ``statusCode``, ``headers``, ``body``."""

    def effects(self, index: int) -> Iterator[tuple[str, Any, ClaimEffect, LayerKey | None]]:
        """Yield each claim of the item at `index`: name, stored value, effect, and its cause."""
        layer = self.found[index].layer
        if layer is None:
            return
        for name, value in sorted(self.found[index].item.get(CLAIMS, {"M": {}})["M"].items()):
            if name in layer.claims:
                effect, by = self._effect_under(index, name)
                yield name, value, effect, by
            else:
                empty = value in ({"S": ""}, {"L": []})
                yield name, value, ClaimEffect.EMPTY if empty else ClaimEffect.WITHHELD, None

    def _effect_under(self, index: int, name: str) -> tuple[ClaimEffect, LayerKey | None]:
        for higher in self.found[index + 1 :]:
            if higher.layer is not None and name in higher.layer.claims:
                return ClaimEffect.OVERRIDDEN, higher.key
            if higher.layer is not None and name in higher.layer.hidden:
                return ClaimEffect.HIDDEN, higher.key
        return ClaimEffect.WINS, None


def sign_in(
    reader: TableReader, tenant_id: str, user: str, app_id: str | None, now: float
) -> SignIn:
    """Return what `user` (a canonical object id or address) gets in the app `app_id`, if any.

    The function's settings are the defaults, except that an address is looked up as if
    ``USER_KEYS`` listed only its field. `now` is in epoch seconds. Raises `OperatorError` when the
    table cannot be read.
    """
    of_user = {key_of(item): item for item in reader.partition(_pk(tenant_id, user))}
    items = {key_of(item): item for item in reader.partition(_pk(tenant_id, None))} | of_user
    asked = [request.key for request in layers_of(*_callout(tenant_id, user, app_id))]
    found = [_found(key, items[key], now) for key in asked if key in items]
    elsewhere = [key for key in of_user if key not in asked]
    return SignIn(found, elsewhere, bool(of_user), _response(found))


def _pk(tenant_id: str, user: str | None) -> str:
    return Record(tenant_id, user, None).key.pk


def _callout(tenant_id: str, user: str, app_id: str | None) -> "tuple[Callout, KeyScheme]":
    # Imported here because importing pydantic takes long.
    from claims_provider.contract.callout import (  # noqa: PLC0415
        AuthenticationContext,
        Callout,
        CalloutData,
        ServicePrincipal,
        User,
    )

    is_address = "@" in user
    context = AuthenticationContext(
        client_service_principal=ServicePrincipal(app_id=app_id),
        user=User(
            id=_NOBODY if is_address else user,
            mail=user if is_address else None,
            user_type="Member",
        ),
    )
    data = CalloutData(
        odata_type=CALLOUT_DATA_TYPE, tenant_id=tenant_id, authentication_context=context
    )
    scheme = KeyScheme((UserKey.MAIL if is_address else UserKey.ID,))
    return Callout(type=EVENT_TYPE, data=data), scheme


def _found(key: LayerKey, item: Item, now: float) -> FoundItem:
    try:
        return FoundItem(key, item, read_item(item, now))
    except StoreFailure as failure:
        return FoundItem(key, item, None, failure)


def _response(found: Sequence[FoundItem]) -> dict[str, Any]:
    try:
        for item in found:
            if item.failure is not None:
                raise item.failure
        layers = [item.layer for item in found if item.layer is not None]
        return claims_response(compose(layers, {}).claims)
    except CalloutError as error:
        return failure_response(error)
