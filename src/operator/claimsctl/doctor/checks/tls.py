"""TLS…: whether a strict public client accepts the handshake, or why not."""

import ssl
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from claimsctl.doctor.calls import Run
from claimsctl.doctor.runner import Check, finding
from claimsctl.doctor.target import Target
from claimsctl.doctor.tls_probe import (
    Handshake,
    HandshakeFailure,
    any_certificate,
    any_old_version,
    shake_hands,
)
from claimsctl.judge.finding import Finding, Level

IDS = ("TLS001", "TLS002", "TLS003", "TLS004", "TLS005", "TLS006", "TLS007", "TLS008")
_CANNOT_CONNECT = 1003027
_NO_ANSWER = 1003005
_SOON = timedelta(days=14)
_RSA_BITS_MIN = 2048
_BROKEN_HASHES = {"md5", "sha1"}
_HINTS = {
    HandshakeFailure.NOT_TLS: "Serve https on this port: the service there does not use TLS.",
    HandshakeFailure.TIMEOUT: "Find out what delays the handshake: a proxy, a firewall, a busy "
    "machine.",
    HandshakeFailure.NO_AGREEMENT: "Enable common ciphers, and do not require a client certificate "
    "(mutual TLS), which Entra does not have.",
    HandshakeFailure.UNKNOWN_NAME: "Configure a certificate for this name (SNI) on the server.",
    HandshakeFailure.CUT: "Find out what closes the connection: a firewall, or a server without a "
    "certificate for this name.",
}
_TRUSTED = (
    "Serve a certificate of a public authority for this host, with its intermediates, over TLS "
    "1.2 or later."
)


def _check(run: Run) -> Iterator[Finding]:
    target = run.target
    if target.parts.scheme != "https":
        yield from (finding(id_, Level.SKIP, "the URL is http") for id_ in IDS)
        return
    trusted = _shake(target, target.trust)
    if trusted.failure is HandshakeFailure.TIMEOUT:
        yield from (finding(id_, Level.SKIP, "no handshake in time") for id_ in IDS[1:])
        yield _strictly(trusted)
        return
    seen = _shake(target, any_certificate())
    yield _version(target, seen)
    if seen.chain:
        leaf = seen.chain[0]
        yield _names(leaf, target.host, trusted)
        # In an accepted chain, certificates outside the path to a root do not matter.
        yield _dates(seen.chain if trusted.error else seen.chain[:1])
        yield _completeness(seen.chain, trusted, target.trust)
        yield _authority(leaf, trusted)
        yield _key(leaf)
        yield _own_roots(target, trusted)
    else:
        reason = f"no certificate was received: {seen.error}"
        yield from (finding(id_, Level.SKIP, reason) for id_ in IDS[2:])
    yield _strictly(trusted)  # after the findings that give the reason


def _shake(target: Target, context: ssl.SSLContext) -> Handshake:
    return shake_hands(target.host, target.port, context, target.wait_seconds)


def _strictly(trusted: Handshake) -> Finding:
    if trusted.error is None:
        return finding("TLS001", Level.OK, f"{trusted.version}, certificate accepted")
    return finding(
        "TLS001",
        Level.FAIL,
        trusted.error,
        hint=_TRUSTED if trusted.failure is None else _HINTS.get(trusted.failure, _TRUSTED),
        expected="a handshake that a strict client accepts",
        entra_code=_NO_ANSWER if trusted.failure is HandshakeFailure.TIMEOUT else _CANNOT_CONNECT,
    )


def _version(target: Target, seen: Handshake) -> Finding:
    if seen.version is not None:
        return finding("TLS002", Level.OK, seen.version)
    old = _shake(target, any_old_version())
    if old.version is not None:
        return finding(
            "TLS002",
            Level.FAIL,
            f"{old.version} at most",
            hint="Enable TLS 1.2 and 1.3.",
            expected="TLS 1.2 or later",
            entra_code=_CANNOT_CONNECT,
        )
    return finding("TLS002", Level.SKIP, f"no handshake of any version: {seen.error}")


