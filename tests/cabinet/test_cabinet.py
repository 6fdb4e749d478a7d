"""The doctor at every exhibit of the cabinet."""

import socket
from collections import Counter
from pathlib import Path

import pytest
from claimsctl.doctor.checks import ENDPOINT_CHECKS
from claimsctl.doctor.examination import calls_of
from claimsctl.doctor.summary import first_cause

from tests.cabinet import answers, callers, certificates, doors, pages, services, wires
from tests.cabinet.exhibit import Exhibit, bad, examined, on_show
from tests.cabinet.internet import Internet

SHELVES = (doors, wires, pages, callers, answers, services)
EXHIBITS: list[Exhibit] = [each for shelf in SHELVES for each in shelf.EXHIBITS]


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Internet:
    """Names of the cabinet's own, and a public authority that everybody trusts."""
    roots = tmp_path / "roots.pem"
    roots.write_bytes(certificates.public().cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(roots))
    internet = Internet(socket.getaddrinfo)
    monkeypatch.setattr(socket, "getaddrinfo", internet)
    return internet


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda exhibit: exhibit.name)
def test_what_is_wrong_is_found_and_nothing_else(exhibit: Exhibit, internet: Internet) -> None:
    """Findings that fail or warn are those expected, no more, no less; so is the cause's code."""
    with on_show(exhibit, internet) as requests:
        diagnosis = examined(exhibit)
    shown = "\n".join(f"{f.level:5} {f.id} {f.evidence}" for f in diagnosis.findings)
    assert exhibit.expected == bad(diagnosis), shown
    cause = first_cause(diagnosis)
    assert exhibit.code == (cause.entra_code if cause else None), shown
    assert len(requests) <= len(diagnosis.exchanges) <= calls_of(ENDPOINT_CHECKS)
