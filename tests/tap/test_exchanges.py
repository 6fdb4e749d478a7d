"""The history is limited, has the newest state, and never blocks."""

import json
import socket
import stat
import time
from dataclasses import replace
from pathlib import Path
from queue import Queue

import httpx2
import pytest
from claimsctl.cli.tap import lines, size, summary
from claimsctl.entra.token_claims import TENANT_ID, TokenProfile
from claimsctl.entra.tokens import SigningKey, mint
from claimsctl.errors import OperatorError
from claimsctl.judge.attempt import Cause, NoAnswer, Phase
from claimsctl.tap.exchanges import (
    KEPT_MAX,
    ExchangeFolder,
    ExchangeOutcome,
    History,
    ShownExchange,
    exchange_document,
)
from claimsctl.tap.page.server import Page, served
from claimsctl.tap.page.view import details
from claimsctl.tap.process import QueueSink, Recorded
from claimsctl.tap.supervisor import collect
from claimsctl.tap.upstream import parse_upstream

from tests.judge.answers import body_with_claims
from tests.tap.test_redaction import SERVICE, WAIT_MS, masked_and_judged, recorded_exchange


def _judged(number: int, body: bytes = body_with_claims({"a": "b"})) -> ShownExchange:
    return masked_and_judged(replace(recorded_exchange(body), number=number))


def _waiting(number: int) -> ShownExchange:
    return masked_and_judged(
        replace(recorded_exchange(b""), number=number, over=False, status=None)
    )


def test_the_oldest_is_forgotten() -> None:
    """The memory is limited; removed exchanges are still counted."""
    history = History()
    for number in range(1, KEPT_MAX + 11):
        history.add(_judged(number))
    version, kept = history.since(-1)
    assert (KEPT_MAX + 10, KEPT_MAX) == (version, len(kept))
    assert history.find(10) is None
    assert history.find(11) is kept[0]
    assert KEPT_MAX + 10 == history.counts()[ExchangeOutcome.ACCEPTED]


def test_a_later_state_replaces_the_earlier() -> None:
    """A waiting exchange keeps its place in the list when it ends."""
    history = History()
    for exchange in (_waiting(1), _judged(2), _judged(1)):
        history.add(exchange)
    assert [1, 2] == [each.exchange.number for each in history.since(-1)[1]]
    assert [1] == [each.exchange.number for each in history.since(2)[1]]
    assert {"accepted": 2, "waiting": 0} == {
        outcome.value: history.counts()[outcome]
        for outcome in (ExchangeOutcome.ACCEPTED, ExchangeOutcome.WAITING)
    }


def test_a_full_queue_is_not_waited_for() -> None:
    """Exchanges that are not recorded are counted, when they end."""
    queue: Queue[Recorded] = Queue(1)
    sink = QueueSink(queue)  # type: ignore[arg-type]  # one without a process
    first, second, third = (sink.begin(0.0) for _ in range(3))
    sink.publish(first)
    sink.publish(second)
    second.end()
    sink.publish(second)
    exchange, dropped = queue.get()
    assert (1, 0) == (exchange.number, dropped)
    sink.publish(third)
    assert 1 == queue.get()[1]


def test_what_comes_later_does_not_change_what_was_published() -> None:
    """A published exchange is a copy that does not change later."""
    queue: Queue[Recorded] = Queue()
    sink = QueueSink(queue)  # type: ignore[arg-type]  # one without a process
    exchange = sink.begin(0.0)
    sink.publish(exchange)
    exchange.request.add(b"later")
    exchange.end()
    published, _ = queue.get()
    assert (b"", False) == (bytes(published.request.body), published.over)


def test_each_is_judged_kept_and_passed_on() -> None:
    """From what was recorded to what is shown, and how many could not be recorded."""
    history, seen = History(), list[ShownExchange]()
    recorded = [Recorded(replace(recorded_exchange(b"{}"), number=n), dropped=n) for n in (1, 2)]
    collect(recorded, history, WAIT_MS, seen.append, unmask=False)
    assert history.since(-1)[1] == seen
    assert 2 == history.dropped


def test_a_line_says_how_it_ended() -> None:
    """A line has status, verdict or code, and sizes; the reason is below it."""
    (line,) = lines(_judged(7))
    assert ["7", "200", "accepted"] == line.plain.split()[1:4]
    line, why = lines(_judged(8, b"{}"))
    assert ["8", "200", "1003003"] == line.plain.split()[1:4]
    assert why.plain.strip().startswith("RSP")
    gone = recorded_exchange(b"")
    gone.end(NoAnswer(Cause.CLOSED, Phase.FIRST_BYTE, "the service closed the connection"))
    line, why = lines(masked_and_judged(gone))
    assert ["—", "1003001"] == line.plain.split()[2:4]
    assert "NET005" in why.plain


