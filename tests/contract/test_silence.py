"""No claim value, token, address or name in anything the function writes, whatever comes in."""

import json
import re
from typing import Any

import pytest
from claims_provider.claims.key import LayerKey
from claimsctl.dataset.file import read_claims_file
from claimsctl.entra.samples.__main__ import event_files
from claimsctl.entra.samples.event_file import EventFile
from claimsctl.entra.scenarios import SCENARIOS
from claimsctl.local.function import is_envelope, played_event, read_json, tenant_of

from tests.contract.test_events import EVENTS
from tests.fakes import FakeDynamoDB, handler_over

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl"
CANARY = "canary-value"


def _secrets() -> set[str]:
    """Every name, address and claim value of the samples, and what tokens look like."""
    secrets = {TOKEN, *TOKEN.split("."), CANARY}
    for callout in SCENARIOS.values():
        user = callout.context.user
        words = (user.display_name, user.given_name, user.surname, user.mail, user.company_name)
        secrets |= {word for word in (*words, user.user_principal_name) if word}
    for record in read_claims_file(EVENTS / "claims.sample.csv"):
        for value in record.claims.values():
            secrets |= {value} if isinstance(value, str) else set(value)
    return secrets


def _items(stored: dict[str, Any]) -> dict[LayerKey, dict[str, Any]]:
    return {
        record.key: {"claims": {"M": {**record.to_item()["claims"]["M"], **stored}}}
        for record in read_claims_file(EVENTS / "claims.sample.csv")
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
@pytest.mark.parametrize("mode", ["gateway", "none"])
@pytest.mark.parametrize("file", event_files(), ids=lambda file: file.name)
def test_nothing_personal_is_written(
    file: EventFile, mode: str, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard output and error hold no claim value, token, address or name of any sample event."""
    document = read_json(file.content)
    event = document if is_envelope(document) else played_event(file.content, tenant_of(document))
    handler_over(
        FakeDynamoDB(_items(STORES[store])),
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


def test_the_search_finds_what_it_looks_for() -> None:
    """The test above would see a value if one were written."""
    assert {"casey@contoso.com", "Casey Jensen", "gold", "Publisher", CANARY} <= _secrets()
