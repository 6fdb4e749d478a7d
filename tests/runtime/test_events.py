"""Every file in events/ through the artefact on Lambda's runtime, cold and warm."""

import json
import time
from typing import Any

import pytest
from claimsctl.claims_file.validation import read_records
from claimsctl.emulator.events import is_envelope, played_event, read_json, tenant_of
from claimsctl.judge.attempt import Answer
from claimsctl.judge.judge import judge

from tests.fakes import FakeDynamoDB, handler_over
from tests.runtime.conftest import EVENTS
from tests.runtime.emulator import Emulator
from tools.sample_events.__main__ import event_files
from tools.sample_events.callouts import EventFile

FILES = event_files()
EACH_FILE = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
_HOUR_MS = 3_600_000


def event_of(file: EventFile) -> Any:
    """What the function gets for a file.

    Stamped in the future, so that the time the table may take counts from the handler's entry: how
    long a cold start takes on a busy machine is not the matter here.
    """
    raw = (EVENTS / file.name).read_bytes()
    document = read_json(raw)
    if is_envelope(document):
        return document
    event = played_event(raw, tenant_of(document))
    event["requestContext"]["timeEpoch"] = time.time_ns() // 1_000_000 + _HOUR_MS
    return event


def _check(file: EventFile, response: dict[str, Any]) -> None:
    """The documented status and code; claims that Entra takes; what the source answers.

    But for the order of claims, which is the table's.
    """
    body = response["body"]
    code = json.loads(body).get("code")
    assert (file.status, file.code) == (response["statusCode"], code)
    headers = tuple(response["headers"].items())
    verdict = judge(Answer(response["statusCode"], headers, body.encode()))
    assert (file.code is None) == verdict.accepted == bool(verdict.claims)
    items = {
        record.key: {
            name: value for name, value in record.to_item().items() if name not in {"pk", "sk"}
        }
        for record in read_records(EVENTS / "claims.sample.csv")
    }
    expected = handler_over(FakeDynamoDB(items))(event_of(file))
    assert json.loads(expected.pop("body")) == json.loads(body)
    assert expected == {name: value for name, value in response.items() if name != "body"}


@EACH_FILE
def test_a_cold_start_answers(file: EventFile, cold: Emulator) -> None:
    """The first callout of an environment is answered as documented, whichever it is."""
    _check(file, cold.invoke(event_of(file)))


@EACH_FILE
def test_a_warm_environment_answers(file: EventFile, warm: Emulator) -> None:
    """Callouts one after another are answered alike, whatever came before."""
    _check(file, warm.invoke(event_of(file)))


def test_an_environment_is_cold_once(cold: Emulator) -> None:
    """The log's cold_start is true for the first callout only."""
    member = event_of(FILES[0])
    for _ in range(3):
        cold.invoke(member)
    assert [True, False, False] == [line["cold_start"] for line in cold.logged(3)]
