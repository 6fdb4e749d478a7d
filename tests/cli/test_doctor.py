"""`claimsctl doctor endpoint` checks any endpoint; this project's has no problems."""

import json
import stat
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from claimsctl.entra.invalid_tokens import OTHER_GUID
from claimsctl.entra.token_claims import TENANT_ID, TenantKind, TokenProfile, TokenVersion
from claimsctl.entra.tokens import mint

from tests.cli.command import Run
from tests.cli.server_process import serving
from tests.endpoints import Endpoint, Received, Reply, endpoint
from tests.tokens import issuer_key

FROM = "--token-from"
TEXT = {"content-type": "text/plain"}
OPEN = "--allow-anonymous"


@pytest.fixture
def anybodys() -> Iterator[Endpoint]:
    """An endpoint that answers every caller correctly."""
    with endpoint(_answer) as served:
        yield served


def _answer(received: Received) -> Reply:
    try:
        json.loads(received.body)
    except ValueError:
        return Reply(400, b"{}")
    return Reply()


@pytest.fixture
def wrong() -> Iterator[Endpoint]:
    """One that forgets the content type."""
    with endpoint(lambda _: Reply(headers=TEXT)) as served:
        yield served


def _levels(out: str) -> dict[str, str]:
    return {each["id"]: each["level"] for each in json.loads(out)["findings"]}


def _bad(out: str, level: str) -> set[str]:
    return {id_ for id_, found in _levels(out).items() if found == level}


SLOW = "2000"
"""The wait, for the function and the doctor: a busy machine is not taken for a slow endpoint."""
NOISE = ("--ignore", "LAT")
"""How long a busy machine takes is not the matter of these tests."""
LOCAL = {"URL001", "URL005", "DNS002"}
"""What is said of every endpoint at http://127.0.0.1: Entra could not call it."""


