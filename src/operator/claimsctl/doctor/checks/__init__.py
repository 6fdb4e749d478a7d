"""One module a subject. `ENDPOINT_CHECKS` has all of them, in the order in which they run."""

from typing import Final

from claimsctl.doctor.checks import authentication, contract, http, latency, robustness, tls
from claimsctl.doctor.checks import disclosure as hygiene
from claimsctl.doctor.checks import dns as name
from claimsctl.doctor.checks import idempotency as repetition
from claimsctl.doctor.checks import tcp as connection
from claimsctl.doctor.checks import url as url_form
from claimsctl.doctor.runner import Check

ENDPOINT_CHECKS: Final[tuple[Check, ...]] = (
    url_form.CHECK,
    name.CHECK,
    connection.CHECK,
    tls.CHECK,
    *http.CHECKS,
    *authentication.CHECKS,
    contract.CHECK,
    robustness.CHECK,
    latency.CHECK,
    repetition.CHECK,
    hygiene.CHECK,
)
