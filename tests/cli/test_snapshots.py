"""The main outputs are those in `snapshots/`, so that a change of wording is seen as a diff.

``make snapshots`` writes the files anew.
"""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from claimsctl.cli.main import command_tree
from claimsctl.entra.key_file import kept_key
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile
from claimsctl.entra.tokens import mint
from typer.core import TyperGroup

from tests.cli.command import Run
from tests.endpoints import GOOD, Reply, endpoint
from tests.integration.engine import Table
from tests.signin.samples import FORMS
from tests.tenant.chains import write

SNAPSHOTS = Path(__file__).with_name("snapshots")
UPDATE = "UPDATE_SNAPSHOTS" in os.environ
USER = "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"
APP = "00001111-aaaa-2222-bbbb-3333cccc4444"
HEADING = "user,app_id,loyaltyTier,customRoles"
ROWS = f"{HEADING}\n{USER},,gold,\n{USER},{APP},,Writer\n,,basic,\nkim@contoso.com,,gold,\n"
EDITED = f"user,loyaltyTier,customRoles\n{USER},silver,Reader|Writer\n,basic,\n"
MISSPELLED = f"user,appId,a\n{USER},x,\n"
PROBLEMS = f"user,app_id,expires_at,a\nx,,,\n{USER},,2030-01-01,NULL\n{USER},,,a||b\n{USER},,,x,y\n"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"

_VARIABLE = (
    (r"(127\.0\.0\.1:|port )\d+", r"\1PORT"),
    (r" +\d+\.\d ms +[█▏]$", " N ms  BAR"),
    (r"\bin \d+ ms", "in N ms"),
    (r"\d+ of (\d+) ms", r"N of \1 ms"),
    (r"in \d+\.\d s, \d+ rows/s", "in N s, N rows/s"),
    (r"correlationId [0-9a-f-]{36}", "correlationId ID"),
    (r"(kid|key) [\w-]{43}", r"\1 KID"),
    (r"(nbf|exp)( +)\d{4}-.*", r"\1\2TIME"),
    (r"Python/[\d.]+", "Python/VERSION"),
)
"""What differs each time, and what is shown instead."""


class Session:
    """Commands and their outputs, as one text."""

    def __init__(self, run: Run, folder: Path) -> None:
        self._run = run
        self._texts: list[str] = []
        self.names = {str(folder): "DIR"}
        """Further texts that differ each time."""
        self.environment: dict[str, str] = {}

    def run(self, *arguments: str, stdin: bytes = b"") -> None:
        """Run `claimsctl` and add what it shows."""
        outcome = self._run(*arguments, stdin=stdin, **self.environment)
        shown = "".join(part for part in (outcome.out, outcome.err) if part)
        command = " ".join(f"'{text}'" if " " in text else text for text in arguments)
        self._texts.append(f"$ claimsctl {command}\n{shown}[exit code {outcome.exit_code}]\n")

    def text(self) -> str:
        """All of it, with what differs each time replaced."""
        text = "\n".join(self._texts)
        for name, instead in self.names.items():
            text = text.replace(name, instead)
        for pattern, instead in _VARIABLE:
            text = re.sub(pattern, instead, text, flags=re.MULTILINE)
        return text


def _check(name: str, text: str) -> None:
    path = SNAPSHOTS / f"{name}.txt"
    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text, "the output has changed; if intended: make snapshots"


