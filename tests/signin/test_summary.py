"""Summarise many callouts with bounded memory."""

import io
import tracemalloc

from claimsctl.signin.reader import SignInFile
from claimsctl.signin.records import SignIn, read_sign_in
from claimsctl.signin.summary import APPS_MAX, KEPT_MAX, OTHER_APPS, Summary
from claimsctl.signin.verdicts import Stage

from tests.signin.samples import APP, RECORDS, SILENT_APP, graph, lines, listener


def read(document: object) -> SignIn:
    """The sign-in of a record."""
    sign_in = read_sign_in(document)
    assert sign_in is not None
    return sign_in


def test_it_counts_by_code_and_app() -> None:
    """Each result has its count, rate, first and last time; failures are listed first."""
    summary = Summary()
    for record in (*RECORDS, graph(9, listener(1003021, 0, None))):
        summary.add(read(record))
    document = summary.document()
    assert (5, 4) == (document["sign_ins"], document["callouts"])
    first, *_, last = document["groups"]
    assert {
        "stage": "never-called", "entra_code": 1003021, "http_status": None, "app_id": APP,
        "app_name": "Shop", "count": 2, "rate": 0.5,
        "first": "2026-11-28T09:30:01Z", "last": "2026-11-28T09:30:01Z",
    } == first  # fmt: skip
    assert "accepted" == last["stage"]
    assert not summary.is_fine


def test_the_silent_app_is_named() -> None:
    """Apps without any callout are listed: they probably have no listener."""
    summary = Summary()
    for record in RECORDS:
        summary.add(read(record))
    assert [(SILENT_APP, 1)] == [(id_, app.sign_ins) for id_, app in summary.silent_apps()]


def test_one_sign_in_is_picked_by_its_correlation_id() -> None:
    """Other sign-ins are not counted."""
    summary = Summary("cccc3333-0000-0000-0000-000000000003")
    for record in RECORDS:
        summary.add(read(record))
    assert (1, 1, True) == (summary.sign_ins, summary.callouts, summary.is_fine)


def test_without_any_callout_it_is_not_fine() -> None:
    """A summary without callouts is not fine."""
    summary = Summary()
    summary.add(read(RECORDS[3]))
    assert not summary.is_fine


def test_the_newest_are_kept() -> None:
    """In any order of records, the newest rows of each kind are kept."""
    for order in (1, -1):
        summary = Summary()
        for number in range(KEPT_MAX * 5)[::order]:
            record = graph(1, listener(1003005, 1, None))
            at = f"2026-11-28T{number // 60:02}:{number % 60:02}:00Z"
            record["appliedEventListeners"][0]["handlerResult"]["calloutDateTime"] = at
            summary.add(read(record))
        rows = summary.rows()
        expected = [f"2026-11-28T{n // 60:02}:{n % 60:02}:00" for n in range(800, 1000)]
        assert expected == [row.at for row in rows]


def test_apps_are_limited() -> None:
    """A different app in every record needs bounded memory."""
    summary = Summary()
    for number in range(APPS_MAX + 50):
        summary.add(read(graph(1, listener(None, 1, 200), app=f"app-{number}")))
    assert APPS_MAX + 1 == len(summary.apps) == len(summary.groups)
    assert 50 == summary.apps[OTHER_APPS].callouts
    assert APPS_MAX + 50 == summary.stages[Stage.ACCEPTED]


class _Repeated(io.BytesIO):
    """Yield the same lines repeatedly."""

    def __init__(self, content: bytes, times: int) -> None:
        super().__init__(content)
        self._more = times - 1

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        if not content and self._more:
            self._more -= 1
            self.seek(0)
            content = super().read(size)
        return content


def test_memory_does_not_grow_with_the_file() -> None:
    """Ten times the records need no more memory."""
    content = lines(
        graph(n % 60, *([listener(1003005, 2, None)] if n % 2 else [])) for n in range(1000)
    ).encode()
    peaks = []
    for times in (2, 20):
        tracemalloc.start()
        summary = Summary()
        for sign_in in SignInFile(_Repeated(content, times), "x").records():
            summary.add(sign_in)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert times * 1000 == summary.sign_ins
    assert peaks[1] < peaks[0] + 1_000_000
