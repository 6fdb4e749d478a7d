"""The steps of the listener, one for each application, and the removal of an application."""

from collections.abc import Sequence
from typing import Any, Final

from claimsctl.errors import OperatorError
from claimsctl.tenant import chain
from claimsctl.tenant.chain import Request
from claimsctl.tenant.lookup import Lookup
from claimsctl.tenant.snapshot import Snapshot
from claimsctl.tenant.step import Requests, Step

_LISTENER_TYPE: Final = "#microsoft.graph.onTokenIssuanceStartListener"
_HANDLER_TYPE: Final = "#microsoft.graph.onTokenIssuanceStartCustomExtensionHandler"


def listener(at: Lookup, count: int) -> Step:
    """Return the step of the listener for the first `count` applications."""
    wanted_ids = [one.app_id for one in at.config.audiences[:count]]
    path = "/identity/authenticationEventListeners"

    def conditions(ids: list[str]) -> dict[str, Any]:
        included = [{"appId": id_} for id_ in ids]
        return {"conditions": {"applications": {"includeApplications": included}}}

    def wanted(tenant: Snapshot | None) -> Requests:
        found, extension = at.listener_of(tenant), at.extension(tenant)
        id_ = extension.id if extension else "{extension.id}"
        handler: dict[str, Any] = {"@odata.type": _HANDLER_TYPE, "customExtension": {"id": id_}}
        if found is None and (tenant is not None or count == 1):
            made = conditions(wanted_ids) | {"handler": handler}
            body = {"@odata.type": _LISTENER_TYPE, "displayName": at.name, **made}
            return (Request("POST", path, body),)
        held = list(found.app_ids) if found else wanted_ids[:-1]
        missing = [one for one in wanted_ids if one not in held]
        stale = found is not None and found.extension_id != id_
        if not missing and not stale:
            return ()
        changed: dict[str, Any] = conditions([*held, *missing])
        changed |= {"handler": handler} if stale else {}
        body = {"@odata.type": _LISTENER_TYPE, **changed}
        return (Request("PATCH", f"{path}/{found.id if found else '{listener.id}'}", body),)

    def undo(tenant: Snapshot | None) -> Requests:
        found = at.listener_of(tenant)
        if count > 1 or (tenant is not None and found is None):
            return ()  # undoing the first step deletes the listener
        return (Request("DELETE", f"{path}/{found.id if found else '{listener.id}'}"),)

    def by_hand(tenant: Snapshot) -> str:
        found = at.listener_of(tenant)
        known = {one.app_id for one in at.config.audiences}
        more = [app_id for app_id in found.app_ids if app_id not in known] if found else []
        if not more or count > 1:
            return ""
        return (
            f"the listener also names {', '.join(more)}, which the configuration does not list; to"
            " remove one, run claimsctl entra apply --take-back APP_ID"
        )

    def refusal(tenant: Snapshot) -> OperatorError | None:
        return _not_alone(at, tenant, wanted_ids)

    key = "listener" if count == 1 else f"listener:{wanted_ids[-1]}"
    which = "the test application only" if count == 1 else f"application {wanted_ids[-1]} too"
    return Step(
        key,
        chain.LISTENER,
        f"Listener for {which}",
        wanted,
        undo,
        by_hand=by_hand,
        refusal=refusal,
        unique=False,
        switches_on=True,
        also=(chain.AUDIT,) if count > 1 and at.config.endpoint.stack is None else (),
    )


def _not_alone(at: Lookup, tenant: Snapshot, app_ids: Sequence[str]) -> OperatorError | None:
    """Return why the listener cannot have exactly these applications, or `None`."""
    own = at.listener_of(tenant)
    if own is not None and (own.is_for_all or not own.app_ids):
        message = (
            f"listener {own.id} names no application, or applies to all of them"
            " (includeAllApplications), so the test application cannot be tried first. Delete the"
            " listener, and run the command again"
        )
        return OperatorError(message)
    for one in tenant.listeners:
        both = [app_id for app_id in app_ids if app_id in one.app_ids or one.is_for_all]
        if both and (own is None or one.id != own.id):
            message = (
                f"listener {one.id} of extension {one.extension_id} already names application"
                f" {both[0]}, and it is not documented which of two listeners Entra uses; remove"
                " the application from it first"
            )
            return OperatorError(message)
    return None


def without(at: Lookup, tenant: Snapshot, app_id: str) -> Requests:
    """Return the requests that remove an application, or the listener with its last one."""
    found = at.listener_of(tenant)
    if found is None or app_id not in found.app_ids:
        return ()
    path = f"/identity/authenticationEventListeners/{found.id}"
    rest = [{"appId": id_} for id_ in found.app_ids if id_ != app_id]
    if not rest:
        return (Request("DELETE", path),)
    body: dict[str, Any] = {"@odata.type": _LISTENER_TYPE}
    body["conditions"] = {"applications": {"includeApplications": rest}}
    return (Request("PATCH", path, body),)
