"""`claimsctl judge`: saved answers from files and standard input, for people and for machines."""

import json
from pathlib import Path

import pytest
from claimsctl.judge.exchange import Exchange, Response, Timings

from tests.cli.command import Outcome, Run
from tests.judge.answers import ACTION, RESPONSE_DATA, body_with_claims

GOOD = body_with_claims({"role": "Reader"})
HEAD = b"HTTP/2 200 \r\ncontent-type: application/json\r\n\r\n"
NOTE = "-: the file has a body only; assumed status 200 and content-type: application/json\n"


def _judged(run: Run, raw: bytes, *options: str, **environment: str) -> Outcome:
    return run("judge", "-", *options, stdin=raw, **environment)


def test_an_accepted_answer(run: Run, tmp_path: Path) -> None:
    """Exit code 0, the claims that would arrive, their share of the 3 KB."""
    path = tmp_path / "answer.http"
    path.write_bytes(HEAD + GOOD)
    shown = (
        "Entra would accept this answer\n"
        '  role  "Reader"\n'
        "  █░░░░░░░░░░░░░░░░░░░░░░░  10 of 3072 bytes\n"
    )
    assert Outcome(0, shown, "") == run("judge", path)


def test_a_refused_answer(run: Run) -> None:
    """The verdict and its cause first, then place, evidence, expectation and what to do."""
    body = (
        f'{{"data": {{"@odata.type": "{RESPONSE_DATA}",\n "actions": '
        f'[{{"@odata.type": "{ACTION}", "claims": {{"age": 7}}}}]}}}}'
    )
    note = "; interpretation by claimsctl, not documented"
    shown = f"""\
Entra would refuse this answer: 1003003, A claim is neither a string nor a list of strings
  █░░░░░░░░░░░░░░░░░░░░░░░  4 of 3072 bytes

RSP010  fail  A claim is neither a string nor a list of strings  (1003003{note})
  at        line 2, column 108, /data/actions/0/claims/age
         2  …nce{ACTION.partition("nce")[2]}", "claims": {{"age": 7}}}}]}}}}
                                                 ^
  found     age: 7
  expected  a string or a list of strings
  do        Send it as a string: "7".

For more information: claimsctl explain RSP010 1003003
"""
    outcome = _judged(run, HEAD + body.encode())
    assert (1, "") == (outcome.exit_code, outcome.err)
    assert shown.splitlines()[0] == outcome.out.splitlines()[0]
    assert shown.splitlines()[2:5] == outcome.out.splitlines()[2:5]
    assert outcome.out.splitlines()[6].index("^") == outcome.out.splitlines()[5].index("7}")
    assert shown.splitlines()[7:] == outcome.out.splitlines()[7:]


def test_the_verdict_for_machines(run: Run) -> None:
    """`--json`: verdict, code, basis, findings with their places, claims and their size."""
    accepted = _judged(run, HEAD + GOOD, "--json")
    assert {
        "verdict": "accepted", "entra_code": None, "basis": "doc", "findings": [],
        "claims": {"role": "Reader"}, "claims_bytes": 10,
    } == json.loads(accepted.out)  # fmt: skip
    rejected = _judged(run, HEAD + body_with_claims({"a": True}), "--json")
    verdict = json.loads(rejected.out)
    (finding,) = verdict.pop("findings")
    assert {
        "verdict": "rejected", "entra_code": 1003003, "basis": "convention", "claims": {},
        "claims_bytes": 5,
    } == verdict  # fmt: skip
    assert "/data/actions/0/claims/a" == finding["place"]["pointer"]
    assert {
        "id", "level", "title", "evidence", "expected", "hint", "place", "entra_code", "basis",
        "doc",
    } == finding.keys()  # fmt: skip
    assert (0, 1) == (accepted.exit_code, rejected.exit_code)


def test_a_bare_body(run: Run) -> None:
    """What is assumed is reported on standard error; options replace it."""
    outcome = _judged(run, GOOD)
    assert (0, NOTE) == (outcome.exit_code, outcome.err)
    refused = _judged(run, GOOD, "--status", "500", "--header", "content-type: text/html", "--json")
    assert (1, "") == (refused.exit_code, refused.err)
    assert 1003002 == json.loads(refused.out)["entra_code"]


def test_an_exchange_that_took_too_long(run: Run) -> None:
    """Timings count against the wait that is given, by option or variable."""
    response = Response(status=200, headers=(("content-type", "application/json"),), content=GOOD)
    raw = json.dumps(Exchange(response, timings=Timings(total_ms=1500)).document()).encode()
    assert (1, 0, 0) == (
        _judged(run, raw, ENTRA_WAIT_MS="").exit_code,
        _judged(run, raw, "--timeout-ms", "2000").exit_code,
        _judged(run, raw, ENTRA_WAIT_MS="1500").exit_code,
    )
    assert "1003005, The answer is too late" in _judged(run, raw, ENTRA_WAIT_MS="").out


@pytest.mark.parametrize(
    ("raw", "options", "message"),
    [
        (b"HTTP/1.1 x\n\n", (), "-: expected a status line such as HTTP/1.1 200 OK, found"),
        (
            HEAD,
            ("--status", "200"),
            "-: the file has a status line; omit --status and --header",
        ),
        (GOOD, ("--header", "x"), "-: expected a header such as content-type: application/json"),
        (b'{"response": {"status": true}}', (), "-: not an exchange that claimsctl exported"),
    ],
)
def test_what_cannot_be_read_is_2(
    run: Run, raw: bytes, options: tuple[str, ...], message: str
) -> None:
    """Nothing is judged, and the message says what was expected."""
    outcome = _judged(run, raw, *options)
    assert (2, "") == (outcome.exit_code, outcome.out)
    assert outcome.err.startswith(f"claimsctl: {message}")


def test_a_file_that_is_not_there(run: Run, tmp_path: Path) -> None:
    """As with every command that reads a file."""
    outcome = run("judge", tmp_path / "none")
    assert (2, "", True) == (outcome.exit_code, outcome.out, "No such file" in outcome.err)


def test_many_findings_are_cut(run: Run) -> None:
    """People are shown twenty; machines get what there is."""
    raw = HEAD + body_with_claims({f"n{number}": number for number in range(30)})
    outcome = _judged(run, raw)
    assert 20 == outcome.out.count("RSP010  fail")
    assert "and 10 more findings (see --json)" in outcome.out
    assert 30 == len(json.loads(_judged(run, raw, "--json").out)["findings"])