def _commands(group: TyperGroup, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield before
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _commands(command, (*before, name))
        else:
            yield (*before, name)


HELP = {"-".join(("help", *words)): words for words in _commands(command_tree())}


@pytest.fixture
def session(
    run: Run, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Session]:
    """A session in an empty folder; what it shows is compared at the end, by the test's name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    session = Session(run, tmp_path)
    yield session
    _check(request.node.originalname.removeprefix("test_of_"), session.text())


@pytest.mark.parametrize("name", HELP)
def test_help(run: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Each command's `--help`."""
    monkeypatch.setenv("COLUMNS", "100")
    _check(name, run(*HELP[name], "--help").out)


def test_of_claims(session: Session, table: Table, tmp_path: Path) -> None:
    """Loading a file, and what comes before and after."""
    session.names[table.name] = "TABLE"
    url, tenant = table.url, TENANT_ID
    session.environment = {
        "TABLE_NAME": table.name, "AWS_ENDPOINT_URL_DYNAMODB": url, "TENANT_ID": tenant,
    }  # fmt: skip
    (tmp_path / "claims.csv").write_text(ROWS)
    (tmp_path / "edited.csv").write_text(EDITED)
    (tmp_path / "misspelled.csv").write_text(MISSPELLED)
    (tmp_path / "problems.csv").write_text(PROBLEMS)
    (tmp_path / "users.csv").write_text("login,firstName,department\na@b,A,Sales\n")
    session.run("claims", "load", "claims.csv", "--dry-run")
    session.run("claims", "load", "misspelled.csv", "--dry-run")
    session.run("claims", "load", "users.csv", "--dry-run")
    session.run("claims", "load", "problems.csv", "--dry-run")
    session.run("claims", "load", "problems.csv", "--keep-going")
    session.run("claims", "load", "claims.csv")
    session.run("claims", "diff", "edited.csv", "--prune")
    session.run("claims", "load", "edited.csv", "--on-existing", "fail")
    session.run("claims", "show", USER, "--app", APP, "--token")
    session.run("claims", "show", "lee@contoso.com")
    session.run("claims", "export")
    session.run("claims", "delete", USER)
    session.run("claims", "delete", USER, "--yes")


def test_of_judge(session: Session) -> None:
    """A good and a bad answer, and what is no answer."""
    session.run("judge", "-", stdin=HEAD + GOOD)
    session.run("judge", "-", stdin=HEAD + GOOD.replace(b'"2000-01-01"', b"7"))
    session.run("judge", "-", stdin=b"<html>")
    session.run("judge", "nowhere.txt")


def test_of_explain(session: Session) -> None:
    """A finding, one of Entra's codes, and one that does not exist."""
    for code in ("RSP001", "1003005", "RSP07"):
        session.run("explain", code)


def test_of_endpoint(session: Session) -> None:
    """An endpoint that does not check the caller's token, called and checked."""
    with endpoint(lambda _: Reply()) as served:
        session.run("call", served.url)
        session.run("doctor", "endpoint", served.url, "--ignore", "LAT")
    session.run("call", "http://claims.example/callout", "--token", "a.b.c")


def test_of_token(session: Session, tmp_path: Path) -> None:
    """A token that an endpoint would accept, and one that it would not."""
    claims = TokenProfile(TENANT_ID).claims(int(time.time()))
    key = kept_key(tmp_path / "key.pem")
    (tmp_path / "good.txt").write_text(mint(claims, key))
    (tmp_path / "bad.txt").write_text(mint(claims | {"aud": APP[::-1], "ver": "1.0"}, key))
    session.run("token", "--check", "good.txt", "--tenant", TENANT_ID)
    session.run("token", "--check", "bad.txt", "--tenant", TENANT_ID, "--app", APP)


def test_of_entra(session: Session, tmp_path: Path) -> None:
    """The plan of a tenant, and what its sign-ins show."""
    write(tmp_path)
    (tmp_path / "signins.json").write_bytes(FORMS["graph-page"]())
    session.run("entra", "plan")
    session.run("entra", "signin", "signins.json")


def test_no_snapshot_is_stale() -> None:
    """Every file in the folder belongs to a test."""
    sessions = {name.removeprefix("test_of_") for name in globals() if name.startswith("test_of_")}
    for path in SNAPSHOTS.glob("*"):
        if UPDATE and path.stem not in HELP.keys() | sessions:
            path.unlink()
    assert {path.stem for path in SNAPSHOTS.iterdir()} == HELP.keys() | sessions
