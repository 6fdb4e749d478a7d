"""The function writes no claim value, token, address or name for any input."""

import json
import re
import time
from typing import Any

import pytest
from claims_provider.claims.key import LayerKey
from claimsctl.claims_file.validation import read_records
from claimsctl.emulator.events import (
    function_url_event,
    is_envelope,
    played_event,
    read_json,
    tenant_of,
)
from claimsctl.entra.callout import SCENARIOS
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile
from claimsctl.entra.tokens import mint

from tests.contract.test_events import EVENTS
from tests.fakes import FakeDynamoDB, handler_over
from tests.invalid_tokens import ALL_INVALID_TOKENS
from tests.key_servers import FakeKeyServer
from tests.tokens import signing_key
from tools.sample_events.__main__ import event_files
from tools.sample_events.callouts import EventFile

KEY = signing_key(0)
TOKEN = mint(TokenProfile(TENANT_ID).claims(int(time.time())), KEY)
CANARY = "canary-value"


def _secrets() -> set[str]:
    """Every name, address and claim value of the samples, and what tokens look like."""
    secrets = {TOKEN, *TOKEN.split("."), CANARY}
    for callout in SCENARIOS.values():
        user = callout.context.user
        words = (user.display_name, user.given_name, user.surname, user.mail, user.company_name)
        secrets |= {word for word in (*words, user.user_principal_name) if word}
    for record in read_records(EVENTS / "claims.sample.csv"):
        for value in record.claims.values():
            secrets |= {value} if isinstance(value, str) else set(value)
    return secrets


def _items(stored: dict[str, Any]) -> dict[LayerKey, dict[str, Any]]:
    return {
        record.key: {"claims": {"M": {**record.to_item()["claims"]["M"], **stored}}}
        for record in read_records(EVENTS / "claims.sample.csv")
    }


STORES: dict[str, dict[str, Any]] = {
    "good": {},
    "withheld": {"x": {"N": "1"}, "y": {"L": [{"S": CANARY}, {"N": "1"}]}},
    "too-large": {"x": {"S": CANARY * 1000}},
    "unreadable": {"x": None},
}


def _with_token(event: Any) -> Any:
    if isinstance(event, dict) and isinstance(event.get("headers"), dict):
        event["headers"]["Authorization"] = f"Bearer {TOKEN}"
    return event


@pytest.mark.parametrize("store", list(STORES))
@pytest.mark.parametrize("mode", ["gateway", "function", "none"])
@pytest.mark.parametrize("file", event_files(), ids=lambda file: file.name)
def test_nothing_personal_is_written(
    file: EventFile, mode: str, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard output and error hold no claim value, token, address or name of any sample event."""
    document = read_json(file.content)
    event = document if is_envelope(document) else played_event(file.content, tenant_of(document))
    handler_over(
        FakeDynamoDB(_items(STORES[store])),
        FakeKeyServer(KEY),
        CALLER_VERIFICATION=mode,
        USER_KEYS="id,mail,userPrincipalName",
        ADDRESS_KEYS_FOR_GUESTS="true",
    )(_with_token(event))
    written = "".join(capsys.readouterr())
    assert json.loads(written.splitlines()[0])["outcome"]
    words = set(re.findall(r"[^\s\"',:;{}\[\]]+", written.lower()))
    assert set() == {
        secret
        for secret in _secrets()
        if (" " in secret and secret.lower() in written.lower()) or secret.lower() in words
    }


@pytest.mark.parametrize("name", ALL_INVALID_TOKENS)
@pytest.mark.parametrize("claim", ["iss", "aud", "ver", "azp", "tid", "exp", "oid", "sub"])
def test_a_forger_writes_nothing_into_the_log(
    name: str, claim: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Addresses and names in a refused token are not written."""
    claims = TokenProfile(TENANT_ID).claims(int(time.time()))
    named = {**claims, "name": "Casey Jensen", "upn": "casey@contoso.com"}
    try:
        token = ALL_INVALID_TOKENS[name].make({**named, claim: "casey@contoso.com"}, KEY)
    except TypeError:  # this forgery counts with the claim
        token = mint({**named, claim: "casey@contoso.com"}, KEY)
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    event = function_url_event(b"{}", headers, received_at_ms=0)
    handler = handler_over(
        FakeDynamoDB({}), FakeKeyServer(KEY), CALLER_VERIFICATION="function", TOKEN_ISSUER=""
    )
    assert handler(event)["statusCode"] in {401, 400}
    written = "".join(capsys.readouterr())
    assert json.loads(written.splitlines()[0])["outcome"]
    for secret in ("casey", "Casey", *(part for part in token.split(".") if part)):
        assert secret not in written


def test_the_search_finds_what_it_looks_for() -> None:
    """The test above would see a value if one were written."""
    assert {"casey@contoso.com", "Casey Jensen", "gold", "Publisher", CANARY} <= _secrets()