@pytest.mark.parametrize(
    ("mode", "profile", "options"),
    [
        ("gateway", TokenProfile(TENANT_ID), ()),
        pytest.param(
            "gateway",
            TokenProfile(TENANT_ID, TenantKind.WORKFORCE, TokenVersion.V1),
            ("--tenant-kind", "workforce", "--token-version", "1"),
            marks=pytest.mark.slow,
        ),
        pytest.param("function", TokenProfile(TENANT_ID), (), marks=pytest.mark.slow),
    ],
    ids=["gateway", "gateway-v1", "function"],
)
def test_our_own_server_is_well(
    mode: str, profile: TokenProfile, options: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    """With the local issuer's token everything is looked at, and nothing is wrong but the place.

    Forged tokens are signed with the issuer's own key: each is refused for what is wrong in it.
    """
    arguments = ("--caller-verification", mode, *options)
    with serving(tmp_path, *arguments, profile=profile, ENTRA_WAIT_MS=SLOW) as server:
        url = f"http://127.0.0.1:{server.port}/callout"
        outcome = run(
            *("doctor", "endpoint", url, FROM, "local", "--json", *NOISE, *options),
            ENTRA_WAIT_MS=SLOW,
        )
        logged = server.logged()
    assert 0 == outcome.exit_code, outcome.out
    assert LOCAL == _bad(outcome.out, "fail") | _bad(outcome.out, "warn")
    assert {"CON001", "AUT003", "AUT007", "ROB003"} <= _bad(outcome.out, "ok")
    reasons = {line.get("cause", {}).get("reason") for line in logged}
    assert {"expired", "caller", "issuer", "algorithm", "signature"} <= reasons


def test_our_own_server_refuses_who_has_no_token(run: Run, tmp_path: Path) -> None:
    """A well-kept endpoint is protected: the first line says that the contract was not tested."""
    with serving(tmp_path) as server:
        outcome = run("doctor", "endpoint", f"http://127.0.0.1:{server.port}/callout")
    first, second, *_ = outcome.out.splitlines()
    assert 0 == outcome.exit_code
    assert first == (
        "The contract was not tested, because the endpoint is protected: a call without a token is "
        "refused with 401; allow a test caller"
    )
    assert "TEST_CALLER_APP_IDS" in second


def test_our_own_server_without_verification_is_told_of(run: Run, tmp_path: Path) -> None:
    """`none` answers every caller: a failure, or with `--allow-anonymous` a warning."""
    with serving(tmp_path, "--caller-verification", "none", ENTRA_WAIT_MS=SLOW) as server:
        url = f"http://127.0.0.1:{server.port}/callout"
        arguments = ("doctor", "endpoint", url, "--json", "--select", "CON", "--select", "AUT")
        closed = run(*arguments, ENTRA_WAIT_MS=SLOW)
        meant = run(*arguments, OPEN, ENTRA_WAIT_MS=SLOW)
    assert (1, {"AUT001"}) == (closed.exit_code, _bad(closed.out, "fail"))
    assert (0, set()) == (meant.exit_code, _bad(meant.out, "fail"))
    assert "warn" == _levels(meant.out)["AUT001"]
    assert {"CON001", "CON009"} <= _bad(meant.out, "ok")


def test_the_cause_comes_first(wrong: Endpoint, run: Run) -> None:
    """The first line names it, with Entra's code; the next what to do."""
    outcome = run("doctor", "endpoint", wrong.url, OPEN)
    first, second, *_ = outcome.out.splitlines()
    assert 1 == outcome.exit_code
    assert first == (
        "CON001 A member signs in: RSP002 The content type is not application/json: "
        "content-type: text/plain (Entra: 1003006)"
    )
    assert second.startswith("→ Set the header content-type: application/json in the")


def test_calls_are_announced_and_kept_to(anybodys: Endpoint, run: Run) -> None:
    """`Makes at most N calls` is printed before the first; the report says how many there were.

    Those by other methods than POST do not reach what counts here.
    """
    outcome = run("doctor", "endpoint", anybodys.url, OPEN)
    words = outcome.err.splitlines()[0].split()
    assert ["Makes", "at", "most", "calls", "to", anybodys.url] == words[:3] + words[4:]
    made = int(outcome.out.splitlines()[-1].split("; ")[1].split()[0])
    assert len(anybodys.received) == made - 3 < int(words[3])


def test_selected_checks_make_fewer_calls(anybodys: Endpoint, run: Run) -> None:
    """--select runs the named checks and those that they need, and announces no more than that."""
    outcome = run("doctor", "endpoint", anybodys.url, "--select", "con", "--json", OPEN)
    announced = int(outcome.err.split()[3])
    levels = _levels(outcome.out)
    assert {"CON001", "AUT005", "HTTP001", "DNS001"} <= set(levels)
    assert set() == {id_ for id_ in levels if id_.startswith(("LAT", "ROB", "HYG", "URL"))}
    assert len(json.loads(outcome.out)["exchanges"]) <= announced < 20


def test_ignored_findings_are_left_out(wrong: Endpoint, run: Run) -> None:
    """--ignore takes ids or how they begin; what is left decides the exit code."""
    options = ("--ignore", "CON", "--ignore", "rsp002", "--ignore", "RSP004")
    outcome = run("doctor", "endpoint", wrong.url, OPEN, "--json", *options)
    assert 0 == outcome.exit_code, outcome.out
    assert set() == {id_ for id_ in _levels(outcome.out) if id_.startswith(("CON", "RSP"))}


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_ids_that_do_not_exist_are_refused(option: str, run: Run) -> None:
    """An unknown prefix is an error, since it would silently check or hide nothing."""
    outcome = run("doctor", "endpoint", "http://127.0.0.1:1/", option, "TSL001")
    assert (2, "") == (outcome.exit_code, outcome.out)
    assert (
        f"claimsctl: {option} TSL001: no finding has this prefix; use an id or one of"
        in outcome.err
    )


def test_strict_counts_warnings(anybodys: Endpoint, run: Run) -> None:
    """Exit code 1 for warnings too, where a pipeline wants it so."""
    arguments = ("doctor", "endpoint", anybodys.url, OPEN, "--select", "CON")
    assert 0 == run(*arguments).exit_code
    assert 1 == run(*arguments, "--strict").exit_code


def test_machines_get_a_document(wrong: Endpoint, run: Run) -> None:
    """--json: the cause, every finding, every exchange with its timings."""
    document: dict[str, Any] = json.loads(run("doctor", "endpoint", wrong.url, OPEN, "--json").out)
    assert ("fail", 1003006) == (document["level"], document["entra_code"])
    assert document["headline"].startswith("CON001 ")
    (named,) = [each for each in document["findings"] if each["id"] == "RSP002"]
    assert named["doc"].startswith("https://")
    exchange = document["exchanges"][0]
    assert ("the first call", 200) == (exchange["purpose"], exchange["status"])
    assert {"connect", "first_byte"} <= set(exchange["timings_ms"])


def test_a_pipeline_gets_junit(wrong: Endpoint, run: Run) -> None:
    """--junit: a test case a finding; failures with their code, skips with their reason."""
    suites = ET.fromstring(run("doctor", "endpoint", wrong.url, OPEN, "--junit").out)  # ours
    (suite,) = suites
    cases = {case.get("name", "").split()[0]: case for case in suite.iter("testcase")}
    failures = [case for case in cases.values() if case.find("failure") is not None]
    assert int(suite.get("failures", 0)) == len(failures) > 9
    failure = cases["CON001"].find("failure")
    assert failure is not None
    assert "Entra: 1003006" in (failure.text or "")
    skipped = cases["LAT002"].find("skipped")
    assert skipped is not None
    assert "needs CON001, which failed" == skipped.get("message")
    strict = ET.fromstring(run("doctor", "endpoint", wrong.url, OPEN, "--junit", "--strict").out)
    assert int(strict[0].get("failures", 0)) > len(failures)


def test_a_pull_request_gets_markdown(wrong: Endpoint, run: Run) -> None:
    """--markdown: the cause as a heading, a table, and what to do."""
    out = run("doctor", "endpoint", wrong.url, OPEN, "--markdown").out
    assert out.startswith("## ❌ `CON001 A member signs in: RSP002")
    assert "| ❌ fail | RSP002 |" in out
    assert "### What to do" in out


def test_the_page_replaces_a_page_and_nothing_else(
    wrong: Endpoint, run: Run, tmp_path: Path
) -> None:
    """--html overwrites a file, for the operator's eyes; it follows no link that it finds there."""
    page, victim, link = (tmp_path / name for name in ("page.html", "victim", "link.html"))
    arguments = ("doctor", "endpoint", wrong.url, OPEN, "--select", "URL", "--html")
    page.write_text("before")
    run(*arguments, str(page))
    assert page.read_text().startswith("<!doctype html>")
    assert 0o600 == stat.S_IMODE(page.stat().st_mode)
    victim.write_text("words")
    link.symlink_to(victim)
    outcome = run(*arguments, str(link))
    assert 1 == outcome.exit_code
    assert f"--html {link}: cannot be written: expected a regular file, found a" in outcome.err
    assert "words" == victim.read_text()


def test_only_one_form_at_a_time(run: Run) -> None:
    """Standard output holds one report."""
    outcome = run("doctor", "endpoint", "http://127.0.0.1:1/", "--json", "--junit")
    assert (2, "") == (outcome.exit_code, outcome.out)


@pytest.mark.parametrize("form", [(), ("--json",), ("--markdown",), ("--junit",)])
def test_a_token_is_sent_and_never_shown(
    form: tuple[str, ...], anybodys: Endpoint, run: Run
) -> None:
    """Neither the token nor what is in the URL's query."""
    url = f"{anybodys.url}?code=not-this-either"
    outcome = run(
        *("doctor", "endpoint", url, OPEN, *form, "--select", "CON"), CALLOUT_TOKEN="not-to-be-seen"
    )
    assert "Bearer not-to-be-seen" == anybodys.received[0].headers["authorization"]
    assert "/callout?code=not-this-either" == anybodys.received[0].path
    for secret in ("not-to-be-seen", "not-this-either"):
        assert secret not in outcome.out + outcome.err


def test_callouts_are_of_the_tokens_tenant(anybodys: Endpoint, run: Run) -> None:
    """Unless --tenant says whose: an endpoint may compare the two."""
    other = "bbbbcccc-1111-dddd-2222-eeee3333ffff"
    token = mint(TokenProfile(other).claims(0), issuer_key())
    for options, expected in (((), other), (("--tenant", TENANT_ID), TENANT_ID)):
        run("doctor", "endpoint", anybodys.url, "--token", token, "--select", "AUT", *options)
        assert expected == json.loads(anybodys.received[-1].body)["data"]["tenantId"]


def test_a_test_callers_token_is_told_from_entras(anybodys: Endpoint, run: Run) -> None:
    """Who is let in as another app than Entra's may be meant, or azp is not looked at."""
    claims = {**TokenProfile(TENANT_ID).claims(0), "azp": OTHER_GUID}
    arguments = ("doctor", "endpoint", anybodys.url, "--select", "AUT005", "--json")
    out = run(*arguments, "--token", mint(claims, issuer_key())).out
    (found,) = [each for each in json.loads(out)["findings"] if each["id"] == "AUT005"]
    assert f"the given token, of {OTHER_GUID}: a test caller, or" in found["evidence"]


def test_a_refused_token_is_described(run: Run) -> None:
    """Whose it is, and for what: what an endpoint may not like of it. The token itself is not."""
    with endpoint(lambda _: Reply(401, b"{}", {"www-authenticate": 'Bearer error="x"'})) as served:
        outcome = run("doctor", "endpoint", served.url, FROM, "local")
    first, second, *_ = outcome.out.splitlines()
    assert 'refused with 401; www-authenticate: Bearer error="x"; allow a test caller' in first
    assert (
        "99045fe1-7639-4a75-9d4a-577b6ca3810f, for 11112222-bbbb-3333-cccc-4444dddd5555" in second
    )


@pytest.mark.parametrize(
    "url",
    ["", "claims", "ftp://host/", "https://", "https://host:0/", "https://host:x/", "https://[::1/",
     "https://a b/", "https://a\x07/", "https://a/\x00", "https://@/"],
)  # fmt: skip
def test_what_is_no_url_is_refused(url: str, run: Run) -> None:
    """Exit code 2, and nothing is called."""
    outcome = run("doctor", "endpoint", url)
    assert (2, "") == (outcome.exit_code, outcome.out)
    assert "expected an http or https URL such as https://host/callout" in outcome.err


def test_a_retry_counts(run: Run) -> None:
    """--retries is the extension's maximumRetries, with its bounds."""
    assert 2 == run("doctor", "endpoint", "http://127.0.0.1:1/", "--retries", "2").exit_code


def _until_cured(cured: list[bool]) -> Callable[[Received], Reply]:
    return lambda _: Reply() if cured else Reply(headers=TEXT)


def test_a_broken_endpoint_is_found_and_cured(run: Run) -> None:
    """The finding is shown with its cause."""
    cured: list[bool] = []
    with endpoint(_until_cured(cured)) as served:
        arguments = ("doctor", "endpoint", served.url, OPEN, "--select", "CON", "--json")
        before = run(*arguments)
        cured.append(True)
        after = run(*arguments)
    assert (1, 0) == (before.exit_code, after.exit_code)
    assert "RSP002" in _levels(before.out)
    assert set() == _bad(after.out, "fail")
