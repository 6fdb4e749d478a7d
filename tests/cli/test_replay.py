"""`claimsctl call URL --event DIR` and `claimsctl tap --replay DIR URL`: a regression suite."""

import json
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from claimsctl.tap.exchanges import encode, exchange_document
from claimsctl.tap.upstream import parse_upstream

from tests.cli.command import EVENTS, MEMBER, Run
from tests.endpoints import GOOD, Received, Reply, endpoint
from tests.judge.answers import body_with_claims
from tests.tap.test_redaction import masked_and_judged, recorded_exchange

PREVIEW_ACTION = GOOD.replace(b"tokenIssuanceStart.provide", b"tokenIssuanceStarted.provide")
SOMEBODY = "12345678-0000-1111-2222-bbbbbbbbbbbb"
UPSTREAM = parse_upstream("https://claims.example")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for callouts."""
    path = tmp_path / "callouts"
    path.mkdir()
    return path


def _record(folder: Path, name: str, answer: bytes, **changes: Any) -> bytes:
    """Save an exchange as `tap` does, with its callout; what was recorded as sent."""
    recorded = recorded_exchange(answer)
    for field, value in changes.items():
        setattr(recorded, field, value)
    shown = masked_and_judged(recorded)
    (folder / f"{name}.exchange.json").write_bytes(encode(exchange_document(shown, UPSTREAM)))
    body = bytes(shown.exchange.request.body)
    (folder / f"{name}.callout.json").write_bytes(body)
    return body


def _refuse_guests(received: Received) -> Reply:
    return Reply(body=PREVIEW_ACTION if b'"Guest"' in received.body else GOOD)


def test_a_folder_of_callouts_is_a_suite(run: Run, folder: Path) -> None:
    """A line a callout, in the order of names; why one failed below it; exit code 1."""
    for name in ("guest", "member", "saml"):
        shutil.copy(EVENTS / f"callout/{name}.json", folder)
    shutil.copy(EVENTS / "gateway/http-api.json", folder)
    with endpoint(_refuse_guests) as served:
        outcome = run("call", served.url, "--event", folder)
    assert 1 == outcome.exit_code
    heading, guest, why, what_to_do, *others = outcome.out.splitlines()
    assert ["result", "status", "verdict", "recorded", "ms", "callout"] == heading.split()
    assert ["failed", "200", "1003012", "—"] == guest.split()[:4]
    assert "RSP007" in why
    assert "→" in what_to_do
    assert [["passed", "200", "accepted", "—"]] * 3 == [line.split()[:4] for line in others]
    names = [line.split()[-1] for line in (guest, *others)]
    assert ["guest.json", "http-api.json", "member.json", "saml.json"] == names
    assert "4 callouts: 3 passed, 1 failed" == outcome.err.splitlines()[-1]
    assert (folder / "member.json").read_bytes() in [each.body for each in served.received]


@pytest.mark.parametrize("command", [("tap", "--replay"), ("call", "--event")], ids=["tap", "call"])
def test_a_recording_is_compared_with(run: Run, folder: Path, command: tuple[str, str]) -> None:
    """Recorded callouts are sent as recorded, once each; what is no callout is skipped."""
    sent = _record(folder, "1", body_with_claims({"dateOfBirth": "x", "customRoles": ["y"]}))
    _record(folder, "2", body_with_claims({"title": {"a": "b"}}))
    _record(folder, "3", GOOD, method="GET")
    with endpoint(lambda _: Reply()) as served:
        name, option = command
        outcome = run(name, served.url, option, folder)
    assert 0 == outcome.exit_code
    _, first, second, third, reason = outcome.out.splitlines()
    assert ["passed", "200", "accepted", "accepted"] == first.split()[:4]
    assert ["passed", "200", "accepted", "1003003"] == second.split()[:4]
    assert ("skipped", "3.exchange.json") == (third.split()[0], third.split()[-1])
    assert "not a callout: the method is not POST" == reason.strip()
    assert [sent] * 2 == [each.body for each in served.received]
    assert "2 callouts: 2 passed, 0 failed; 1 skipped" == outcome.err.splitlines()[-1]


def test_a_claim_that_was_recorded_must_be_there(run: Run, folder: Path) -> None:
    """An accepted answer fails without a claim that the recorded one had; it may have more."""
    _record(folder, "1", body_with_claims({"customRoles": ["y"]}))
    _record(folder, "2", body_with_claims({"nickname": "x", "dateOfBirth": "y", "age": "z"}))
    with endpoint(lambda _: Reply()) as served:
        outcome = run("tap", "--replay", folder, served.url)
    assert 1 == outcome.exit_code
    assert "claims in the recorded answer are missing now: age, nickname" in outcome.out
    assert "2 callouts: 1 passed, 1 failed" == outcome.err.splitlines()[-1]


def test_an_exchange_without_answer_is_sent_again(run: Run, folder: Path) -> None:
    """What failed when it was recorded passes once the service answers."""
    document = {
        "request": {"method": "POST", "body": MEMBER.read_text()},
        "no_answer": {"cause": "timeout", "phase": "first_byte", "detail": "late"},
        "verdict": {"verdict": "rejected", "entra_code": 1003005, "claims": {}},
    }
    (folder / "late.exchange.json").write_text(json.dumps(document))
    with endpoint(lambda _: Reply()) as served:
        outcome = run("tap", "--replay", folder, served.url)
    assert 0 == outcome.exit_code
    assert "1003005" in outcome.out


def test_what_call_wrote_is_a_recording(run: Run, folder: Path) -> None:
    """The output of `call --json`, saved, is sent again and compared with."""
    with endpoint(lambda _: Reply()) as served:
        (folder / "a.json").write_text(run("call", served.url, "--json").out)
        outcome = run("call", served.url, "--event", folder)
    assert 0 == outcome.exit_code
    assert ["passed", "200", "accepted", "accepted"] == outcome.out.splitlines()[1].split()[:4]
    first, second = served.received
    assert first.body == second.body


def test_the_report_as_json(run: Run, folder: Path) -> None:
    """Every case with verdict and recording; claims by name alone, no key of the URL."""
    _record(folder, "1", body_with_claims({"nickname": "x"}))
    _record(folder, "2", GOOD, method="GET")
    with endpoint(lambda _: Reply()) as served:
        outcome = run("tap", "--replay", folder, served.url + "?code=s3cr3t", "--json")
    report = json.loads(outcome.out)
    assert (1, 1, 0, 1) == (
        outcome.exit_code,
        report["version"],
        report["passed"],
        report["failed"],
    )
    (case,) = report["cases"]
    assert ("1.exchange.json", False, 200) == (case["name"], case["passed"], case["status"])
    assert ["customRoles", "dateOfBirth"] == case["verdict"]["claims"]
    assert ["nickname"] == case["missing_claims"]
    assert {"verdict": "accepted", "entra_code": None, "claims": ["nickname"]} == case["recorded"]
    assert [
        {"name": "2.exchange.json", "reason": "not a callout: the method is not POST"}
    ] == report["skipped"]
    assert "s3cr3t" not in outcome.out
    assert "2000-01-01" not in outcome.out


def test_the_report_as_junit(run: Run, folder: Path) -> None:
    """A test case a callout, read back: failures with what was expected, skips with the reason."""
    shutil.copy(EVENTS / "callout/guest.json", folder)
    shutil.copy(EVENTS / "callout/member.json", folder)
    _record(folder, "1", GOOD, method="GET")
    with endpoint(_refuse_guests) as served:
        outcome = run("call", served.url + "?code=s3cr3t", "--event", folder, "--junit")
    assert 1 == outcome.exit_code
    (suite,) = ET.fromstring(outcome.out.encode())  # our own
    assert ["3", "1", "1"] == [suite.get(name) for name in ("tests", "failures", "skipped")]
    cases = {case.get("name"): list(case) for case in suite.iter("testcase")}
    assert not cases["member.json"]
    (failure,) = cases["guest.json"]
    assert "RSP007" in failure.get("message", "")
    assert "Entra: 1003012" in (failure.text or "")
    assert "not a callout: the method is not POST" == cases["1.exchange.json"][0].get("message")
    assert "s3cr3t" not in outcome.out


@pytest.mark.parametrize("form", ["--json", "--junit", None])
@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=body_with_claims({"title": {"part": "Geheimrat"}})),
        Reply(body=body_with_claims({"title": "Geheimrat" * 500})),
        Reply(body=b"Geheimrat"),
        Reply(status=500, body=b'{"message": "no user casey@contoso.com, password=Geheimrat"}'),
        Reply(status=302, headers={"location": "https://h.example/?code=Geheimrat"}),
    ],
    ids=["object", "large", "text", "error", "redirect"],
)
def test_what_an_answer_says_is_masked(
    run: Run, folder: Path, reply: Reply, form: str | None
) -> None:
    """Reports of a pipeline are read by many: no claim's value, name or key is in one."""
    shutil.copy(MEMBER, folder)
    with endpoint(lambda _: reply) as served:
        outcome = run("call", served.url, "--event", folder, *filter(None, [form]))
    assert 1 == outcome.exit_code
    assert "RSP" in outcome.out
    for secret in ("Geheimrat", "casey"):
        assert secret not in outcome.out + outcome.err


