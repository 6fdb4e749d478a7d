"""HTTP → the local gateway → its event → Lambda's runtime → the real engine → the answer."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import pytest
from claims_provider.settings import read_settings
from claimsctl.doctor.checks import ENDPOINT_CHECKS
from claimsctl.doctor.runner import run_checks
from claimsctl.doctor.target import Expectations, Target
from claimsctl.emulator.function import LocalFunction
from claimsctl.emulator.issuer import Issuer
from claimsctl.emulator.server import served
from claimsctl.entra.client import send_callout
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile
from claimsctl.entra.tokens import mint
from claimsctl.judge.attempt import Answer
from claimsctl.judge.finding import Level
from claimsctl.judge.judge import judge

from tests.runtime.conftest import EVENTS
from tests.runtime.emulator import Emulator
from tests.tokens import issuer_key, other_key

if TYPE_CHECKING:
    from claims_provider.handler import CalloutHandler
    from claimsctl.entra.tokens import SigningKey

BODY = (EVENTS / "callout/member.json").read_bytes()
PROFILE = TokenProfile(TENANT_ID)
WAIT_MS = 60_000


def _post(url: str, body: bytes, key: "SigningKey") -> Answer:
    answer = send_callout(url, body, _headers(key), WAIT_MS).answer
    assert answer is not None
    return answer


@pytest.fixture
def url(warm: Emulator, settings: dict[str, str]) -> Iterator[str]:
    """The callout's URL: the local gateway, with the emulator as the function behind it."""
    function = LocalFunction(cast("CalloutHandler", warm.invoke), read_settings(settings))
    with served(function, Issuer(TENANT_ID, PROFILE.kind, issuer_key)) as url:
        yield url


def _headers(key: "SigningKey") -> dict[str, str]:
    token = mint(PROFILE.claims(int(time.time())), key)
    return {"content-type": "application/json", "authorization": f"Bearer {token}"}


def test_a_callout_gets_its_claims(url: str) -> None:
    """A callout with Entra's token comes back with the claims that were loaded."""
    verdict = judge(_post(url, BODY, issuer_key()))
    assert verdict.accepted, verdict.findings
    expected = {
        "customRoles": ["Writer", "Editor", "Publisher"],
        "dateOfBirth": "2000-01-01",
        "loyaltyTier": "gold",
        "supportQueue": "test-app",
    }
    assert expected == verdict.claims


def test_a_bad_body_gets_its_problem(url: str) -> None:
    """The function's own refusal comes back through all of it, status and type included."""
    answer = _post(url, b"{", issuer_key())
    assert 400 == answer.status
    assert ("content-type", "application/problem+json") in answer.headers


def test_a_forged_token_does_not_reach_the_function(url: str, warm: Emulator) -> None:
    """The gateway refuses the call, and the function writes no line."""
    before = len(warm.logged(0))
    assert 401 == _post(url, BODY, other_key()).status
    _post(url, BODY, issuer_key())
    assert before + 1 == len(warm.logged(before + 1))


def test_the_doctor_finds_nothing_wrong(url: str) -> None:
    """The built artefact passes the doctor's checks, and refuses forged tokens."""
    token = mint(PROFILE.claims(int(time.time())), issuer_key())
    target = Target(
        url, Expectations(wait_ms=WAIT_MS, bearer=token, invalid_token_key=issuer_key())
    )
    findings = run_checks(target, ENDPOINT_CHECKS).findings
    levels = {finding.id: finding.level for finding in findings}
    assert [] == [finding for finding in findings if finding.level is Level.FAIL]
    of_this_machine = {"URL001", "URL005", "DNS002"}
    assert of_this_machine == {id_ for id_, level in levels.items() if level is Level.WARN}
    assert {Level.OK} == {levels[id_] for id_ in ("AUT007", "CON009", "ROB003", "LAT003", "IDM001")}
