"""URL…: the form of the target URL, checked without a call."""

import re
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address

from claimsctl.doctor.calls import Run
from claimsctl.doctor.runner import Check, finding
from claimsctl.doctor.target import Target
from claimsctl.judge.finding import Finding, Level

_MALFORMED = 1003020
_HTTPS_PORT = 443
_PLACEHOLDER = re.compile(r"[{}<>\[\]]|%7b|%3c|\byour[-_]", re.IGNORECASE)
_DETOUR = re.compile(r"//|/\.{1,2}(/|$)")


def _check(run: Run) -> Iterator[Finding]:
    target = run.target
    yield _scheme(target)
    yield _credentials(target)
    yield _fragment(target)
    yield _port(target)
    yield _host(target)
    yield _path(target)


def _scheme(target: Target) -> Finding:
    scheme = target.parts.scheme
    if scheme == "https":
        return finding("URL001", Level.OK, scheme)
    return finding(
        "URL001",
        Level.WARN if target.is_local else Level.FAIL,
        f"{scheme}, on this machine" if target.is_local else scheme,
        expected="https",
        hint="Serve it over https: Entra calls https URLs only.",
        entra_code=_MALFORMED,
    )


def _credentials(target: Target) -> Finding:
    if target.parts.username is None and target.parts.password is None:
        return finding("URL002", Level.OK, "none")
    return finding(
        "URL002",
        Level.FAIL,
        "a user name or password before the host",
        expected="none",
        hint="Remove them: the callout has a bearer token.",
        entra_code=_MALFORMED,
    )


def _fragment(target: Target) -> Finding:
    if not target.parts.fragment:
        return finding("URL003", Level.OK, "none")
    return finding(
        "URL003",
        Level.FAIL,
        "a fragment",
        expected="none",
        hint="Remove the # and everything after it: it is never sent.",
        entra_code=_MALFORMED,
    )


def _port(target: Target) -> Finding:
    if target.port == _HTTPS_PORT or target.is_local or target.parts.port is None:
        return finding("URL004", Level.OK, f"port {target.port}")
    return finding(
        "URL004",
        Level.WARN,
        f"port {target.port}",
        expected="443",
        hint="Serve it on port 443: other ports are not documented.",
    )


def _host(target: Target) -> Finding:
    host = target.host
    is_address = False
    with suppress(ValueError):
        ip_address(host)
        is_address = True
    if is_address:
        return finding(
            "URL005",
            Level.WARN if target.is_local else Level.FAIL,
            f"{host}, an IP address",
            expected="a name, as in the identifier URI api://NAME/APP_ID",
            hint="Give the endpoint a name: the identifier URI must contain it.",
            entra_code=1003014,
        )
    if "." not in host.rstrip(".") and not target.is_local:
        return finding(
            "URL005",
            Level.FAIL,
            f"{host}, a name without a domain",
            expected="a fully qualified name, as in api://NAME/APP_ID",
            hint="Use the full name: only this machine or network resolves the short one.",
            entra_code=1003014,
        )
    return finding("URL005", Level.OK, host)


def _path(target: Target) -> Finding:
    parts = target.parts
    shown = parts.path or "/"
    for sign, what, hint in (
        (_PLACEHOLDER, "a placeholder", "Replace it with the real value."),
        (_DETOUR, "an empty or dot segment", "Write the path as the service defines it."),
    ):
        if sign.search(parts.path):
            return finding(
                "URL006",
                Level.WARN,
                f"{shown}: contains {what}",
                expected="the path at which the service accepts POST",
                hint=hint,
            )
    query = ", and a query string whose values are not shown" if parts.query else ""
    return finding("URL006", Level.OK, f"{shown}{query}")


CHECK = Check(("URL001", "URL002", "URL003", "URL004", "URL005", "URL006"), _check)
