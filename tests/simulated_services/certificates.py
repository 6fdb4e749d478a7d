"""Certificate authorities of the simulated internet, and what servers send in a handshake."""

import ssl
import tempfile
import warnings
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@cache
def public() -> trustme.CA:
    """The authority that everybody's browser knows."""
    return trustme.CA(organization_name="Public Root")


@cache
def intermediate() -> trustme.CA:
    """It signs for the public one, and must be served along."""
    return public().create_child_ca()


@cache
def private() -> trustme.CA:
    """A company's own authority."""
    return trustme.CA(organization_name="Private Root")


def good(host: str) -> ssl.SSLContext:
    """A certificate of the intermediate authority, with the whole chain."""
    return served(intermediate().issue_cert(host))


def expired(host: str) -> ssl.SSLContext:
    """Over since yesterday."""
    leaf = public().issue_cert(host, not_before=NOW - 90 * DAY, not_after=NOW - DAY)
    return served(leaf)


def not_yet_valid(host: str) -> ssl.SSLContext:
    """From tomorrow on."""
    return served(public().issue_cert(host, not_before=NOW + DAY, not_after=NOW + 90 * DAY))


def ending(host: str) -> ssl.SSLContext:
    """For three days more."""
    leaf = public().issue_cert(host, not_before=NOW - 80 * DAY, not_after=NOW + 3 * DAY)
    return served(leaf)


def for_another_host(host: str) -> ssl.SSLContext:
    """The default of a server that has many."""
    return served(public().issue_cert("other.example.net"))


def wildcard(host: str) -> ssl.SSLContext:
    """For all names of the same domain."""
    return served(public().issue_cert("*." + host.partition(".")[2]))


def wildcard_too_high(host: str) -> ssl.SSLContext:
    """A star matches one label, not two."""
    return served(public().issue_cert("*." + host.split(".", 2)[2]))


def without_intermediate(host: str) -> ssl.SSLContext:
    """cert.pem in place of fullchain.pem."""
    leaf = intermediate().issue_cert(host)
    return _loaded(leaf.private_key_pem.bytes() + leaf.cert_chain_pems[0].bytes())


def of_a_private_authority(host: str) -> ssl.SSLContext:
    """Its root served along."""
    leaf = private().issue_cert(host)
    return _loaded(
        leaf.private_key_and_cert_chain_pem.bytes() + private().cert_pem.bytes(),
    )


def of_a_private_authority_alone(host: str) -> ssl.SSLContext:
    """Without its root, as is usual."""
    return served(private().issue_cert(host))


def tls_1_1(host: str) -> ssl.SSLContext:
    """An old load balancer's."""
    context = good(host)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def tls_1_2(host: str) -> ssl.SSLContext:
    """The older of the two that are good."""
    context = good(host)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def client_certificate(host: str) -> ssl.SSLContext:
    """Asks the caller for a certificate, which Entra has not. By TLS 1.2, at once."""
    return _asking(tls_1_2(host))


def client_certificate_by_tls_1_3(host: str) -> ssl.SSLContext:
    """By TLS 1.3 the caller learns of it only when he reads."""
    return _asking(good(host))


def _asking(context: ssl.SSLContext) -> ssl.SSLContext:
    context.verify_mode = ssl.CERT_REQUIRED
    private().configure_trust(context)
    return context


def self_signed(host: str) -> ssl.SSLContext:
    """Made by a script, for this host."""
    return _made(host, 2048, None)


def weak_key(host: str) -> ssl.SSLContext:
    """RSA with 1024 bits, of the public authority."""
    return _made(host, 1024, public())


def served(leaf: trustme.LeafCert) -> ssl.SSLContext:
    """What a server shows that has `leaf` and what leads to its root."""
    return _loaded(leaf.private_key_and_cert_chain_pem.bytes())


def _loaded(pem: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.pem"
        path.write_bytes(pem)
        context.load_cert_chain(path)
    return context


def _made(host: str, bits: int, authority: trustme.CA | None) -> ssl.SSLContext:
    key = generate_private_key(65537, bits)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    issuer, signer = name, key
    if authority is not None:
        issuer = x509.load_pem_x509_certificate(authority.cert_pem.bytes()).subject
        loaded = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
        signer = loaded  # type: ignore[assignment]
    identifier = x509.SubjectKeyIdentifier.from_public_key
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + 90 * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(identifier(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
            critical=False,
        )
        .sign(signer, hashes.SHA256())
    )
    private_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return _loaded(private_pem + certificate.public_bytes(serialization.Encoding.PEM))
