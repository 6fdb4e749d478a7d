"""TCP…: whether each address of the name accepts a connection."""

import errno
import socket
import time
from collections.abc import Iterator

from claimsctl.doctor.calls import Run
from claimsctl.doctor.runner import Check, finding
from claimsctl.entra.network import Address, resolve_host
from claimsctl.judge.finding import Finding, Level

_ADDRESSES_MAX = 8
"""The most addresses that are tried; names of large services have many."""

_CANNOT_CONNECT = 1003027
_NO_ANSWER = 1003005
_UNREACHABLE = {errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
"""Errors that mean that this machine has no IPv6; they say nothing about the endpoint."""


def _check(run: Run) -> Iterator[Finding]:
    target = run.target
    accepted: list[str] = []
    refused: list[str] = []
    untried: list[str] = []
    silent = 0
    found = resolve_host(target.host, target.port, target.wait_seconds)[:_ADDRESSES_MAX]
    for entry in found:
        host = entry[4][0]
        began = time.perf_counter()
        try:
            _connect(entry, target.wait_seconds)
        except OSError as error:
            if entry[0] is socket.AF_INET6 and error.errno in _UNREACHABLE:
                untried.append(f"{host} not tried: this machine has no IPv6")
                continue
            silent += isinstance(error, TimeoutError)
            reason = error.strerror or f"no answer within {target.expectations.wait_ms} ms"
            refused.append(f"{host} port {target.port}: {reason}")
        else:
            accepted.append(f"{host} in {(time.perf_counter() - began) * 1000:.0f} ms")
    evidence = "; ".join([*refused, *accepted, *untried])
    if accepted and not refused:
        yield finding("TCP001", Level.OK, evidence)
    elif accepted:
        yield finding(
            "TCP001",
            Level.WARN,
            evidence,
            hint="Some addresses do not answer: fix them, or remove them from DNS.",
            expected="a connection at every address",
            entra_code=_CANNOT_CONNECT,
        )
    elif refused:
        yield finding(
            "TCP001",
            Level.FAIL,
            evidence,
            hint="Check that the service listens there, and check the firewall.",
            expected="a connection",
            entra_code=_NO_ANSWER if silent == len(refused) else _CANNOT_CONNECT,
        )
    else:
        yield finding(
            "TCP001",
            Level.SKIP,
            evidence,
            hint="Run the doctor on a machine that has IPv6.",
            expected="an address that this machine can reach",
        )


def _connect(entry: Address, seconds: float) -> None:
    family, kind, protocol, _, address = entry
    with socket.socket(family, kind, protocol) as sock:
        sock.settimeout(seconds)
        sock.connect(address)


CHECK = Check(("TCP001",), _check, needs=("DNS001",))
