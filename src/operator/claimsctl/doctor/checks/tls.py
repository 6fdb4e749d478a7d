"""TLS…: what a strict client of the public web makes of the handshake, and why."""

import ssl
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509

from claimsctl.doctor.check import Check, finding
from claimsctl.doctor.handshake import Handshake, backward, curious, shake_hands, trusting
from claimsctl.doctor.patient import Patient
from claimsctl.entra.finding import Finding, Level
from claimsctl.entra.transport import public_trust

IDS = ("TLS001", "TLS002", "TLS003", "TLS004", "TLS005", "TLS006", "TLS007")
_CANNOT_CONNECT = 1003027
_SOON = timedelta(days=14)
_PORT = 443


def _examine(patient: Patient) -> Iterator[Finding]:
    if patient.parts.scheme != "https":
        yield from (finding(id_, Level.SKIP, "http has no TLS") for id_ in IDS)
        return
    host, port = patient.parts.hostname or "", patient.parts.port or _PORT
    trusted = shake_hands(host, port, trusting(patient.trust or public_trust()))
    seen = shake_hands(host, port, curious())
    yield _version(host, port, seen)
    if not seen.chain:
        reason = f"no certificate was seen: {seen.error}"
        yield from (finding(id_, Level.SKIP, reason) for id_ in IDS[2:])
        yield _strictly(trusted)
        return
    yield _names(seen.chain[0], host)
    yield _dates(seen.chain)
    yield _completeness(seen.chain, trusted)
    yield _authority(seen.chain[0], trusted)
    yield _own_roots(host, port, trusted)
    yield _strictly(trusted)  # after what tells why


def _strictly(trusted: Handshake) -> Finding:
    if trusted.error is None:
        return finding("TLS001", Level.OK, f"{trusted.version}, certificate accepted")
    return finding(
        "TLS001",
        Level.FAIL,
        trusted.error,
        hint="Serve a certificate of a public authority for this host, with its intermediates, "
        "over TLS 1.2 or later.",
        expected="a handshake that a strict client accepts",
        entra_code=_CANNOT_CONNECT,
    )


def _version(host: str, port: int, seen: Handshake) -> Finding:
    if seen.version is not None:
        return finding("TLS002", Level.OK, seen.version)
    old = shake_hands(host, port, backward())
    if old.version is not None:
        return finding(
            "TLS002",
            Level.FAIL,
            f"{old.version} at most",
            hint="Switch on TLS 1.2 and 1.3.",
            expected="TLS 1.2 or later",
            entra_code=_CANNOT_CONNECT,
        )
    return finding("TLS002", Level.SKIP, f"no handshake of any version: {seen.error}")


def _names(leaf: x509.Certificate, host: str) -> Finding:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        served: list[str] = []
    else:
        served = [*names.get_values_for_type(x509.DNSName)]
        served += [str(each) for each in names.get_values_for_type(x509.IPAddress)]
    if any(_matches(name, host) for name in served):
        return finding("TLS003", Level.OK, ", ".join(served[:5]))
    return finding(
        "TLS003",
        Level.FAIL,
        f"the certificate is for {', '.join(served[:5]) or 'no name'}",
        hint="Serve a certificate for this host; where many are served, by SNI.",
        expected=host,
        entra_code=_CANNOT_CONNECT,
    )


def _matches(name: str, host: str) -> bool:
    if name.startswith("*."):
        return host.partition(".")[2].lower() == name[2:].lower()
    return name.lower() == host.lower()


def _dates(chain: Sequence[x509.Certificate]) -> Finding:
    now = datetime.now(UTC)
    first = min(chain, key=lambda certificate: certificate.not_valid_after_utc)
    latest = max(chain, key=lambda certificate: certificate.not_valid_before_utc)
    until = f"{first.not_valid_after_utc:%Y-%m-%d}"
    if latest.not_valid_before_utc > now:
        return finding(
            "TLS004",
            Level.FAIL,
            f"valid from {latest.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on only",
            hint="Serve the certificate before it, or wait; check this machine's clock too.",
            expected="valid now",
            entra_code=_CANNOT_CONNECT,
        )
    if first.not_valid_after_utc < now:
        return finding(
            "TLS004",
            Level.FAIL,
            f"expired on {until}",
            hint="Renew it, and see to it that renewal runs by itself.",
            expected="valid now",
            entra_code=_CANNOT_CONNECT,
        )
    if first.not_valid_after_utc - now < _SOON:
        return finding(
            "TLS004",
            Level.WARN,
            f"expires on {until}",
            hint="Renew it now: sign-in ends with it.",
            expected=f"valid for {_SOON.days} days more",
        )
    return finding("TLS004", Level.OK, f"until {until}")


def _completeness(chain: Sequence[x509.Certificate], trusted: Handshake) -> Finding:
    names = " ← ".join(_name(certificate) for certificate in chain)
    if trusted.error is None:
        return finding("TLS005", Level.OK, names)
    last = chain[-1]
    if last.issuer == last.subject:
        return finding("TLS005", Level.OK, names)
    if _is_root(last.issuer):
        return finding("TLS005", Level.OK, f"{names}, whose issuer is a known root")
    return finding(
        "TLS005",
        Level.FAIL,
        f"{names}; {last.issuer.rfc4514_string()} is missing",
        hint="Serve the intermediate certificates along (a full chain file): browsers fetch them, "
        "strict clients do not.",
        expected="every certificate but the root",
        entra_code=_CANNOT_CONNECT,
    )


def _authority(leaf: x509.Certificate, trusted: Handshake) -> Finding:
    if trusted.error is None:
        return finding("TLS006", Level.OK, leaf.issuer.rfc4514_string())
    if leaf.issuer == leaf.subject:
        evidence = "self-signed"
    elif "self-signed" in trusted.error or "self signed" in trusted.error:
        evidence = "of a private authority"
    else:
        return finding("TLS006", Level.SKIP, f"not known while TLS001 fails: {trusted.error}")
    return finding(
        "TLS006",
        Level.FAIL,
        f"{evidence}: {leaf.issuer.rfc4514_string()}",
        hint="Get a certificate of a public authority, such as Let's Encrypt or ACM.",
        expected="an authority of Mozilla's list",
        entra_code=_CANNOT_CONNECT,
    )


def _own_roots(host: str, port: int, trusted: Handshake) -> Finding:
    own = shake_hands(host, port, ssl.create_default_context())
    if (own.error is None) == (trusted.error is None):
        return finding("TLS007", Level.OK, "this machine's roots agree")
    if own.error is None:
        return finding(
            "TLS007",
            Level.WARN,
            "this machine trusts it, the public web does not",
            hint="Do not go by a browser here: this machine knows a private authority.",
            expected="both agree",
        )
    return finding(
        "TLS007",
        Level.WARN,
        f"Mozilla's roots lead there, this machine's do not: {own.error}",
        hint="Update this machine's certificates; Entra's roots are not published.",
        expected="both agree",
    )


def _is_root(name: x509.Name) -> bool:
    wanted = name.public_bytes()
    return any(
        x509.load_der_x509_certificate(der).subject.public_bytes() == wanted
        for der in public_trust().get_ca_certs(binary_form=True)
    )


def _name(certificate: x509.Certificate) -> str:
    common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(common[0].value) if common else certificate.subject.rfc4514_string() or "(no name)"


CHECK = Check(IDS, _examine, needs=("TCP001",))
