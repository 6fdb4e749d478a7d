"""One module a subject. `ENDPOINT_CHECKS` has all of them, in the order in which they run."""

from typing import Final

from claimsctl.doctor.check import Check
from claimsctl.doctor.checks import (
    authentication,
    connection,
    contract,
    http,
    hygiene,
    latency,
    name,
    repetition,
    robustness,
    tls,
    url_form,
)

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
