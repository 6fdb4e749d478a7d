"""What is kept, and for whom: bounded, the newest telling, without waiting."""

import json
import socket
from dataclasses import replace
from pathlib import Path
from queue import Queue

import httpx2
import pytest
from claimsctl.cli.tap_view import lines, size, summary
from claimsctl.errors import OperatorError
from claimsctl.judge.attempt import Cause, NoAnswer, Phase
from claimsctl.tap.exchanges import KEPT_MAX, Examined, Folder, History, Outcome, exchange_document
from claimsctl.tap.page.server import Page, served
from claimsctl.tap.process import QueueRecorder
from claimsctl.tap.recording import Sighting
from claimsctl.tap.supervisor import record
from claimsctl.tap.upstream import read_service

from tests.judge.answers import body_with_claims
from tests.tap.test_redaction import SERVICE, WAIT_MS, shown, sighting_of


def _examined(number: int, body: bytes = body_with_claims({"a": "b"})) -> Examined:
    return shown(replace(sighting_of(body), number=number))


def _waiting(number: int) -> Examined:
    return shown(replace(sighting_of(b""), number=number, over=False, status=None))


def test_the_oldest_is_forgotten() -> None:
    """Memory is bounded; what is forgotten still counts."""
    history = History()
    for number in range(1, KEPT_MAX + 11):
        history.add(_examined(number))
    version, kept = history.since(-1)
    assert (KEPT_MAX + 10, KEPT_MAX) == (version, len(kept))
    assert history.find(10) is None
    assert history.find(11) is kept[0]
    assert KEPT_MAX + 10 == history.counts()[Outcome.ACCEPTED]


def test_a_later_telling_replaces_the_earlier() -> None:
    """An exchange that was waited for is one exchange, where it was in the list."""
    history = History()
    for examined in (_waiting(1), _examined(2), _examined(1)):
        history.add(examined)
    assert [1, 2] == [examined.sighting.number for examined in history.since(-1)[1]]
    assert [1] == [examined.sighting.number for examined in history.since(2)[1]]
    assert {"accepted": 2, "waiting": 0} == {
        outcome.value: history.counts()[outcome] for outcome in (Outcome.ACCEPTED, Outcome.WAITING)
    }


def test_a_full_queue_is_not_waited_for() -> None:
    """What is not recorded is counted, an exchange under way only when it is over."""
    queue: Queue[tuple[Sighting, int]] = Queue(1)
    recorder = QueueRecorder(queue)  # type: ignore[arg-type]  # one without a process
    first, second, third = (recorder.begin(0.0) for _ in range(3))
    recorder.tell(first)
    recorder.tell(second)
    second.end()
    recorder.tell(second)
    told, untold = queue.get()
    assert (1, 0) == (told.number, untold)
    recorder.tell(third)
    assert 1 == queue.get()[1]


def test_what_is_told_later_does_not_change_what_was_told() -> None:
    """A sighting is told as it was then."""
    queue: Queue[tuple[Sighting, int]] = Queue()
    recorder = QueueRecorder(queue)  # type: ignore[arg-type]  # one without a process
    sighting = recorder.begin(0.0)
    recorder.tell(sighting)
    sighting.request.take(b"later")
    sighting.end()
    told, _ = queue.get()
    assert (b"", False) == (bytes(told.request.body), told.over)


def test_each_is_examined_kept_and_heard_of() -> None:
    """From what was told to what is shown, and how many could not be."""
    history, heard = History(), list[Examined]()
    told = [(replace(sighting_of(b"{}"), number=number), number) for number in (1, 2)]
    record(iter(told), history, WAIT_MS, heard.append, unmask=False)
    assert history.since(-1)[1] == heard
    assert 2 == history.untold


def test_a_line_says_how_it_ended() -> None:
    """Status, verdict or code, sizes; below it why."""
    (line,) = lines(_examined(7))
    assert ["7", "200", "accepted"] == line.plain.split()[1:4]
    line, why = lines(_examined(8, b"{}"))
    assert ["8", "200", "1003003"] == line.plain.split()[1:4]
    assert why.plain.strip().startswith("RSP")
    gone = sighting_of(b"")
    gone.end(NoAnswer(Cause.CLOSED, Phase.FIRST_BYTE, "the service closed the connection"))
    line, why = lines(shown(gone))
    assert ["—", "1003001"] == line.plain.split()[2:4]
    assert "NET005" in why.plain


def test_what_was_sent_cannot_steer_the_terminal() -> None:
    """A correlation id is whatever the caller says that it is."""
    callout = json.dumps(
        {"type": "x.tokenIssuanceStart",
         "data": {"authenticationContext": {"correlationId": "\x1b[2J\n", "user": {"id": "\x07"}}}}
    ).encode()  # fmt: skip
    told = "".join(line.plain for line in lines(shown(sighting_of(b"{}", sent=callout))))
    assert not {"\x1b", "\x07", "\n"} & set(told)


@pytest.mark.parametrize(("count", "expected"), [(0, "0 B"), (999, "999 B"), (1341, "1.3 kB")])
def test_sizes_for_people(count: int, expected: str) -> None:
    """Bytes, then kilobytes."""
    assert expected == size(count)


def test_the_summary_names_what_there_was() -> None:
    """Outcomes that did not occur are left out."""
    counts = dict.fromkeys(Outcome, 0)
    assert "nothing has come" == summary(counts, 0)
    assert "1 exchange: 1 rejected" == summary(counts | {Outcome.REJECTED: 1}, 0)
    assert summary(counts | {Outcome.ACCEPTED: 2}, 3).endswith(
        "; 3 more came too fast to be recorded"
    )


def test_an_exchange_without_answer_says_why() -> None:
    """The file has no response, but the reason."""
    seen = sighting_of(b"")
    seen.end(NoAnswer(Cause.CLOSED, Phase.BODY, "half a body"))
    document = exchange_document(shown(seen), SERVICE)
    assert "response" not in document
    assert {"cause": "closed", "phase": "body", "detail": "half a body"} == document["no_answer"]
    assert 1003001 == document["verdict"]["entra_code"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """Before anything is forwarded."""
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match=r"--save .*: Not a directory; name a folder"):
        Folder(tmp_path / "file" / "folder", SERVICE)


def test_the_page_serves_what_is_kept() -> None:
    """List as events, details, and downloads; nobody else gets them."""
    history = History()
    history.add(_examined(1))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        page = Page(history, SERVICE, WAIT_MS, listener.getsockname()[1])
        with served(page, listener), httpx2.Client(base_url=page.url) as client:
            assert "<!doctype html>" in client.get("").text
            with client.stream("GET", "events") as events:
                told = json.loads(next(events.iter_lines()).removeprefix("data: "))
            assert ("https://claims.example", 1) == (told["upstream"], told["counts"]["accepted"])
            assert [1] == [row["number"] for row in told["rows"]]
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
    service = read_service(url)
    assert (origin, port) == (service.origin, service.port)
