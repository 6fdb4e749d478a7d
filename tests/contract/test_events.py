"""Every file in events/ gets the answer that its index documents."""

import json
from pathlib import Path
from typing import Any

import pytest
from claims_provider.claims.key import LayerKey
from claims_provider.errors import ErrorCode
from claimsctl.claims_file.validation import read_records
from claimsctl.emulator.events import is_envelope, played_event, read_json, tenant_of
from claimsctl.judge.attempt import Answer
from claimsctl.judge.judge import judge

from tests.fakes import FakeDynamoDB, handler_over
from tools.sample_events.__main__ import event_files
from tools.sample_events.callouts import EventFile

EVENTS = Path(__file__).parents[2] / "events"
FILES = event_files()


def _items() -> dict[LayerKey, dict[str, Any]]:
    return {
        record.key: {
            name: value for name, value in record.to_item().items() if name not in {"pk", "sk"}
        }
        for record in read_records(EVENTS / "claims.sample.csv")
    }


def _answer(raw: bytes, **environment: str) -> Answer:
    document = read_json(raw)
    event = document if is_envelope(document) else played_event(raw, tenant_of(document))
    response = handler_over(FakeDynamoDB(_items()), None, **environment)(event)
    headers = tuple(response["headers"].items())
    return Answer(response["statusCode"], headers, response["body"].encode())


@pytest.mark.parametrize(
    "file", [file for file in FILES if file.code is None], ids=lambda f: f.name
)
def test_a_good_event_gets_claims_entra_takes(file: EventFile) -> None:
    """Each good file is answered with claims that a judge of its own rules accepts."""
    verdict = judge(_answer((EVENTS / file.name).read_bytes()))
    assert verdict.accepted, verdict.findings
    assert verdict.claims


@pytest.mark.parametrize("file", [file for file in FILES if file.code], ids=lambda f: f.name)
def test_a_bad_event_gets_its_code(file: EventFile) -> None:
    """Each bad file gets its documented status and code, which Entra rejects."""
    answer = _answer((EVENTS / file.name).read_bytes())
    assert (file.status, file.code) == (answer.status, json.loads(answer.body)["code"])
    assert not judge(answer).accepted


@pytest.mark.parametrize("file", [file for file in FILES if file.status_open], ids=lambda f: f.name)
def test_an_open_door_answers_every_envelope(file: EventFile) -> None:
    """What gateway mode refuses for its caller alone is answered under CALLER_VERIFICATION=none."""
    answer = _answer((EVENTS / file.name).read_bytes(), CALLER_VERIFICATION="none")
    assert file.status_open == answer.status


def test_every_code_of_a_body_has_a_file() -> None:
    """Every code except those of outages has a sample."""
    without_event = {"keys-unavailable", "store-failure", "claims-too-large", "internal-error"}
    assert {code.value for code in ErrorCode} - without_event == {
        file.code for file in FILES if file.code
    }
