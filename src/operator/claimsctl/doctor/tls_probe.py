"""Probe an endpoint's TLS: version, protocol, served certificates, and whether they are trusted."""

import socket
import ssl
import time
import warnings
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from cryptography import x509

from claimsctl.entra.network import resolve_host

_PROTOCOLS: Final = ("h2", "http/1.1")


class HandshakeFailure(Enum):
    """The reasons for a failed handshake that the doctor distinguishes."""

    TIMEOUT = auto()
    NOT_TLS = auto()
    """The answer is not TLS."""
    NO_AGREEMENT = auto()
    """The server's alert `handshake_failure`."""
    UNKNOWN_NAME = auto()
    """The server's alert `unrecognized_name`."""
    CUT = auto()
    """The connection ended during the handshake."""
    PRIVATE_AUTHORITY = auto()
    """The chain ends in a self-signed certificate that is not trusted."""
    CERTIFICATE = auto()
    """The certificates are rejected for another reason."""
    OTHER = auto()


_BY_REASON: Final = {
    "WRONG_VERSION_NUMBER": HandshakeFailure.NOT_TLS,
    "HTTP_REQUEST": HandshakeFailure.NOT_TLS,
    "RECORD_LAYER_FAILURE": HandshakeFailure.NOT_TLS,
    "PACKET_LENGTH_TOO_LONG": HandshakeFailure.NOT_TLS,
    "ALERT_HANDSHAKE_FAILURE": HandshakeFailure.NO_AGREEMENT,
    "UNRECOGNIZED_NAME": HandshakeFailure.UNKNOWN_NAME,
    "UNEXPECTED_EOF_WHILE_READING": HandshakeFailure.CUT,
}
"""The ends of OpenSSL's error names; their beginnings differ between versions."""

_SELF_SIGNED: Final = {18, 19}
"""X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """The result of one handshake."""

    version: str | None = None
    protocol: str | None = None
    """The protocol that ALPN chose, or ``None``."""
    chain: tuple[x509.Certificate, ...] = ()
    """The served certificates, the host's own first."""
    failure: HandshakeFailure | None = None
    error: str | None = None
    """The failure message of OpenSSL or the system."""


def shake_hands(host: str, port: int, context: ssl.SSLContext, seconds: float) -> Handshake:
    """Perform only a handshake with `host`, within `seconds` including the name lookup.

    Never raises for anything that the other side does.
    """
    try:
        with (
            _connected(host, port, time.monotonic() + seconds) as sock,
            context.wrap_socket(sock, server_hostname=host) as tls,
        ):
            return Handshake(tls.version(), tls.selected_alpn_protocol(), _served(tls))
    except TimeoutError:
        late = f"not completed within {seconds * 1000:.0f} ms"
        return Handshake(failure=HandshakeFailure.TIMEOUT, error=late)
    except ssl.SSLCertVerificationError as error:
        return Handshake(failure=_verification_failure(error), error=error.verify_message)
    except ssl.SSLError as error:
        said = (error.reason or str(error)).lower().replace("_", " ")
        return Handshake(failure=_protocol_failure(error), error=said)
    except (OSError, ValueError) as error:  # a malformed certificate is a ValueError
        is_cut = isinstance(error, ConnectionResetError)
        failure = HandshakeFailure.CUT if is_cut else HandshakeFailure.OTHER
        return Handshake(failure=failure, error=getattr(error, "strerror", None) or str(error))


def _verification_failure(error: ssl.SSLCertVerificationError) -> HandshakeFailure:
    if error.verify_code in _SELF_SIGNED:
        return HandshakeFailure.PRIVATE_AUTHORITY
    return HandshakeFailure.CERTIFICATE


def _protocol_failure(error: ssl.SSLError) -> HandshakeFailure:
    if isinstance(error, ssl.SSLEOFError):
        return HandshakeFailure.CUT
    reason = error.reason or ""
    found = (failure for ending, failure in _BY_REASON.items() if reason.endswith(ending))
    return next(found, HandshakeFailure.OTHER)


def _connected(host: str, port: int, until: float) -> socket.socket:
    failure: OSError = TimeoutError()
    for family, kind, protocol, _, address in resolve_host(host, port, until - time.monotonic()):
        sock = socket.socket(family, kind, protocol)
        left = until - time.monotonic()
        if left <= 0:
            sock.close()
            break
        try:
            sock.settimeout(left)
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            sock.settimeout(max(until - time.monotonic(), 0.001))  # zero would mean non-blocking
            return sock
    raise failure


def any_certificate() -> ssl.SSLContext:
    """Return a context that accepts any certificate, to read it, over TLS 1.2 or later."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")  # so that a weak key is reported, not refused
    context.set_alpn_protocols(list(_PROTOCOLS))
    return context


def any_old_version() -> ssl.SSLContext:
    """Return a context for TLS 1.0 or 1.1, to report that only these versions are served."""
    context = any_certificate()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # these versions are deprecated
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def _served(tls: ssl.SSLSocket) -> tuple[x509.Certificate, ...]:
    # Public since Python 3.13, where it returns the certificates' bytes.
    source: Any = tls if hasattr(tls, "get_unverified_chain") else tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001
    served = source.get_unverified_chain() or ()
    return tuple(x509.load_der_x509_certificate(_der(each)) for each in served)


def _der(certificate: Any) -> bytes:
    if isinstance(certificate, bytes):
        return certificate
    encoded = certificate.public_bytes()
    return ssl.PEM_cert_to_DER_cert(encoded) if isinstance(encoded, str) else bytes(encoded)
