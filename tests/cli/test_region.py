"""In which AWS region the commands ask for a table, and that the embedded table does not care."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile

from tests.cli.command import MEMBER, Run
from tests.cli.server_process import HOST, ServerProcess, in_a_shell, serving
from tests.integration.engine import Table

ELSEWHERE = "eu-central-1"
PROFILE = {"AWS_PROFILE": "work", "AWS_CONFIG_FILE": "{config}"}
REGIONS: Mapping[str, Mapping[str, str]] = {
    "default-region": {"AWS_DEFAULT_REGION": ELSEWHERE},
    "region": {"AWS_REGION": ELSEWHERE},
    "both": {"AWS_DEFAULT_REGION": ELSEWHERE, "AWS_REGION": "ap-south-1"},
    "profile": PROFILE,
    "neither": {},
}
USER = "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"
NOBODY = "cccccccc-0000-1111-2222-bbbbbbbbbbbb"
COMMANDS = {
    "load": (("load", "mine.csv"), 0),
    "show": (("show", USER, "--tenant", TENANT_ID), 0),
    "diff": (("diff", "mine.csv"), 0),
    "export": (("export",), 0),
    "delete": (("delete", NOBODY, "--tenant", TENANT_ID), 1),
}


def _settings(variables: Mapping[str, str], folder: Path) -> dict[str, str]:
    config = folder / "config"
    config.write_text(f"[profile work]\nregion = {ELSEWHERE}\n")
    return {name: value.format(config=config) for name, value in variables.items()}


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """No region but the test's own."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")


@pytest.fixture(scope="module", params=["default-region", "neither"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A server over the embedded table, started elsewhere and nowhere."""
    home = tmp_path_factory.mktemp("region")
    settings = _settings(REGIONS[request.param], home)
    with serving(home, profile=TokenProfile(TENANT_ID), **settings) as server:
        yield server


@pytest.mark.usefixtures("unset")
@pytest.mark.parametrize("variables", REGIONS.values(), ids=REGIONS.keys())
def test_the_embedded_table_answers_in_any_region(
    server: ServerProcess,
    variables: Mapping[str, str],
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each command, with the options that `serve` prints, finds the table in every combination.

    What was loaded then equals the file, and there is no user to delete.
    """
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text(f"tenant_id,user,tier\n{TENANT_ID},{USER},gold\n")
    printed = server.log.read_text("utf-8").splitlines()[3]
    options = printed.partition("load|export|delete ")[2].split()
    for name, (command, exit_code) in COMMANDS.items():
        outcome = run("claims", *command, *options, **_settings(variables, tmp_path))
        assert (name, exit_code, False) == (name, outcome.exit_code, "claimsctl:" in outcome.err)


def test_the_printed_command_works_in_any_region(server: ServerProcess) -> None:
    """The function behind the pasted curl line finds the embedded table as well."""
    assert in_a_shell(server).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.usefixtures("unset")
@pytest.mark.parametrize("variables", REGIONS.values(), ids=REGIONS.keys())
def test_invoke_answers_in_any_region(
    variables: Mapping[str, str], run: Run, tmp_path: Path
) -> None:
    """The table that `invoke` embeds is found whatever the environment says."""
    assert 0 == run("invoke", MEMBER, **_settings(variables, tmp_path)).exit_code


@pytest.mark.usefixtures("unset")
@pytest.mark.parametrize("command", [("claims", "export"), ("invoke", MEMBER)])
def test_a_chosen_engine_is_asked_in_the_sdks_region(
    command: tuple[str | Path, ...], run: Run, sample: Table, tmp_path: Path
) -> None:
    """An engine keeps tables by region: the sample's is in us-east-1, and only there."""
    where = ("--endpoint-url", sample.url, "--table", sample.name)
    for name, variables in REGIONS.items():
        settings = _settings(variables, tmp_path)
        found = 0 == run(*command, *where, **settings).exit_code
        assert (name, name == "neither") == (name, found)
        at_home = dict.fromkeys(variables, "us-east-1")
        if "AWS_PROFILE" not in at_home:
            assert (name, 0) == (name, run(*command, *where, **at_home).exit_code)


@pytest.mark.usefixtures("unset")
@pytest.mark.parametrize(
    ("command", "subject"),
    [
        (("claims", "export", "--table", "t"), "table t"),
        (("invoke", MEMBER, "--table", "t"), "table t"),
        (("serve", "--table", "t"), "table t"),
        (("claims", "export", "--stack", "s"), "stack s"),
    ],
    ids=["claims", "invoke", "serve", "stack"],
)
def test_without_a_region_a_real_table_cannot_be_asked(
    command: tuple[str | Path, ...], subject: str, run: Run, tmp_path: Path
) -> None:
    """The error names the variable and the profile's setting; nothing is asked of AWS."""
    outcome = run(*command, AWS_CONFIG_FILE=str(tmp_path / "none"), HOME=str(tmp_path))
    message = (
        f"claimsctl: {subject}: no AWS region is configured; set AWS_DEFAULT_REGION to the"
        f" {subject.split(maxsplit=1)[0]}'s region, or set region in the profile in ~/.aws/config\n"
    )
    assert (2, "", message) == (outcome.exit_code, outcome.out, outcome.err)


def test_the_server_names_the_address(server: ServerProcess) -> None:
    """What it prints is the loopback address, without a region: none is needed."""
    printed = server.log.read_text("utf-8").splitlines()[3]
    assert f"--endpoint-url http://{HOST}:{server.port + 1}" in printed
