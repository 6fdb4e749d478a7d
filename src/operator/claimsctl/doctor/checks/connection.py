"""TCP…: whether something accepts a connection, at each address of the name."""

import socket
import time
from collections.abc import Iterator

from claimsctl.doctor.check import Check, finding
from claimsctl.doctor.patient import Patient
from claimsctl.entra.finding import Finding, Level

_ADDRESSES_MAX = 8
"""Names of large services have many; each is one connection without a call."""


def _examine(patient: Patient) -> Iterator[Finding]:
    parts = patient.parts
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)[:_ADDRESSES_MAX]
    taken, refused = [], []
    for family, kind, protocol, _, address in found:
        began = time.perf_counter()
        try:
            with socket.socket(family, kind, protocol) as sock:
                sock.settimeout(patient.expectations.wait_ms / 1000)
                sock.connect(address)
        except OSError as error:
            refused.append(f"{address[0]} port {port}: {error.strerror or 'no answer in time'}")
        else:
            taken.append(f"{address[0]} in {(time.perf_counter() - began) * 1000:.0f} ms")
    if refused:
        yield finding(
            "TCP001",
            Level.WARN if taken else Level.FAIL,
            "; ".join(refused),
            hint="Some addresses do not answer: take them out of DNS."
            if taken
            else "Check that the service listens there, and the firewall before it.",
            expected="a connection at every address",
            entra_code=1003027,
        )
    else:
        yield finding("TCP001", Level.OK, ", ".join(taken))


CHECK = Check(("TCP001",), _examine, needs=("DNS001",))
