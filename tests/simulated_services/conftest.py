"""The simulated internet."""

import socket
from pathlib import Path

import pytest

from tests.simulated_services import certificates
from tests.simulated_services.internet import Internet


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Internet:
    """Simulated names, and a public authority that everybody trusts."""
    roots = tmp_path / "roots.pem"
    roots.write_bytes(certificates.public().cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(roots))
    internet = Internet(socket.getaddrinfo)
    monkeypatch.setattr(socket, "getaddrinfo", internet)
    return internet
