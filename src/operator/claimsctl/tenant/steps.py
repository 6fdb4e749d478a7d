"""All steps for one configuration."""

from claimsctl.tenant import chain
from claimsctl.tenant.application_steps import application_steps
from claimsctl.tenant.endpoint_steps import (
    api,
    consent,
    identifier_uri,
    principal,
)
from claimsctl.tenant.extension_step import extension
from claimsctl.tenant.listener_steps import listener
from claimsctl.tenant.lookup import Lookup
from claimsctl.tenant.step import Step


def chain_steps(at: Lookup, listener_apps: int | None = None) -> tuple[Step, ...]:
    """Return all steps in order, with the listener for the first `listener_apps` applications.

    The default is all applications; the test application is the first one.
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
