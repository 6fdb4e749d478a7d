"""Move the endpoint to another URL without a moment in which no sign-in works.

The hosts of target URL and resourceId must always be the same (1003015). The new identifier URI is
added first; then target URL and resourceId are changed in one request; the old identifier URI is
removed last, when Entra no longer requests tokens for it.
"""

import re

from claimsctl.errors import OperatorError
from claimsctl.tenant import chain
from claimsctl.tenant.chain import Request
from claimsctl.tenant.config import host_of
from claimsctl.tenant.extension_step import EXTENSION_TYPE, EXTENSIONS
from claimsctl.tenant.lookup import Lookup
from claimsctl.tenant.snapshot import Extension, Snapshot
from claimsctl.tenant.step import Requests, Step, target


class Move:
    """The move to `new_url`, in the tenant as it was at the `start`, or in one that was not read.

    Raises `OperatorError` when the old URL is not known.
    """

    def __init__(self, at: Lookup, new_url: str, start: Snapshot | None = None) -> None:
        self._at = at
        self.destination = at.moved_to(new_url)
        self._url = new_url
        self._old = at.uri(start)
        if at.config.host == self.destination.config.host and start is not None:
            # entra.toml or its stack may already have the new URL.
            found = self._extension(start)
            self._old = found.resource_id if found else self._old
        if start is None and at.config.target_url == new_url:
            message = (
                f"{new_url} is already the endpoint's URL; plan shows the move from the URL in"
                " entra.toml to another URL"
            )
            raise OperatorError(message)

    def steps(self) -> tuple[Step, ...]:
        """Return the steps, in their order."""
        new, old = self.destination.config.host, host_of(self._old)
        return (
            Step(
                "move-add",
                chain.IDENTIFIER_URI,
                f"Add the identifier URI of the host {new}; the old one is kept",
                self._add,
                refusal=self._refusal,
            ),
            Step(
                "move-switch",
                chain.EXTENSION,
                f"Change target URL and resourceId together, to {self._url}",
                self._switch,
                switches_on=True,
            ),
            Step(
                "move-remove",
                chain.IDENTIFIER_URI,
                f"Remove the identifier URI of the host {old}",
                self._remove,
                by_hand=self._others,
                settles_first=True,
            ),
        )

    def _extension(self, tenant: Snapshot) -> Extension | None:
        """Return the extension to move: the one with the name, or the application's only one."""
        candidates = self._of_the_application(tenant)
        named = [one for one in candidates if one.display_name == self._at.name]
        if len(named or candidates) == 1:
            return (named or candidates)[0]
        return self._at.extension(tenant) or self.destination.extension(tenant)

    def _of_the_application(self, tenant: Snapshot) -> list[Extension]:
        app_id = self._at.app_id(tenant).lower()
        return [one for one in tenant.extensions if one.app_id == app_id]

    def _refusal(self, tenant: Snapshot) -> OperatorError | None:
        name = self._at.name
        if self._at.api_application(tenant) is None:
            message = (
                f"no app registration {self._at.config.endpoint.app_id or name} in the tenant;"
                " correct app_id of [endpoint]"
            )
            return OperatorError(message)
        if self._extension(tenant) is None:
            several = self._of_the_application(tenant)
            message = f"no extension {name} to move; claimsctl entra apply creates one"
            if several:
                message = f"{len(several)} extensions match; set the name in [endpoint]"
            lines = [f"{one.display_name or one.id}: {one.target_url}" for one in several]
            return OperatorError(message, lines=lines)
        return None

    def _uris(self, tenant: Snapshot | None) -> tuple[str, ...]:
        app = self._at.api_application(tenant)
        return app.identifier_uris if app else (self._old,)

    def _with_uris(self, uris: list[str]) -> Requests:
        return (Request("PATCH", self._at.api_path(), {"identifierUris": uris}),)

    def _add(self, tenant: Snapshot | None) -> Requests:
        held, new = self._uris(tenant), self.destination.uri(tenant)
        return () if new in held else self._with_uris([*held, new])

    def _switch(self, tenant: Snapshot | None) -> Requests:
        found = self._extension(tenant) if tenant is not None else None
        resource = self.destination.uri(tenant)
        if found and (found.target_url, found.resource_id) == (self._url, resource):
            return ()
        body = {"@odata.type": EXTENSION_TYPE, **target(self._url, resource)}
        id_ = found.id if found else "{extension.id}"
        return (Request("PATCH", f"{EXTENSIONS}/{id_}", body),)

    def _remove(self, tenant: Snapshot | None) -> Requests:
        new = self.destination.uri(tenant)
        if tenant is None:
            return () if self._old == new else self._with_uris([new])
        held = self._uris(tenant)
        if self._old == new or self._old not in held or self._is_named(self._old, tenant):
            return ()
        return self._with_uris([uri for uri in held if uri != self._old])

    def _is_named(self, uri: str, tenant: Snapshot) -> bool:
        """Return whether another extension has tokens requested for `uri`."""
        moved = self._extension(tenant)
        others = (one for one in tenant.extensions if moved is None or one.id != moved.id)
        return any(one.resource_id == uri for one in others)

    def _others(self, tenant: Snapshot) -> str:
        """Return the manual step for URIs that earlier hosts of the endpoint may have left."""
        app_id, new = self._at.app_id(tenant), self.destination.uri(tenant)
        left = [
            uri
            for uri in self._uris(tenant)
            if re.fullmatch(rf"api://[^/]+/{app_id}", uri, re.IGNORECASE)
            and uri != new
            and (uri != self._old or self._is_named(uri, tenant))
        ]
        if not left:
            return ""
        return (
            f"application {app_id} also has {', '.join(left)}: remove it when no extension and no"
            " client requests tokens for it"
        )
