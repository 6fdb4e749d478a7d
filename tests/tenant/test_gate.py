"""The checks before a listener is created or extended to another application."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from claimsctl.errors import OperatorError
from claimsctl.tenant.config import Config
from claimsctl.tenant.gate import check_endpoint, newest_recorded, sign_in_url

from tests.endpoints import GOOD, JSON, Received, Reply, endpoint
from tests.tenant.chains import CONFIG, TEST_APP, chain_in

NOW = datetime.now(UTC)


def _config(folder: Path, url: str) -> Config:
    config = chain_in(folder).config
    return config.model_copy(
        update={"endpoint": config.endpoint.model_copy(update={"target_url": url})}
    )


def _protected(received: Received) -> Reply:
    held = received.headers.get("authorization") == "Bearer good"
    return Reply() if held else Reply(401, b"{}")


def test_an_endpoint_that_verifies_its_caller_passes(tmp_path: Path) -> None:
    """The gate passes if the answer is acceptable, and calls without a token are refused."""
    with endpoint(_protected) as service:
        check_endpoint(_config(tmp_path, service.url), "good")
    assert 2 <= len(service.received)


@pytest.mark.parametrize(
    ("bearer", "expected"), [("bad", "Entra would not accept the answer"), (None, "no token")]
)
def test_a_skipped_or_failed_check_does_not_count(
    tmp_path: Path, bearer: str | None, expected: str
) -> None:
    """Without an acceptable, authenticated answer the gate refuses, and names the risk."""
    with endpoint(_protected) as service:
        config = _config(tmp_path, service.url)
        with pytest.raises(OperatorError, match=expected) as refused:
            check_endpoint(config, bearer)
    assert "--force continues anyway" in str(refused.value)


def test_an_endpoint_open_to_anybody_proves_nothing(tmp_path: Path) -> None:
    """The gate refuses an endpoint that answers without a token."""
    with endpoint(lambda _: Reply()) as service:
        config = _config(tmp_path, service.url)
        with pytest.raises(OperatorError, match="also answers calls without a token"):
            check_endpoint(config, "good")


def test_the_sign_in_url_is_the_test_applications(tmp_path: Path) -> None:
    """In an external tenant it is at ciamlogin.com, for the test application."""
    url = sign_in_url(chain_in(tmp_path).config)
    assert "ciamlogin.com/" in url
    assert f"client_id={TEST_APP}" in url


def test_a_saml_sign_in_begins_at_the_application(tmp_path: Path) -> None:
    """A SAML sign-in has no URL, since it needs a request from the application."""
    config = chain_in(tmp_path, CONFIG.replace("[[app", 'token = "saml"\n\n[[app')).config
    assert "on the application's page" in sign_in_url(config)


def _recorded(folder: Path, body: bytes = GOOD, extension: str = "ext-1") -> Path:
    callout = {"data": {"customAuthenticationExtensionId": extension}}
    document = {
        "version": 1,
        "request": {
            "method": "POST",
            "url": "/callout",
            "headers": [],
            "body": json.dumps(callout),
        },
        "response": {
            "status": 200,
            "headers": [list(one) for one in JSON.items()],
            "body": body.decode(),
        },
    }
    path = folder / "exchange.json"
    path.write_text(json.dumps(document), "utf-8")
    return path


def test_a_recording_shows_the_callout(tmp_path: Path) -> None:
    """The newest exchange that names the extension counts, with its verdict."""
    before = NOW - timedelta(minutes=1)
    path = _recorded(tmp_path)
    seen = newest_recorded(tmp_path, "ext-1", before)
    assert seen is not None
    assert "" == seen.problem
    assert newest_recorded(path, "ext-2", before) is None
    old = (NOW - timedelta(hours=1)).timestamp()
    os.utime(path, (old, old))
    assert newest_recorded(path, "ext-1", before) is None
    _recorded(tmp_path, body=b"{}")
    failed = newest_recorded(path, "ext-1", before)
    assert failed is not None
    assert failed.problem
    path.write_text("no JSON", "utf-8")
    assert newest_recorded(path, "ext-1", before) is None
