"""A step of the chain: the requests that a tenant still needs for it, and their undoing.

A step compares what it wants with what the tenant has and keeps no record of its own: done twice
it asks for nothing, and cut off anywhere it goes on from what is there.
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
    """One step. `wanted` and `undo` take ``None`` for a tenant about which nothing is known."""

    key: str
    link: Link
    title: str
    wanted: Callable[[Snapshot | None], Requests]
    undo: Callable[[Snapshot | None], Requests] = lambda _: ()
    by_hand: Callable[[Snapshot], str] = lambda _: ""
    """What only the operator may change, with its impact; empty for nothing."""
    kept: str = ""
    """Why teardown leaves it."""
    refusal: Callable[[Snapshot], OperatorError | None] = lambda _: None
    unique: bool = True
    """Whether Graph itself refuses to make it a second time."""
    switches_on: bool = False
    """Whether it makes Entra call the endpoint for one more application, or at another URL."""
    also: tuple[str, ...] = ()
    """Permissions that it needs in addition to its link's."""
    settles_first: bool = False
    """Whether Entra may go on with what the step before has changed, for a while."""

    def left_in(self, tenant: Snapshot) -> str:
        """Why teardown leaves it in a tenant that has it; empty for nothing."""
        return "" if self.wanted(tenant) or self.by_hand(tenant) else self.kept


def target(target_url: str, resource_id: str) -> dict[str, Any]:
    """Target URL and resourceId, which must always change together."""
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
    """The application's ``api`` as it is, for a request that changes one member of it.

    Both whether PATCH merges a complex property or replaces it, this keeps what is there.
    """
    held = (
        {} if app is None or app.api is None else json.loads(app.api.model_dump_json(by_alias=True))
    )
    return {name: value for name, value in held.items() if value is not None}
