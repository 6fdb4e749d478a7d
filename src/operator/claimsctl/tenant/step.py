"""A step of the chain: the requests that a tenant still needs for it, and how to undo it.

A step compares the wanted state with the tenant and keeps no state: a second run sends nothing,
and a run after an interruption continues from what exists.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from claimsctl.errors import OperatorError
from claimsctl.tenant.chain import Link, Request
from claimsctl.tenant.snapshot import Application, Snapshot

Requests = tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `wanted` and `undo` accept ``None`` for a tenant that was not read."""

    key: str
    link: Link
    title: str
    wanted: Callable[[Snapshot | None], Requests]
    undo: Callable[[Snapshot | None], Requests] = lambda _: ()
    by_hand: Callable[[Snapshot], str] = lambda _: ""
    """What the operator must change by hand, with its impact; may be empty."""
    kept: str = ""
    """Why teardown keeps it."""
    refusal: Callable[[Snapshot], OperatorError | None] = lambda _: None
    unique: bool = True
    """Whether Graph refuses to create it twice."""
    switches_on: bool = False
    """Whether Entra then calls the endpoint for another application, or at another URL."""
    also: tuple[str, ...] = ()
    """The permissions that it needs in addition to its link's."""
    settles_first: bool = False
    """Whether Entra may continue to use the state before the previous step for a while."""

    def left_in(self, tenant: Snapshot) -> str:
        """Return why teardown keeps it in `tenant`; may be empty."""
        return "" if self.wanted(tenant) or self.by_hand(tenant) else self.kept


def target(target_url: str, resource_id: str) -> dict[str, Any]:
    """Return the target URL and resourceId, which must always change together."""
    return {
        "endpointConfiguration": {
            "@odata.type": "#microsoft.graph.httpRequestEndpoint",
            "targetUrl": target_url,
        },
        "authenticationConfiguration": {
            "@odata.type": "#microsoft.graph.azureAdTokenAuthentication",
            "resourceId": resource_id,
        },
    }


def api_object(app: Application | None) -> dict[str, Any]:
    """Return the application's current ``api``, for a request that changes one of its members.

    This keeps the other members, whether PATCH merges or replaces a complex property.
    """
    held = (
        {} if app is None or app.api is None else json.loads(app.api.model_dump_json(by_alias=True))
    )
    return {name: value for name, value in held.items() if value is not None}