def test_what_was_sent_cannot_steer_the_terminal() -> None:
    """A correlation id may be any text from the caller."""
    callout = json.dumps(
        {"type": "x.tokenIssuanceStart",
         "data": {"authenticationContext": {"correlationId": "\x1b[2J\n", "user": {"id": "\x07"}}}}
    ).encode()  # fmt: skip
    shown = "".join(
        line.plain for line in lines(masked_and_judged(recorded_exchange(b"{}", sent=callout)))
    )
    assert not {"\x1b", "\x07", "\n"} & set(shown)


@pytest.mark.parametrize(("count", "expected"), [(0, "0 B"), (999, "999 B"), (1341, "1.3 kB")])
def test_sizes_for_people(count: int, expected: str) -> None:
    """Bytes, then kilobytes."""
    assert expected == size(count)


def test_the_summary_names_what_there_was() -> None:
    """Outcomes that did not occur are left out."""
    counts = dict.fromkeys(ExchangeOutcome, 0)
    assert "no exchanges recorded" == summary(counts, 0)
    assert "1 exchange: 1 rejected" == summary(counts | {ExchangeOutcome.REJECTED: 1}, 0)
    assert summary(counts | {ExchangeOutcome.ACCEPTED: 2}, 3).endswith(
        "; 3 more arrived too fast to be recorded"
    )


def test_an_exchange_without_answer_says_why() -> None:
    """The file has the reason instead of a response."""
    seen = recorded_exchange(b"")
    seen.end(NoAnswer(Cause.CLOSED, Phase.BODY, "half a body"))
    document = exchange_document(masked_and_judged(seen), SERVICE)
    assert "response" not in document
    assert {"cause": "closed", "phase": "body", "detail": "half a body"} == document["no_answer"]
    assert 1003001 == document["verdict"]["entra_code"]


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    """Before anything is forwarded."""
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match=r"--save .*: Not a directory; give a writable folder"):
        ExchangeFolder(tmp_path / "file" / "folder", SERVICE)


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    """The unmasked file contains a token, so it is written nowhere else; an error names it."""
    victim = tmp_path / "victim"
    victim.write_text("words")
    folder = ExchangeFolder(tmp_path / "saved", SERVICE)
    folder.save(_judged(1))
    saved = sorted((tmp_path / "saved").iterdir())
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in saved}
    exchange = next(path for path in saved if path.name.endswith(".exchange.json"))
    exchange.unlink()
    exchange.symlink_to(victim)
    with pytest.raises(
        OSError, match=f"{exchange.name}: expected a regular file, found a symbolic"
    ):
        folder.save(_judged(1))
    assert "words" == victim.read_text()


def test_the_page_serves_what_is_kept() -> None:
    """The page serves list, details and downloads to this machine only."""
    history = History()
    history.add(_judged(1))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        page = Page(history, SERVICE, WAIT_MS, listener.getsockname()[1])
        with served(page, listener), httpx2.Client(base_url=page.url) as client:
            assert "<!doctype html>" in client.get("").text
            with client.stream("GET", "events") as events:
                event = json.loads(next(events.iter_lines()).removeprefix("data: "))
            assert ("https://claims.example", 1) == (event["upstream"], event["counts"]["accepted"])
            assert [1] == [row["number"] for row in event["rows"]]
            assert "accepted" == client.get("exchanges/1").json()["verdict"]["verdict"]
            assert 200 == client.get("exchanges/1/exchange.json").json()["response"]["status"]
            assert "data" in client.get("exchanges/1/callout.json").json()
            assert 404 == client.get("exchanges/2").status_code
            assert 403 == client.get("exchanges/1", headers={"host": "evil.example"}).status_code


@pytest.mark.parametrize(
    ("url", "origin", "port"),
    [
        ("https://claims.example/a?code=b", "https://claims.example", 443),
        ("https://claims.example:443/", "https://claims.example", 443),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", 8080),
        ("https://[::1]:8443/", "https://[::1]:8443", 8443),
        ("https://bücher.example/", "https://xn--bcher-kva.example", 443),
    ],
)
def test_a_service_is_scheme_host_and_port(url: str, origin: str, port: int) -> None:
    """Path and query are the caller's."""
    service = parse_upstream(url)
    assert (origin, port) == (service.origin, service.port)


def test_a_tokens_differences_are_shown() -> None:
    """A token of another app is named so, with the cause and the cure; Entra's own has none."""
    profile = TokenProfile(TENANT_ID)
    for azp, expected in ((None, []), ("00001111-aaaa-2222-bbbb-3333cccc4444", ["azp"])):
        claims = profile.claims(int(time.time())) | ({"azp": azp} if azp else {})
        sent = {"Authorization": f"Bearer {mint(claims, SigningKey.generate())}"}
        shown = masked_and_judged(recorded_exchange(b"{}", headers=sent))
        differences = details(shown, SERVICE, WAIT_MS)["token"]["differences"]
        assert expected == [each["part"] for each in differences]
