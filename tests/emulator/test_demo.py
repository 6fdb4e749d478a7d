"""The demo's steps: what happened, in order, for any command to show."""

import json
import os
from contextlib import closing

import pytest
from claimsctl.emulator.demo import CalloutAnswered, ClaimsLoaded, EndpointServed, demo_steps


def test_the_steps() -> None:
    """Loaded, served, then three exchanges, each with what was sent, answered and judged."""
    loaded, served, *exchanges = demo_steps()
    assert ClaimsLoaded(8, "claims.sample.csv") == loaded
    assert isinstance(served, EndpointServed)
    assert 3 == len(exchanges)
    for exchange in exchanges:
        assert isinstance(exchange, CalloutAnswered)
        user = json.loads(exchange.request)["data"]["authenticationContext"]["user"]
        assert (served.url, user["id"]) == (exchange.url, exchange.user_id)
        assert (200, True) == (exchange.answer.status, exchange.verdict.accepted)
        assert 2 == exchange.token.count(".")


def test_what_is_not_shown_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step happens when it is asked for; closing early leaves the environment as it was."""
    monkeypatch.setenv("AWS_PROFILE", "work")
    before = dict(os.environ)
    with closing(demo_steps()) as steps:
        assert isinstance(next(steps), ClaimsLoaded)
        assert "AWS_PROFILE" not in os.environ
    assert before == dict(os.environ)
