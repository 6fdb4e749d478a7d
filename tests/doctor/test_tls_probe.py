"""Why a handshake failed, by OpenSSL's codes."""

import ssl

import pytest
from claimsctl.doctor.tls_probe import HandshakeFailure, _protocol_failure, _verification_failure


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("WRONG_VERSION_NUMBER", HandshakeFailure.NOT_TLS),
        ("HTTP_REQUEST", HandshakeFailure.NOT_TLS),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", HandshakeFailure.NO_AGREEMENT),
        ("SSL/TLS_ALERT_HANDSHAKE_FAILURE", HandshakeFailure.NO_AGREEMENT),
        ("TLSV1_UNRECOGNIZED_NAME", HandshakeFailure.UNKNOWN_NAME),
        ("UNEXPECTED_EOF_WHILE_READING", HandshakeFailure.CUT),
        ("TLSV1_ALERT_PROTOCOL_VERSION", HandshakeFailure.OTHER),
        (None, HandshakeFailure.OTHER),
    ],
)
def test_a_reason_of_openssl_is_a_failure(reason: str | None, expected: HandshakeFailure) -> None:
    """Its versions name the same error with different beginnings."""
    error = ssl.SSLError(1, "whatever it says")
    error.reason = reason  # type: ignore[assignment]  # OpenSSL may have none
    assert expected is _protocol_failure(error)


def test_an_early_end_is_a_cut() -> None:
    """Python has its own class for it, whose reason differs."""
    assert HandshakeFailure.CUT is _protocol_failure(ssl.SSLEOFError(8, "EOF"))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (18, HandshakeFailure.PRIVATE_AUTHORITY),
        (19, HandshakeFailure.PRIVATE_AUTHORITY),
        (20, HandshakeFailure.CERTIFICATE),
        (10, HandshakeFailure.CERTIFICATE),
    ],
    ids=["self-signed", "self-signed-in-the-chain", "no-issuer", "expired"],
)
def test_a_verify_code_is_a_failure(code: int, expected: HandshakeFailure) -> None:
    """A chain that ends in an untrusted root is known by its code."""
    error = ssl.SSLCertVerificationError(1, "whatever it says")
    error.verify_code = code
    assert expected is _verification_failure(error)
