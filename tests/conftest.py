"""What holds for all tests: no real AWS, no skip that hides a missing engine in CI."""

import logging
import os
from collections.abc import Generator, Iterator
from itertools import chain
from pathlib import Path

import pytest
from botocore.loaders import create_loader
from claims_provider.settings import Settings
from claims_provider.telemetry import SERVICE
from hypothesis import is_hypothesis_test, settings

from tests.effort import FULL, tries

ENGINE_MISSING = "engine missing:"
"""How the reason of a skip begins when something is not installed that CI must have."""

SLOW_FOLDERS = {
    "artefact": "builds what ships",
    "deploy": "rehearses `sam deploy`",
    "forgery": "thousands of forged tokens",
    "runtime": "runs the artefact under Lambda's emulator",
}
"""Tests of these folders belong to ``make test-all``, and why."""

REAL_ENGINES = ("dynamodb-local", "chromium")
"""A parameter or fixture of that name needs what ``make test`` does not ask for."""

_OURS = frozenset(name.upper() for name in Settings.model_fields) | {
    "PORT",
    "SERVE_AUDIENCES",
    "SERVE_CALLERS",
    "SERVE_ISSUER",
    "SERVE_JWKS",
    "TAP_PAGE_PORT",
    "TAP_SAVE",
    "TAP_UPSTREAM",
    "TENANT_KIND",
    "TOKEN_VERSION",
}


def pytest_configure(config: pytest.Config) -> None:
    """Register how many examples property tests take, the same ones in every worker."""
    settings.register_profile(
        "ours", max_examples=tries(100), deadline=None, derandomize=not FULL, print_blob=True
    )
    settings.load_profile("ours")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what ``make test`` leaves to ``make test-all``, and what runs in both, larger there."""
    for item in items:
        if _is_slow(item):
            item.add_marker(pytest.mark.slow)
        elif is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.campaign)


def _is_slow(item: pytest.Item) -> bool:
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    names = {*getattr(item, "fixturenames", ())}
    if (parameters := getattr(item, "callspec", None)) is not None:
        names |= {value for value in parameters.params.values() if isinstance(value, str)}
    needs_engine = folder == "integration" and "engine" in names
    return folder in SLOW_FOLDERS or needs_engine or not names.isdisjoint(REAL_ENGINES)


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


@pytest.fixture(autouse=True)
def _logger_as_before() -> Iterator[None]:
    """The function's logger is the process's: its level, set once, would be every later test's."""
    logger = logging.getLogger(SERVICE)
    before = {**vars(logger), "handlers": [*logger.handlers], "filters": [*logger.filters]}
    yield
    vars(logger).clear()
    vars(logger).update(before)
    logger.manager._clear_cache()  # type: ignore[attr-defined]  # of levels


@pytest.fixture(autouse=True, scope="session")
def _descriptions_read_once() -> Iterator[None]:
    """Sessions of the AWS SDK share what it knows of services: reading that is most of a client.

    The function is not concerned: it has a reader of its own.
    """
    reader = create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", lambda _: reader)
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell the figures that tests have recorded, in whichever worker: the highest of each name."""
    sections: dict[str, dict[str, float]] = {}
    for report in chain.from_iterable(terminalreporter.stats.values()):
        if getattr(report, "when", None) == "teardown":
            for section, (figure, name) in report.user_properties:
                figures = sections.setdefault(section, {})
                figures[name] = max(figure, figures.get(name, 0))
    for section, figures in sections.items():
        terminalreporter.section(section)
        for name, figure in sorted(figures.items(), key=lambda entry: -entry[1]):
            terminalreporter.write_line(f"{figure:7.0f}  {name}")


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
