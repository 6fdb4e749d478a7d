"""What an endpoint serves by TLS: version, protocol, certificates as they come, trust or not."""

import socket
import ssl
from dataclasses import dataclass
from typing import Any

from cryptography import x509

_WAIT_SECONDS = 5.0
_PROTOCOLS = ("h2", "http/1.1")


@dataclass(frozen=True, slots=True)
class Handshake:
    """One handshake's outcome."""

    version: str | None
    protocol: str | None
    """What ALPN chose; ``None`` for nothing."""
    chain: tuple[x509.Certificate, ...]
    """The certificates as served, the host's own first."""
    error: str | None = None
    """Why there was none."""


def shake_hands(host: str, port: int, context: ssl.SSLContext) -> Handshake:
    """A handshake with `host` and nothing after it. Never raises for what the other side does."""
    try:
        with (
            socket.create_connection((host, port), timeout=_WAIT_SECONDS) as sock,
            context.wrap_socket(sock, server_hostname=host) as tls,
        ):
            return Handshake(tls.version(), tls.selected_alpn_protocol(), _served(tls))
    except ssl.SSLCertVerificationError as error:
        return Handshake(None, None, (), error.verify_message)
    except ssl.SSLError as error:
        reason = (error.reason or str(error)).lower().replace("_", " ")
        return Handshake(None, None, (), reason)
    except (OSError, ValueError) as error:
        return Handshake(None, None, (), str(error) or "no answer in time")


def trusting(trust: ssl.SSLContext) -> ssl.SSLContext:
    """`trust`, asking for HTTP's protocols."""
    trust.set_alpn_protocols(list(_PROTOCOLS))
    return trust


def curious() -> ssl.SSLContext:
    """Takes any certificate, to look at it, over TLS 1.2 or later."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return trusting(context)


def backward() -> ssl.SSLContext:
    """Takes any certificate, over what nobody should speak any more, to tell that it is spoken."""
    context = curious()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def _served(tls: ssl.SSLSocket) -> tuple[x509.Certificate, ...]:
    # Public from Python 3.13 on, and there it gives the certificates' bytes.
    source: Any = tls if hasattr(tls, "get_unverified_chain") else tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001
    served = source.get_unverified_chain() or ()
    return tuple(x509.load_der_x509_certificate(_der(each)) for each in served)


def _der(certificate: Any) -> bytes:
    if isinstance(certificate, bytes):
        return certificate
    encoded = certificate.public_bytes()
    return ssl.PEM_cert_to_DER_cert(encoded) if isinstance(encoded, str) else bytes(encoded)
