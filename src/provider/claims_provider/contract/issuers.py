"""Who issues Entra's token for a tenant, and where the keys are that sign it.

Sources: Entra's token reference for the workforce forms; four independent reports from the field
for the external tenant's, whose keys the workforce host does not hold completely.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Issuer:
    """One issuer of one tenant."""

    url: str
    """``iss``, letter for letter."""
    keys_url: str
    """Where its key set is."""
    tenant_id: str


_FORMS: Final = (
    # An external tenant's, with the tenant's GUID in the host too, whatever name it goes by.
    (
        "https://{tenant}.ciamlogin.com/{tenant}/v2.0",
        "https://{tenant}.ciamlogin.com/{tenant}/discovery/v2.0/keys",
    ),
    # A workforce tenant's; some older external tenants' too.
    (
        "https://login.microsoftonline.com/{tenant}/v2.0",
        "https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys",
    ),
    # Of v1 tokens.
    (
        "https://sts.windows.net/{tenant}/",
        "https://login.microsoftonline.com/{tenant}/discovery/keys",
    ),
)


def issuers_of(tenant_id: str) -> tuple[Issuer, ...]:
    """Every issuer that Entra is known to use for `tenant_id`, a canonical GUID."""
    return tuple(
        Issuer(url.format(tenant=tenant_id), keys.format(tenant=tenant_id), tenant_id)
        for url, keys in _FORMS
    )
