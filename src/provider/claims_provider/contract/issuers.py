"""The issuers of Entra's tokens for a tenant, and the URLs of their signing keys.

Sources: Entra's token reference for workforce tenants; four independent reports from the field for
external tenants, for which the workforce host does not have all keys.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Issuer:
    """One issuer of one tenant."""

    url: str
    """``iss``, compared exactly."""
    keys_url: str
    """The URL of its key set."""
    tenant_id: str


_FORMS: Final = (
    # An external tenant: the host also contains the tenant's GUID, not its name.
    (
        "https://{tenant}.ciamlogin.com/{tenant}/v2.0",
        "https://{tenant}.ciamlogin.com/{tenant}/discovery/v2.0/keys",
    ),
    # A workforce tenant, and some older external tenants.
    (
        "https://login.microsoftonline.com/{tenant}/v2.0",
        "https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys",
    ),
    # v1 tokens.
    (
        "https://sts.windows.net/{tenant}/",
        "https://login.microsoftonline.com/{tenant}/discovery/keys",
    ),
)


def issuers_of(tenant_id: str) -> tuple[Issuer, ...]:
    """Return every issuer that Entra is known to use for `tenant_id`, a canonical GUID."""
    return tuple(
        Issuer(url.format(tenant=tenant_id), keys.format(tenant=tenant_id), tenant_id)
        for url, keys in _FORMS
    )
