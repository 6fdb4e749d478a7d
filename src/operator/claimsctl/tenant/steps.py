"""The whole chain of steps for one configuration, and the order of a move."""

from urllib.parse import urlsplit

from claimsctl.tenant import chain
from claimsctl.tenant.application_steps import application_steps
from claimsctl.tenant.chain import Request
from claimsctl.tenant.endpoint_steps import (
    EXTENSION_TYPE,
    api,
    consent,
    extension,
    identifier_uri,
    principal,
)
from claimsctl.tenant.listener_steps import listener
from claimsctl.tenant.lookup import Lookup
from claimsctl.tenant.snapshot import Snapshot
from claimsctl.tenant.step import Requests, Step, target


def chain_steps(at: Lookup, listener_apps: int | None = None) -> tuple[Step, ...]:
    """All steps in their order; the listener for the first `listener_apps` applications.

    By default for all of them; the test application is the first one.
    """
    audiences = at.config.audiences
    per_app = [step for one in audiences for step in application_steps(at, one)]
    count = len(audiences) if listener_apps is None else listener_apps
    listening = [listener(at, index + 1) for index in range(count)]
    return (
        api(at),
        identifier_uri(at),
        principal(at, "api-principal", chain.API_PRINCIPAL, None),
        principal(at, "caller-principal", chain.CALLER_PRINCIPAL, chain.CALLER_APP_ID),
        consent(at),
        extension(at),
        *per_app,
        *listening,
    )


def move_steps(at: Lookup, new_url: str) -> tuple[Step, ...]:
    """The order that never lets target URL and resourceId differ in host (1003015)."""
    old, new = at.uri(None), at.uri(None, urlsplit(new_url).netloc.lower())

    def with_uris(uris: tuple[str, ...]) -> Requests:
        return (Request("PATCH", at.api_path(), {"identifierUris": list(uris)}),)

    def held(tenant: Snapshot | None) -> tuple[tuple[str, ...], str, str]:
        app = at.api_application(tenant)
        ours = at.uri(tenant), at.uri(tenant, urlsplit(new_url).netloc.lower())
        return (app.identifier_uris if app else (old,)), *ours

    def add(tenant: Snapshot | None) -> Requests:
        uris, _, added = held(tenant)
        return () if added in uris else with_uris((*uris, added))

    def switch(tenant: Snapshot | None) -> Requests:
        found = at.extension(tenant)
        resource = held(tenant)[2]
        if found and (found.target_url, found.resource_id) == (new_url, resource):
            return ()
        body = {"@odata.type": EXTENSION_TYPE, **target(new_url, resource)}
        id_ = found.id if found else "{extension.id}"
        return (Request("PATCH", f"/identity/customAuthenticationExtensions/{id_}", body),)

    def remove(tenant: Snapshot | None) -> Requests:
        uris, gone, added = held(tenant)
        if tenant is not None and gone not in uris:
            return ()
        kept = [uri for uri in uris if uri not in {gone, added}]
        return with_uris((*kept, added))

    return (
        Step("move-add", chain.IDENTIFIER_URI, f"Add {new} beside the old URI", add),
        Step("move-switch", chain.EXTENSION, "Change target URL and resourceId at once", switch),
        Step("move-remove", chain.IDENTIFIER_URI, f"Remove {old}", remove),
    )