def test_a_token_is_sent_with_each_and_not_shown(run: Run, folder: Path) -> None:
    """By both commands; it is in no output."""
    shutil.copy(MEMBER, folder)
    with endpoint(lambda _: Reply(status=401)) as served:
        outcomes = [
            run("tap", "--replay", folder, served.url, "--token", "not-to-be-seen"),
            run("call", served.url, "--event", folder, "--token", "not-to-be-seen", "--json"),
        ]
    assert ["Bearer not-to-be-seen"] * 2 == [
        each.headers["authorization"] for each in served.received
    ]
    assert [1, 1] == [each.exit_code for each in outcomes]
    assert all("not-to-be-seen" not in each.out + each.err for each in outcomes)


def test_fields_are_changed_in_each(run: Run, folder: Path) -> None:
    """--set applies to every callout of the folder."""
    shutil.copy(EVENTS / "callout/guest.json", folder)
    shutil.copy(MEMBER, folder)
    with endpoint(lambda _: Reply()) as served:
        assert (
            0
            == run("call", served.url, "--event", folder, "--set", f"user.id={SOMEBODY}").exit_code
        )
    for received in served.received:
        user = json.loads(received.body)["data"]["authenticationContext"]["user"]
        assert SOMEBODY == user["id"]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.json", b'{"type":\n x}', "a.json: line 2, column 2: not JSON"),
        ("a.json", b"\xff\xfe\xfd", "a.json: not UTF-8; expected JSON"),
        ("a.json", b"[" * 100_000, "a.json: "),
        ("a.json", b"[1]", "a.json: expected a callout, which is a JSON object; found other JSON"),
        ("a.json", b'{"requestContext":{}}', "found a gateway event without a callout"),
        ("a.exchange.json", b'{"request":[]}', "request: expected an object, found a list"),
        ("a.exchange.json", b'{"version":2,"request":{}}', "the exchange has version 2"),
        ("a.json", b'{"data":{}}', "a.json: /type: missing; expected microsoft.graph"),
        ("a.json", b'{"data":{"tenantId":"<tenant>"}}', 'a.json: /data/tenantId: "<tenant>" is'),
        ("a.txt", b"{}", "contains no callouts; expected NAME.json files"),
    ],
)
def test_a_folder_that_cannot_be_used_is_named(
    run: Run, folder: Path, name: str, content: bytes, expected: str
) -> None:
    """File, place, what was found; nothing is sent, not even what could be; exit code 2."""
    (folder / name).write_bytes(content)
    if name != "a.txt":
        shutil.copy(MEMBER, folder)
    with endpoint(lambda _: Reply()) as served:
        outcome = run("tap", "--replay", folder, served.url)
    assert (2, "", []) == (outcome.exit_code, outcome.out, served.received)
    assert expected in outcome.err
    assert "Traceback" not in outcome.err


