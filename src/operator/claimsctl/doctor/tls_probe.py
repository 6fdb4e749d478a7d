"""What an endpoint serves by TLS: version, protocol, certificates as they come, trust or not."""

import socket
import ssl
import time
import warnings
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from claimsctl.entra.network import resolve_host

_PROTOCOLS = ("h2", "http/1.1")


@dataclass(frozen=True, slots=True)
class Handshake:
    """One handshake's outcome."""

    version: str | None = None
    protocol: str | None = None
    """What ALPN chose; ``None`` for nothing."""
    chain: tuple[x509.Certificate, ...] = ()
    """The certificates as served, the host's own first."""
    error: str | None = None
    """Why there was none."""
    timed_out: bool = False


def shake_hands(host: str, port: int, context: ssl.SSLContext, seconds: float) -> Handshake:
    """A handshake with `host` and nothing after it, within `seconds`, name lookup included.

    Never raises for what the other side does.
    """
    try:
        with (
            _connected(host, port, time.monotonic() + seconds) as sock,
            context.wrap_socket(sock, server_hostname=host) as tls,
        ):
            return Handshake(tls.version(), tls.selected_alpn_protocol(), _served(tls))
    except TimeoutError:
        return Handshake(error=f"not finished within {seconds * 1000:.0f} ms", timed_out=True)
    except ssl.SSLCertVerificationError as error:
        return Handshake(error=error.verify_message)
    except ssl.SSLError as error:
        return Handshake(error=(error.reason or str(error)).lower().replace("_", " "))
    except (OSError, ValueError) as error:  # a certificate that is none is a ValueError
        return Handshake(error=getattr(error, "strerror", None) or str(error))


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
            sock.settimeout(max(until - time.monotonic(), 0.001))  # zero means something else
            return sock
    raise failure


def curious() -> ssl.SSLContext:
    """Takes any certificate, to look at it, over TLS 1.2 or later."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")  # a weak key is to be seen too
    context.set_alpn_protocols(list(_PROTOCOLS))
    return context


def backward() -> ssl.SSLContext:
    """Takes any certificate, over what nobody should speak any more, to tell that it is spoken."""
    context = curious()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # for just that reason
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
