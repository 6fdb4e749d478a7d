"""`claimsctl entra signin`: the views, the JSON output and the exit codes."""

import gzip
import json
from pathlib import Path

import pytest

from tests.cli.command import Run
from tests.signin.samples import FORMS, RECORDS, SILENT_APP, USER, correlation_id, lines
from tests.signin.test_provider_log import MESSAGES


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A file of sign-ins."""
    path = tmp_path / "signins.json"
    path.write_bytes(FORMS["graph-page"]())
    return path


def test_each_callout_is_listed_with_what_to_do(run: Run, export: Path) -> None:
    """The output has the callouts, totals, a verdict per failure, and apps without callouts."""
    outcome = run("entra", "signin", export)
    assert (1, "") == (outcome.exit_code, outcome.err)
    shown = outcome.out.splitlines()
    row = next(line.split("  ") for line in shown if correlation_id(2) in line)
    assert [correlation_id(2), "2", "401", "1003002", "refused by the endpoint"] == [
        cell.strip() for cell in row if cell
    ][2:]
    assert "3 callouts in 4 sign-ins, 2026-11-28T09:30:01Z to 2026-11-28T09:30:04Z" in shown
    assert any("the problem is the admin consent for" in line for line in shown)
    assert "  do        Grant admin consent for the app that resourceId names." in shown
    assert f"  Intranet  {SILENT_APP}  1 sign-in" in shown


@pytest.mark.parametrize("form", FORMS)
def test_every_form_comes_from_standard_input(run: Run, form: str) -> None:
    """`-` reads any form; the callouts are the same."""
    outcome = run("entra", "signin", "-", "--json", stdin=FORMS[form]())
    document = json.loads(outcome.out)
    assert (1, "") == (outcome.exit_code, outcome.err)
    assert [1003021, 1003002, None] == [
        callout["entra_code"]
        for callout in sorted(document["callouts"], key=lambda c: c["correlation_id"])
    ]
    assert (1, {}) == (document["version"], document["unreadable"])


def test_one_sign_in(run: Run, export: Path) -> None:
    """`--correlation-id` in any case gives only the verdict; 0 for an accepted callout."""
    outcome = run("entra", "signin", export, "--correlation-id", correlation_id(3).upper())
    assert (0, "") == (outcome.exit_code, outcome.err)
    assert "Entra called the endpoint and accepted its answer." in outcome.out
    assert correlation_id(2) not in outcome.out
    outcome = run("entra", "signin", export, "--correlation-id", correlation_id(99))
    assert (1, True) == (outcome.exit_code, "No sign-in has this correlation id." in outcome.out)


def test_nothing_called_is_a_finding(run: Run) -> None:
    """A log without any callout is explained; exit code 1."""
    outcome = run("entra", "signin", "-", stdin=lines(RECORDS[3:]).encode())
    assert 1 == outcome.exit_code
    assert "1 sign-in; none has a token issuance callout" in outcome.out
    assert "onTokenIssuanceStartListener" in outcome.out
    unlisted = {k: v for k, v in RECORDS[0].items() if k != "appliedEventListeners"}
    outcome = run("entra", "signin", "-", stdin=lines([RECORDS[3], unlisted]).encode())
    assert "2 sign-ins (1 with event listeners); none has a token" in outcome.out


@pytest.mark.parametrize("as_json", [False, True])
def test_who_signed_in_is_shown_on_demand_only(run: Run, export: Path, *, as_json: bool) -> None:
    """No personal data in any output, unless --show-users."""
    options = ["--json"] if as_json else []
    outcome = run("entra", "signin", export, *options)
    personal = (USER, "Ada", "Lovelace", "203.0.113.7", "Berlin", "aaaaaaaa-0000-1111-2222")
    assert not [datum for datum in personal if datum in outcome.out + outcome.err]
    assert USER in run("entra", "signin", export, *options, "--show-users").out


def test_a_mixed_file_is_3(run: Run) -> None:
    """The good records are shown, the others counted by their reason."""
    content = lines(RECORDS[2:3]) + "garbage\n" + '{"a": 1}\n'
    outcome = run("entra", "signin", "-", stdin=content.encode())
    assert (3, True) == (outcome.exit_code, "accepted" in outcome.out)
    assert ["-: 1 unreadable: not JSON", "-: 1 unreadable: not a sign-in record"] == (
        outcome.err.splitlines()
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "claimsctl: -: not a sign-in log: it is empty; expected Entra's sign-in records"),
        (b"\x1f\x8bnot gzip", "not a sign-in log: its compressed data is cut off or damaged"),
        (gzip.compress(b"<html>", mtime=0), "it looks like HTML or XML"),
        (b"{}\n" * 3, "it looks like JSON of another kind"),
    ],
)
def test_what_is_no_log_is_2(run: Run, content: bytes, message: str) -> None:
    """Unreadable input: what it looks like, and what to export instead."""
    outcome = run("entra", "signin", "-", stdin=content)
    assert (2, "") == (outcome.exit_code, outcome.out)
    assert message in outcome.err
    assert "GET https://graph.microsoft.com/beta/auditLogs/signIns" in outcome.err


def test_a_missing_file_is_2(run: Run, tmp_path: Path) -> None:
    """The path is named."""
    outcome = run("entra", "signin", tmp_path / "none.json")
    assert (2, True) == (outcome.exit_code, "none.json: cannot be read: No such" in outcome.err)


def test_hostile_text_is_escaped(run: Run) -> None:
    """An app's name cannot control the terminal."""
    record = RECORDS[2] | {"appDisplayName": "\x1b[31mShop\u202e"}
    outcome = run("entra", "signin", "-", stdin=json.dumps([record]).encode())
    assert "\\u001b[31mShop\\u202e" in outcome.out
    assert "\x1b" not in outcome.out


def test_the_log_and_recordings_are_joined(run: Run, export: Path, tmp_path: Path) -> None:
    """`--log` and `--tap` add their lines below the callout, and to the JSON."""
    log = tmp_path / "log.txt"
    log.write_text(json.dumps(MESSAGES[0]) + "\n")
    folder = tmp_path / "tap"
    folder.mkdir()
    (folder / "1.exchange.json").write_text(json.dumps({"correlation_id": correlation_id(2)}))
    outcome = run("entra", "signin", export, "--log", log, "--tap", folder)
    lines = outcome.out.splitlines()
    at = next(number for number, line in enumerate(lines) if correlation_id(2) in line)
    assert lines[at + 1].endswith("caller-refused (issuer), status 401 after 6 ms")
    assert "  1 of 2 attempts have no line in the log" == lines[at + 2]
    assert "  tap 1.exchange.json: not judged" == lines[at + 3]
    document = json.loads(run("entra", "signin", export, "--log", log, "--json").out)
    joined = {callout["correlation_id"]: callout["log"] for callout in document["callouts"]}
    assert [0, 1, 0] == [len(joined[correlation_id(number)]) for number in (1, 2, 3)]


def test_sources_that_exclude_one_another(run: Run, export: Path) -> None:
    """Standard input is one file, and the log comes from one place."""
    for options in (("--log", "x", "--stack", "y"),):
        outcome = run("entra", "signin", export, *options)
        assert (2, True) == (outcome.exit_code, "mutually exclusive" in outcome.err)
    assert 2 == run("entra", "signin", "-", "--log", "-").exit_code