def test_a_folder_that_is_not_there_is_named(run: Run, folder: Path) -> None:
    """With what to do."""
    outcome = run("tap", "--replay", folder / "none", "http://127.0.0.1:1/")
    assert 2 == outcome.exit_code
    assert "none: cannot be read: No such file or directory" in outcome.err


def test_what_a_stranger_named_is_shown_as_text(run: Run, folder: Path) -> None:
    """A file's name with control and bidirectional characters is escaped."""
    (folder / "a\u202e\x1b[31m.json").write_bytes(MEMBER.read_bytes())
    with endpoint(lambda _: Reply()) as served:
        outcome = run("tap", "--replay", folder, served.url)
    assert "a\\u202e\\u001b[31m.json" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("tap", "--replay", "."), "--replay requires the target URL"),
        (("tap",), "Missing option '--upstream'"),
        (("tap", "http://127.0.0.1:1/"), "to name the real service, use --upstream URL"),
        (("tap", "--upstream", "http://127.0.0.1:1/", "--junit"), "require --replay DIR"),
        (("call", "http://127.0.0.1:1/", "--junit"), "--junit requires a folder of callouts"),
        (
            ("call", "http://127.0.0.1:1/", "--event", ".", "--repeat", "2"),
            "apply to a single callout",
        ),
        (("tap", "http://127.0.0.1:1/", "--replay", ".", "--json", "--junit"), "mutually exclus"),
        (("tap", "nowhere", "--replay", "."), "expected an http or https URL such as"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    run: Run, arguments: tuple[str, ...], expected: str
) -> None:
    """Exit code 2, with the one thing to do."""
    outcome = run(*arguments)
    assert 2 == outcome.exit_code
    assert expected in " ".join(outcome.err.split())
