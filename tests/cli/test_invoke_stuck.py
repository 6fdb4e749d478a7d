"""A store that is stuck costs the function its deadline, and the command no more than that."""

import json
import time

import pytest

from tests.cli.command import MEMBER, Run
from tests.integration.behaviours import Act, drip_body, hang
from tests.integration.fault_proxy import Behaviour, FaultProxy

BUDGET_MS = 700

NO_ENGINE = "http://127.0.0.1:9"
"""Nobody is asked: these faults answer nothing."""


@pytest.mark.parametrize("act", [hang, drip_body])
def test_the_answer_is_in_time_and_the_process_ends(process: Run, act: Act) -> None:
    """The function answers 503 at its deadline, and nothing waits for the stuck call at the end."""
    with FaultProxy(NO_ENGINE, Behaviour(act)) as store:
        started = time.time()
        outcome = process(
            "invoke", "--json", MEMBER, AWS_ENDPOINT_URL_DYNAMODB=store.url, ENTRA_WAIT_MS="1000"
        )
        ended = time.time()
    assert (1, 503) == (outcome.exit_code, json.loads(outcome.out)["statusCode"])
    (line,) = outcome.err.splitlines()
    log = json.loads(line)
    assert (503, "store-failure") == (log["status"], log["outcome"])
    assert log["cause"]["reason"] in {"timeout", "connection"}
    assert log["answer_ms"] < 3 * BUDGET_MS  # whatever a busy machine adds
    assert ended - started < 20


def test_a_longer_wait_is_used(process: Run) -> None:
    """`ENTRA_WAIT_MS` counts here as in Lambda: less its reserve, it is the deadline.

    A busy machine adds to it, not as much as would make it the default one.
    """
    with FaultProxy(NO_ENGINE, Behaviour(drip_body)) as store:
        outcome = process(
            "invoke", "--json", MEMBER, AWS_ENDPOINT_URL_DYNAMODB=store.url, ENTRA_WAIT_MS="400"
        )
    log = json.loads(outcome.err)
    assert (503, "timeout") == (log["status"], log["cause"]["reason"])
    assert 195 <= log["answer_ms"] < BUDGET_MS
