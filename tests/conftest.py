"""What holds for all tests: no real AWS, no skip that hides a missing engine in CI."""

import os
from collections.abc import Generator, Iterator

import pytest
from botocore.loaders import create_loader
from claims_provider.settings import Settings

ENGINE_MISSING = "engine missing:"
"""How the reason of a skip begins when something is not installed that CI must have."""

_OURS = frozenset(name.upper() for name in Settings.model_fields) | {
    "PORT",
    "TAP_PAGE_PORT",
    "TAP_SAVE",
    "TAP_UPSTREAM",
    "TENANT_KIND",
    "TOKEN_VERSION",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that open nothing, and none of the operator's own settings."""
    for name in os.environ:
        if name in _OURS or name.startswith(("AWS_", "POWERTOOLS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True, scope="session")
def _descriptions_read_once() -> Iterator[None]:
    """Sessions of the AWS SDK share what it knows of services: reading that is most of a client.

    The function is not concerned: it has a reader of its own.
    """
    reader = create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", lambda _: reader)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skip for a missing engine is a failure: it would hide that nothing was tested."""
    report = yield
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
    if report.skipped and ENGINE_MISSING in reason and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: {reason}; CI must have it"
    return report