def _names(leaf: x509.Certificate, host: str, trusted: Handshake) -> Finding:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        served: list[str] = []
    else:
        served = [*names.get_values_for_type(x509.DNSName)]
        served += [str(each) for each in names.get_values_for_type(x509.IPAddress)]
    if trusted.error is None or any(_matches(name, host.rstrip(".")) for name in served):
        return finding("TLS003", Level.OK, ", ".join(served[:5]))
    return finding(
        "TLS003",
        Level.FAIL,
        f"the certificate is for {', '.join(served[:5]) or 'no name'}",
        hint="Serve a certificate for this host; if the server has several hosts, use SNI.",
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
            f"not valid before {latest.not_valid_before_utc:%Y-%m-%d %H:%M} UTC",
            hint="Serve the previous certificate until then, and check this machine's clock.",
            expected="valid now",
            entra_code=_CANNOT_CONNECT,
        )
    if first.not_valid_after_utc < now:
        return finding(
            "TLS004",
            Level.FAIL,
            f"expired on {until}",
            hint="Renew it, and automate renewal.",
            expected="valid now",
            entra_code=_CANNOT_CONNECT,
        )
    if first.not_valid_after_utc - now < _SOON:
        return finding(
            "TLS004",
            Level.WARN,
            f"expires on {until}",
            hint="Renew it now: sign-ins fail when it expires.",
            expected=f"valid for at least {_SOON.days} more days",
        )
    return finding("TLS004", Level.OK, f"until {until}")


def _completeness(
    chain: Sequence[x509.Certificate], trusted: Handshake, trust: ssl.SSLContext
) -> Finding:
    names = " ← ".join(_name(certificate) for certificate in chain)
    if trusted.error is None:
        return finding("TLS005", Level.OK, names)
    last = chain[-1]
    if last.issuer == last.subject:
        return finding("TLS005", Level.OK, names)
    if _is_root(last.issuer, trust):
        return finding("TLS005", Level.OK, f"{names}, whose issuer is a known root")
    return finding(
        "TLS005",
        Level.FAIL,
        f"{names}, whose issuer {last.issuer.rfc4514_string()} is neither served nor a known root",
        hint="Serve the intermediate certificates too (a full chain file): browsers fetch them, "
        "strict clients do not. If the authority is private, get a public certificate.",
        expected="every certificate except the root",
        entra_code=_CANNOT_CONNECT,
    )


def _authority(leaf: x509.Certificate, trusted: Handshake) -> Finding:
    if trusted.error is None:
        return finding("TLS006", Level.OK, leaf.issuer.rfc4514_string())
    if leaf.issuer == leaf.subject:
        evidence = "self-signed"
    elif trusted.failure is HandshakeFailure.PRIVATE_AUTHORITY:
        evidence = "issued by a private authority"
    else:
        return finding(
            "TLS006", Level.SKIP, f"not checked, because the handshake failed: {trusted.error}"
        )
    return finding(
        "TLS006",
        Level.FAIL,
        f"{evidence}: {leaf.issuer.rfc4514_string()}",
        hint="Get a certificate of a public authority, such as Let's Encrypt or ACM.",
        expected="an authority in Mozilla's list",
        entra_code=_CANNOT_CONNECT,
    )


def _key(leaf: x509.Certificate) -> Finding:
    key = leaf.public_key()
    bits = key.key_size if isinstance(key, RSAPublicKey) else None
    made_by = leaf.signature_hash_algorithm
    shown = f"RSA {bits} bits" if bits else type(key).__name__.strip("_").removesuffix("PublicKey")
    shown += f", signed by {made_by.name.upper()}" if made_by else ""
    if (bits and bits < _RSA_BITS_MIN) or (made_by and made_by.name in _BROKEN_HASHES):
        return finding(
            "TLS008",
            Level.FAIL,
            shown,
            hint="Get a certificate with an RSA key of 2048 bits or an elliptic curve, signed by "
            "SHA-256.",
            expected="RSA of 2048 bits or more, or an elliptic curve; SHA-256 or better",
            entra_code=_CANNOT_CONNECT,
        )
    return finding("TLS008", Level.OK, shown)


def _own_roots(target: Target, trusted: Handshake) -> Finding:
    own = _shake(target, ssl.create_default_context())
    if (own.error is None) == (trusted.error is None):
        return finding("TLS007", Level.OK, "this machine's roots agree")
    if own.error is None:
        return finding(
            "TLS007",
            Level.WARN,
            "this machine trusts the certificate, but a public client does not",
            hint="Do not rely on a browser on this machine: it trusts a private authority.",
            expected="both agree",
        )
    return finding(
        "TLS007",
        Level.WARN,
        f"Mozilla's roots include the authority, but this machine's do not: {own.error}",
        hint="Update this machine's root certificates; Entra's roots are not published.",
        expected="both agree",
    )


def _is_root(name: x509.Name, trust: ssl.SSLContext) -> bool:
    return any(
        x509.load_der_x509_certificate(der).subject == name
        for der in trust.get_ca_certs(binary_form=True)
    )


def _name(certificate: x509.Certificate) -> str:
    common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(common[0].value) if common else certificate.subject.rfc4514_string() or "(no name)"


CHECK = Check(IDS, _check, needs=("TCP001",))
