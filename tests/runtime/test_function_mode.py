"""CALLER_VERIFICATION=function: the artefact carries what verifies a token, and it works."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from claimsctl.emulator.events import played_event
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile
from claimsctl.entra.tokens import SigningKey, header_of, sign

from tests.artefact.artefact import runtime_python
from tests.key_servers import key_set
from tests.runtime.emulator import Emulator, emulator
from tests.tokens import issuer_key, other_key

BODY = json.dumps(body_of("member")).encode()

WITH_KEYS = """
import json, sys
given = json.load(sys.stdin)
from claims_provider.wiring import build_handler
handler = build_handler(given["environment"], lambda url: given["keys"].encode())
print(json.dumps(handler(given["event"])))
"""
"""The handler with the issuer's keys at hand: Entra's key servers cannot be reached in a test."""


@pytest.fixture
def function_settings(settings: dict[str, str]) -> dict[str, str]:
    """What the template sets in function mode: every issuer of the tenant."""
    return {**settings, "CALLER_VERIFICATION": "function", "TOKEN_ISSUER": ""}


@pytest.fixture
def verifying(
    artefact: Path, function_settings: dict[str, str], tmp_path: Path
) -> Iterator[Emulator]:
    """An environment in function mode, whose key servers cannot be reached."""
    with emulator(artefact, tmp_path, **function_settings) as environment:
        yield environment


def _event(key: SigningKey) -> dict[str, Any]:
    """A callout whose token names the issuer's key and is signed with `key`."""
    claims = TokenProfile(TENANT_ID).claims(int(time.time()))
    return played_event(BODY, TENANT_ID, sign(header_of(issuer_key()), claims, key))


def _code(response: dict[str, Any]) -> tuple[int, str | None]:
    return response["statusCode"], json.loads(response["body"]).get("code")


def test_no_token_no_answer(verifying: Emulator) -> None:
    """The function starts without keys, and refuses callers without a token."""
    event = _event(issuer_key())
    event["headers"] = {"content-type": "application/json"}
    assert (401, "caller-refused") == _code(verifying.invoke(event))


def test_no_keys_no_answer(verifying: Emulator) -> None:
    """Without any key of the issuer, the answer is 503, not a refusal of the caller."""
    assert (503, "keys-unavailable") == _code(verifying.invoke(_event(issuer_key())))


@pytest.mark.parametrize(
    ("key", "expected"),
    [(issuer_key, (200, None)), (other_key, (401, "caller-refused"))],
    ids=["entra", "forger"],
)
def test_signatures_are_verified(
    key: Any, expected: tuple[int, str | None], artefact: Path, function_settings: dict[str, str]
) -> None:
    """With keys, the artefact's libraries distinguish Entra's signature from another one."""
    region = {"AWS_DEFAULT_REGION": "us-east-1"}
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    given = {
        "environment": function_settings,
        "keys": key_set(issuer_key()).decode(),
        "event": _event(key()),
    }
    done = subprocess.run(
        [runtime_python(), "-c", WITH_KEYS],
        cwd=artefact,
        env={**function_settings, **region, **credentials},
        input=json.dumps(given),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert expected == _code(json.loads(done.stdout.splitlines()[-1]))
