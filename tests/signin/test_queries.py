"""docs/queries: each query selects the documented rows of the samples."""

import re
from typing import Any

import pytest

from tests.cli.command import ROOT
from tests.signin.kql import PRELUDE, callouts, run
from tests.signin.samples import APP, EXTENSION, RECORDS, analytics, graph, listener

FOLDER = ROOT / "docs/queries"
LATE = [graph(n, listener(1003005, 2, None)) for n in (10, 11)]
ROWS = [
    *(analytics(record, as_text=False) for record in RECORDS),
    *(analytics(record, as_text=True) for record in LATE),
]


def answer(name: str) -> list[dict[str, Any]]:
    """Return the result of the query for the samples."""
    return run((FOLDER / f"{name}.kql").read_text("utf-8"), callouts(ROWS))


def test_all_queries_begin_with_the_same_callouts() -> None:
    """All queries define a callout in the same way, except the time window."""
    preludes = set()
    for path in FOLDER.glob("*.kql"):
        found = PRELUDE.match(path.read_text("utf-8"))
        assert found is not None, path
        preludes.add(found[1].replace("ago(15m)", "ago(1d)"))
    (prelude,) = preludes
    for part in (
        "SigninLogs", "AADNonInteractiveUserSignInLogs",
        "parse_json(tostring(AppliedEventListeners))", '=~ "tokenIssuanceStart"',
        "toint(Result.numberOfAttempts)", "toint(Result.httpStatus)", "toint(Result.errorCode)",
        "tostring(Result.customExtensionId)",
    ):  # fmt: skip
        assert part in prelude


def test_by_code() -> None:
    """Each code and status once, the most frequent first."""
    found = [(row["Code"], row["Status"], row["Callouts"]) for row in answer("by-code")]
    assert [(1003005, None, 2), (1003021, None, 1), (1003002, 401, 1), (0, 200, 1)] == found


def test_by_app() -> None:
    """Four of five callouts failed."""
    (row,) = answer("by-app")
    assert (APP, 5, 4, 80.0) == (row["AppId"], row["Callouts"], row["Failed"], row["FailedPercent"])


def test_never_called() -> None:
    """Attempts 0, with code, app and extension."""
    (row,) = answer("never-called")
    assert (1003021, APP, EXTENSION, 1) == (
        row["Code"], row["AppId"], row["Extension"], row["Callouts"]
    )  # fmt: skip


def test_slow() -> None:
    """A second attempt or 1003005."""
    (row,) = answer("slow")
    assert (APP, 3, 2) == (row["AppId"], row["Slow"], row["GivenUp"])


@pytest.mark.parametrize(("failed", "fine", "alerts"), [(3, 57, 1), (3, 58, 0), (2, 0, 0)])
def test_the_alert(failed: int, fine: int, alerts: int) -> None:
    """At least three failures, and five in a hundred."""
    rows = callouts(
        analytics(graph(n, listener(code, 1, None)), as_text=True)
        for n, code in enumerate([1003027] * failed + [0] * fine)
    )
    assert alerts == len(run((FOLDER / "alert.kql").read_text("utf-8"), rows))


def test_every_query_is_on_the_page() -> None:
    """The page lists each file."""
    page = (FOLDER / "README.md").read_text("utf-8")
    listed = re.findall(r"\]\(([\w-]+\.kql)\)", page)
    assert sorted(path.name for path in FOLDER.glob("*.kql")) == sorted(listed)
