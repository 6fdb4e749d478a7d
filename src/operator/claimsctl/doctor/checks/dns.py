"""DNS…: whether the host's name resolves to an address that Entra can reach."""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

from claimsctl.doctor.calls import Run
from claimsctl.doctor.runner import Check, finding, skipped_for
from claimsctl.doctor.target import Target
from claimsctl.entra.network import resolve_host
from claimsctl.judge.finding import Finding, Level

_CANNOT_CONNECT = 1003027
_WAIT_SECONDS = 5.0
"""Longer than Entra waits, so that a slow resolver is not mistaken for an unknown name."""

Address = IPv4Address | IPv6Address


def _check(run: Run) -> Iterator[Finding]:
    host = run.target.host
    try:
        found = resolve_host(host, None, _WAIT_SECONDS, socket.AI_CANONNAME)
    except OSError as error:
        reason = error.strerror or str(error) or f"no answer within {_WAIT_SECONDS:.0f} s"
        unknown = finding(
            "DNS001",
            Level.FAIL,
            f"{host}: {reason}",
            hint="Check the host's spelling, and that public DNS resolves it.",
            expected="at least one address",
            entra_code=_CANNOT_CONNECT,
        )
        yield unknown
        yield from skipped_for(unknown, "DNS002", "DNS003", "DNS004")
        return
    addresses = sorted({ip_address(entry[4][0]) for entry in found}, key=str)
    yield finding("DNS001", Level.OK, ", ".join(map(str, addresses)))
    yield _public(addresses, run.target)
    yield _families(addresses)
    names = {entry[3].rstrip(".").lower() for entry in found if entry[3]}
    alias = next(iter(names - {host.rstrip(".").lower(), *map(str, addresses)}), None)
    yield finding("DNS004", Level.OK, f"an alias of {alias}" if alias else "no alias")


def _public(addresses: list[Address], target: Target) -> Finding:
    hidden = [str(address) for address in addresses if not address.is_global]
    if not hidden:
        return finding("DNS002", Level.OK, "public")
    return finding(
        "DNS002",
        Level.WARN if target.is_local else Level.FAIL,
        f"{', '.join(hidden)}: a private or loopback address",
        hint="Publish the endpoint under a public address: Entra calls from outside.",
        expected="public addresses only",
        entra_code=_CANNOT_CONNECT,
    )


def _families(addresses: list[Address]) -> Finding:
    if any(address.version == 4 for address in addresses):  # noqa: PLR2004  # IPv4
        return finding("DNS003", Level.OK, "has an IPv4 address")
    return finding(
        "DNS003",
        Level.WARN,
        "IPv6 only",
        hint="Add an IPv4 address: whether Entra calls over IPv6 is not documented.",
        expected="an IPv4 address",
        entra_code=_CANNOT_CONNECT,
    )


CHECK = Check(("DNS001", "DNS002", "DNS003", "DNS004"), _check)
