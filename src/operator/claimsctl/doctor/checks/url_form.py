"""URL…: the target URL's form, without calling it."""

from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address

from claimsctl.doctor.check import Check, finding
from claimsctl.doctor.patient import Patient
from claimsctl.entra.finding import Finding, Level

_MALFORMED = 1003020
_HTTPS_PORT = 443


def _examine(patient: Patient) -> Iterator[Finding]:
    parts = patient.parts
    wrong = Level.WARN if patient.is_local else Level.FAIL
    yield finding(
        "URL001",
        Level.OK if parts.scheme == "https" else wrong,
        f"{parts.scheme}, on this machine" if patient.is_local else parts.scheme,
        expected="https",
        hint="" if parts.scheme == "https" else "Serve it over https: Entra calls nothing else.",
        entra_code=None if parts.scheme == "https" else _MALFORMED,
    )
    has_credentials = parts.username is not None or parts.password is not None
    yield finding(
        "URL002",
        Level.FAIL if has_credentials else Level.OK,
        "a user name or password before the host" if has_credentials else "no credentials",
        hint="Take them out: the callout carries a bearer token." if has_credentials else "",
        entra_code=_MALFORMED if has_credentials else None,
    )
    yield finding(
        "URL003",
        Level.FAIL if parts.fragment else Level.OK,
        "a fragment" if parts.fragment else "no fragment",
        hint="Take out what follows the #: it is never sent." if parts.fragment else "",
        entra_code=_MALFORMED if parts.fragment else None,
    )
    port = parts.port or _HTTPS_PORT
    is_usual = port == _HTTPS_PORT or patient.is_local
    yield finding(
        "URL004",
        Level.OK if is_usual else Level.WARN,
        f"port {parts.port or 'of the scheme'}",
        expected="443",
        hint="" if is_usual else "Serve it on 443: nothing is documented about other ports.",
    )
    host = parts.hostname or ""
    is_address = False
    with suppress(ValueError):
        ip_address(host)
        is_address = True
    yield finding(
        "URL005",
        wrong if is_address else Level.OK,
        host,
        expected="a name, as in the identifier URI api://NAME/APP-ID",
        hint="Give the endpoint a name: the identifier URI must have it." if is_address else "",
        entra_code=1003014 if is_address else None,
    )


CHECK = Check(("URL001", "URL002", "URL003", "URL004", "URL005"), _examine)
