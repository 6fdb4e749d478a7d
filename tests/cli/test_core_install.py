"""The wheel's core, installed without the extra `local`: every command of it works, and says so."""

import signal
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from claimsctl.cli.main import command_tree
from claimsctl.entra.client import send_callout
from claimsctl.resources import bundled
from typer.core import TyperGroup

from tests.cli.command import MEMBER, ROOT, Run, process_in, variables
from tests.endpoints import GOOD, JSON, Received, Reply, endpoint
from tests.integration.engine import Table
from tests.tap.tap_process import tapping

pytestmark = pytest.mark.slow

INSTALL_SECONDS = 300
TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
USER = "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"
COMMANDS = [
    (name, *subcommand)
    for name, command in command_tree().commands.items()
    for subcommand in (
        [(), *((sub,) for sub in command.commands)] if isinstance(command, TyperGroup) else [()]
    )
]


@pytest.fixture(scope="module")
def core(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with only the wheel and the packages in requirements/core.txt."""
    folder = tmp_path_factory.mktemp("core")
    venv.create(folder, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin/python"), "--quiet"]
    pip += ["--disable-pip-version-check"]
    pinned = ["--no-deps", "--require-hashes", "-r", str(ROOT / "requirements/core.txt")]
    for arguments in (
        ["install", "--no-compile", *pinned],
        ["install", "--no-deps", "--no-index", str(wheel)],
        ["check"],
    ):
        ended = subprocess.run(
            [*pip, *arguments], capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS
        )
        assert 0 == ended.returncode, ended.stdout + ended.stderr
    return folder


@pytest.fixture
def script(core: Path) -> Path:
    """The console script there."""
    return core / "bin/claimsctl"


@pytest.fixture
def installed(script: Path, tmp_path: Path) -> Run:
    """`installed(*arguments, …)` runs it in an empty folder."""
    return process_in(tmp_path, script)


def _respond(_: Received) -> Reply:
    return Reply()


def test_the_emulator_is_not_in_it(core: Path, tmp_path: Path) -> None:
    """None of the packages of the extra is installed, nor what only they require."""
    names = ("moto", "flask", "flask_cors", "werkzeug", "docker", "aws_lambda_powertools")
    code = f"import importlib.util as u; print([n for n in {names} if u.find_spec(n)])"
    ended = subprocess.run(
        [core / "bin/python", "-c", code],
        check=True, capture_output=True, text=True, cwd=tmp_path, env=variables(tmp_path),
    )  # fmt: skip
    assert "[]\n" == ended.stdout


@pytest.mark.parametrize("command", COMMANDS, ids="-".join)
def test_every_command_has_help(installed: Run, command: tuple[str, ...]) -> None:
    """Also those that need the extra to run."""
    outcome = installed(*command, "--help")
    assert (0, "") == (outcome.exit_code, outcome.err)
    assert outcome.out.startswith(f"Usage: claimsctl {' '.join(command)} [")


@pytest.mark.parametrize(
    "arguments", [("demo",), ("invoke", MEMBER), ("serve",)], ids=["demo", "invoke", "serve"]
)
def test_what_needs_the_extra_says_so(installed: Run, arguments: tuple[str, ...]) -> None:
    """One line, with the command that installs it; wrong usage."""
    outcome = installed(*arguments)
    assert (2, "") == (outcome.exit_code, outcome.out)
    assert outcome.err.startswith(
        "claimsctl: this command requires the extra local, which is not installed (missing"
        " packages: aws_lambda_powertools, flask,"
    )
    assert outcome.err.endswith("pip install '.[local]'\n")
    assert 1 == outcome.err.count("\n")


def test_explain_judge_and_token(installed: Run) -> None:
    """A code is explained, an answer judged, a token made."""
    assert "CustomExtensionTimedOut" in installed("explain", "1003005").out
    judged = installed("judge", "-", stdin=GOOD)
    assert (0, True) == (judged.exit_code, "Entra would accept this answer" in judged.out)
    assert 3 == len(installed("token").out.split("."))


def test_call_and_doctor(installed: Run) -> None:
    """An endpoint of this machine is called, and checked."""
    with endpoint(_respond) as service:
        called = installed("call", service.url, "--timeout-ms", "2000")
        checked = installed(
            "doctor", "endpoint", service.url, "--allow-anonymous", "--timeout-ms", "2000",
            "--select", "CON",
        )  # fmt: skip
    assert (0, True) == (called.exit_code, "Entra would accept this answer" in called.out)
    assert "CON001" in checked.out
    assert "Traceback" not in checked.err


def test_tap(script: Path, tmp_path: Path) -> None:
    """A callout passes, is listed and judged; Ctrl-C ends it."""
    with endpoint(_respond) as service, tapping(tmp_path, service.url, script=script) as tap:
        url = f"http://127.0.0.1:{tap.port}/callout"
        answer = send_callout(url, MEMBER.read_bytes(), JSON, 20_000).answer
        assert answer is not None
        assert 200 == answer.status
        tap.wait_for("accepted")
        assert 0 == tap.end(signal.SIGINT)


def test_claims(installed: Run, table: Table, tmp_path: Path) -> None:
    """A file is loaded into a table of another process, compared, shown, exported, deleted."""
    claims = tmp_path / "claims.csv"
    claims.write_bytes(bundled("events/claims.sample.csv").read_bytes())
    variables = {
        "TABLE_NAME": table.name,
        "AWS_ENDPOINT_URL_DYNAMODB": table.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "TENANT_ID": TENANT,
    }
    loaded = installed("claims", "load", claims, **variables)
    assert 0 == loaded.exit_code, loaded.err
    assert 0 == installed("claims", "diff", claims, **variables).exit_code
    shown = installed("claims", "show", USER, **variables)
    assert (0, True) == (shown.exit_code, "Entra would accept this answer" in shown.out)
    exported = installed("claims", "export", **variables)
    assert (0, True) == (exported.exit_code, "2000-01-01" in exported.out)
    assert 0 == installed("claims", "delete", USER, "--yes", **variables).exit_code
    assert 1 == installed("claims", "show", USER, **variables).exit_code
