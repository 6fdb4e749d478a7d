"""One module for each subject. `ENDPOINT_CHECKS` lists all checks, in the order of the run."""

from typing import Final

from claimsctl.doctor.checks import (
    authentication,
    contract,
    disclosure,
    dns,
    http,
    idempotency,
    latency,
    robustness,
    tcp,
    tls,
    url,
)
from claimsctl.doctor.runner import Check

ENDPOINT_CHECKS: Final[tuple[Check, ...]] = (
    url.CHECK,
    dns.CHECK,
    tcp.CHECK,
    tls.CHECK,
    *http.CHECKS,
    *authentication.CHECKS,
    contract.CHECK,
    *robustness.CHECKS,
    latency.CHECK,
    idempotency.CHECK,
    disclosure.CHECK,
)
