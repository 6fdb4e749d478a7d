"""All checks of a tenant, in the order in which Entra uses the links."""

from typing import Final

from claimsctl.tenant import application_checks, claims_checks, endpoint_checks
from claimsctl.tenant.diagnosis import Checker

TENANT_CHECKS: Final[dict[str, Checker]] = {
    "TEN009": endpoint_checks.target_url,
    "TEN011": endpoint_checks.listener,
    "TEN002": endpoint_checks.identifier_uri,
    "TEN001": endpoint_checks.registration,
    "TEN003": endpoint_checks.hosts,
    "TEN023": endpoint_checks.verified_domain,
    "TEN004": endpoint_checks.api_principal,
    "TEN005": endpoint_checks.api_principal_open,
    "TEN006": endpoint_checks.caller,
    "TEN007": endpoint_checks.graph_principal,
    "TEN008": endpoint_checks.consent,
    "TEN010": endpoint_checks.wait,
    "TEN013": application_checks.principals,
    "TEN014": application_checks.principals_enabled,
    "TEN015": application_checks.accepts_mapped_claims,
    "TEN016": application_checks.single_tenant,
    "TEN017": application_checks.audience,
    "TEN022": application_checks.user_flow,
    "TEN012": application_checks.same_applications,
    "TEN018": application_checks.one_source,
    "TEN019": claims_checks.definitions,
    "TEN021": claims_checks.restricted_names,
    "TEN025": endpoint_checks.answer,
    "TEN020": claims_checks.claim_ids,
    "TEN026": claims_checks.listed_claims,
    "TEN024": claims_checks.verdict,
}
