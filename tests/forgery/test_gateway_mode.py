"""Forged tokens against gateway mode: our model of the gateway's authorizer, then the function.

What gets in is a figure about the model and the function behind it, not about API Gateway.
"""

import json
import time
from typing import Any

import pytest
from claims_provider.handler import CalloutHandler
from claimsctl.emulator.authorizer import JwtAuthorizer, Refusal
from claimsctl.emulator.events import http_api_event
from claimsctl.emulator.issuer_keys import IssuerKeys
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import SAMPLE_AUDIENCES, TENANT_ID, TokenProfile, TokenVersion
from claimsctl.entra.tokens import mint

from tests.fakes import FakeDynamoDB, handler_over
from tests.forgery.conftest import Tally
from tests.forgery.corpus import SEED, TOKENS, forged_tokens, odd_headers
from tests.key_servers import key_set
from tests.tokens import signing_key

KEY = signing_key(0)
BODY = json.dumps(body_of("member")).encode()


class Chain:
    """The model in front of the function, both configured for one issuer."""

    def __init__(self, profile: TokenProfile) -> None:
        keys = IssuerKeys(lambda: key_set(KEY))
        self._authorizer = JwtAuthorizer(profile.issuer, frozenset(SAMPLE_AUDIENCES), keys)
        self._handler: CalloutHandler = handler_over(
            FakeDynamoDB({}),
            TOKEN_ISSUER=profile.issuer,
            TOKEN_AUDIENCES=",".join(SAMPLE_AUDIENCES),
        )
        self.stopped_by_model = 0

    def status(self, authorization: str) -> int:
        """What the caller gets."""
        verdict = self._authorizer.authorize(authorization)
        if isinstance(verdict, Refusal):
            self.stopped_by_model += 1
            return 401
        event = http_api_event(
            BODY,
            {"content-type": "application/json", "authorization": authorization},
            authorizer_claims=verdict,
            received_at_ms=0,
        )
        status: int = self._handler(event)["statusCode"]
        return status


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("version", list(TokenVersion), ids=["v1", "v2"])
def test_our_model_of_the_gateway(
    version: TokenVersion, tally: Tally, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of thousands of forged tokens none gets through model and function, and every good one does.

    Some have to be stopped by the function: else its own checks were not tried.
    """
    profile = TokenProfile(TENANT_ID, version=version)
    chain = Chain(profile)
    for number, forged in enumerate(forged_tokens(TOKENS // 2, KEY, SEED + 1, profile)):
        tally.count_forged(forged.kind, chain.status(forged.authorization))
        if number % 10 == 0:
            good = mint(profile.claims(int(time.time())), KEY)
            tally.count_good(chain.status(f"Bearer {good}"))
            capsys.readouterr()
    tally.check()
    assert 0 < chain.stopped_by_model < tally.forged.total()


def test_our_model_by_header(tally: Tally) -> None:
    """A good token in a header that is none lets nobody in; alone it is one, as AWS documents."""
    profile = TokenProfile(TENANT_ID)
    chain = Chain(profile)
    good = mint(profile.claims(int(time.time())), KEY)
    for forged in odd_headers(KEY):
        if forged.authorization != good:
            tally.count_forged(forged.kind, chain.status(forged.authorization))
    for authorization in (good, f"Bearer {good}"):
        tally.count_good(chain.status(authorization))
    tally.check()


def test_the_battery_finds_a_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the function behind it, the model alone would let some forged tokens in."""
    chain, tally = Chain(TokenProfile(TENANT_ID)), Tally()
    everything: Any = lambda _: {"statusCode": 200}  # noqa: E731
    monkeypatch.setattr(chain, "_handler", everything)
    for forged in forged_tokens(200, KEY, SEED):
        tally.count_forged(forged.kind, chain.status(forged.authorization))
    assert tally.got_in
