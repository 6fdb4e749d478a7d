"""Environment variables in the operator's shell that are meant for other programs."""

import json
from pathlib import Path

import pytest
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile

from tests.cli.command import MEMBER, Run
from tests.cli.server_process import serving
from tests.effort import mostly_slow

AWS = {
    "profile": {"AWS_PROFILE": "nonsense"},
    "default-profile": {"AWS_DEFAULT_PROFILE": "nonsense"},
    "attempts": {"AWS_MAX_ATTEMPTS": "x"},
    "retry-mode": {"AWS_RETRY_MODE": "x"},
    "config": {"AWS_CONFIG_FILE": "{garbage}"},
    "credentials": {"AWS_SHARED_CREDENTIALS_FILE": "{garbage}"},
    "ca-bundle": {"AWS_CA_BUNDLE": "/nowhere", "REQUESTS_CA_BUNDLE": "/nowhere"},
    "region": {"AWS_REGION": "!", "AWS_DEFAULT_REGION": "!"},
    "half-a-key": {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": ""},
}
LOGGING = {
    "rate": {"POWERTOOLS_LOGGER_SAMPLE_RATE": "x"},
    "rate-1": {"POWERTOOLS_LOGGER_SAMPLE_RATE": "1"},
    "debug": {"POWERTOOLS_DEBUG": "1"},
    "debug-junk": {"POWERTOOLS_DEBUG": "junk"},
    "dev": {"POWERTOOLS_DEV": "true"},
    "dev-junk": {"POWERTOOLS_DEV": "junk"},
    "event": {"POWERTOOLS_LOGGER_LOG_EVENT": "true"},
    "level": {"LOG_LEVEL": "junk"},
    "lambda-level": {"AWS_LAMBDA_LOG_LEVEL": "ERROR"},
    "powertools-level": {"POWERTOOLS_LOG_LEVEL": "junk"},
}
JUNK = ("rate", "debug-junk", "dev-junk", "level", "powertools-level")
VALID = ("rate-1", "debug", "dev", "event", "lambda-level")
PROFILE = TokenProfile(TENANT_ID)
EVERYTHING = {name: value for one in (AWS | LOGGING).values() for name, value in one.items()}


def _put(settings: dict[str, str], folder: Path) -> dict[str, str]:
    garbage = folder / "garbage"
    garbage.write_text("[default\nx")
    return {name: value.format(garbage=garbage) for name, value in settings.items()}


@pytest.mark.parametrize("settings", AWS.values(), ids=AWS.keys())
def test_aws_settings_are_for_other_tables(
    run: Run, tmp_path: Path, settings: dict[str, str]
) -> None:
    """The embedded table is reached regardless of the AWS SDK's settings for remote tables."""
    outcome = run("invoke", "--json", MEMBER, **_put(settings, tmp_path))
    assert (0, 200) == (outcome.exit_code, json.loads(outcome.out)["statusCode"])
    assert 200 == json.loads(outcome.err)["status"]


@pytest.mark.parametrize(
    "names",
    mostly_slow([JUNK, VALID, *((name,) for name in LOGGING)], lambda names: len(names) > 1),
    ids="+".join,
)
def test_logging_settings_are_for_other_functions(process: Run, names: tuple[str, ...]) -> None:
    """One line of log on standard error, the answer alone on standard output.

    The settings are read when the function's modules are imported: each time in a new process.
    """
    settings = {key: value for name in names for key, value in LOGGING[name].items()}
    outcome = process("invoke", "--json", MEMBER, **settings)
    assert (0, 200) == (outcome.exit_code, json.loads(outcome.out)["statusCode"])
    assert 200 == json.loads(outcome.err)["status"]


def test_a_level_of_the_log_counts(process: Run) -> None:
    """`POWERTOOLS_LOG_LEVEL` is the function's own, and may silence it."""
    outcome = process("invoke", "--json", MEMBER, POWERTOOLS_LOG_LEVEL="critical")
    assert (0, "") == (outcome.exit_code, outcome.err)


@pytest.mark.slow
def test_the_demo_minds_none_of_them(process: Run, tmp_path: Path) -> None:
    """All of them at once do not change a line of it."""
    outcome = process("demo", **_put(EVERYTHING, tmp_path))
    assert (0, "") == (outcome.exit_code, outcome.err)
    assert 3 == outcome.out.count("Entra would accept this answer")


def test_the_server_minds_none_of_them(tmp_path: Path) -> None:
    """Neither at its start nor for a callout."""
    with serving(tmp_path, profile=PROFILE, **_put(EVERYTHING, tmp_path)) as server:
        assert 200 == server.ask(MEMBER.read_bytes()).status
        assert [200] == [line["status"] for line in server.logged()]


def test_a_table_elsewhere_keeps_them(run: Run) -> None:
    """A missing profile is reported for a table that is not the embedded one."""
    outcome = run("invoke", MEMBER, "--table", "t", AWS_PROFILE="nonsense")
    assert 2 == outcome.exit_code
    assert "The config profile (nonsense) could not be found" in outcome.err
