"""What ends a load early, how it resumes, and what a single row does not end."""

import csv
import json
import re
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from claimsctl.claims_table.upsert import OnExisting
from claimsctl.loading.checkpoint_file import CheckpointFile

from tests.claims_file.files import TENANT
from tests.cli.command import Outcome, Run, here_with
from tests.integration.behaviours import PASS, pass_on, refuse_with, reset
from tests.integration.engine import Table
from tests.integration.exchange import Exchange
from tests.integration.fault_proxy import Behaviour, FaultProxy
from tests.loading.meeting import after, before, content, csv_of, fill, record_of, user_of

ROWS = 200
CHECKPOINT = "claims.csv.checkpoint"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`claimsctl` in this process, its retry budgets spent at once."""
    monkeypatch.setattr("claimsctl.claims_table.retry.BUDGET_SECONDS", 0)
    monkeypatch.setattr("claimsctl.claims_table.retry.FIRST_BUDGET_SECONDS", 0)
    return here_with(monkeypatch, capsys)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of claims."""
    path = tmp_path / "claims.csv"
    path.write_text(csv_of(ROWS))
    return path


def _load(run: Run, table: Table, url: str, file: Path, *options: str) -> Outcome:
    where = ("--table", table.name, "--endpoint-url", url, "--workers", "2")
    return run("claims", "load", file, *where, *options)


def _after_calls(calls: int, fault: Callable[[Exchange], None]) -> Behaviour:
    """The engine's own answers to so many calls of the load, `fault` from then on.

    What the check and a prune look at, before the load, is none of them.
    """
    left = iter(range(calls))
    lock = threading.Lock()

    def act(exchange: Exchange) -> None:
        target = exchange.request.headers["x-amz-target"]
        checks = target.endswith(("Query", "Scan", "DescribeTable"))
        with lock:
            passing = checks or next(left, None) is not None
        (pass_on if passing else fault)(exchange)

    return Behaviour(act)


@pytest.mark.parametrize("mode", OnExisting)
def test_a_lost_network_is_waited_for_and_gone_on_from(
    run: Run, table: Table, file: Path, mode: OnExisting
) -> None:
    """Once the retry budget is spent, the load stops with a checkpoint, and `--resume` ends it."""
    fill(table, before(ROWS))
    options = ("--on-existing", mode)
    with FaultProxy(table.url, _after_calls(4, reset)) as proxy:
        outcome = _load(run, table, proxy.url, file, *options)
        assert 3 == outcome.exit_code
        first, way_on = outcome.err.splitlines()
        assert " of 200 rows written, then: Connection was closed before we rec" in first
        assert "(retried for 0 s)" in first
        command = "To continue, run the same command with --resume"
        assert f"{command} (checkpoint: {file}.checkpoint)" == way_on
        again = _load(run, table, proxy.url, file, *options)
        assert (2, True) == (again.exit_code, "a load of this file was interrupted" in again.err)
        proxy.inject(PASS)
        assert _load(run, table, proxy.url, file, *options, "--resume").exit_code in {0, 3}
    assert after(mode, ROWS) == content(table)
    assert not file.with_name(CHECKPOINT).exists()


@pytest.mark.parametrize("code", ["AccessDeniedException", "ExpiredTokenException"])
def test_a_call_without_access_is_not_retried(
    run: Run, table: Table, file: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """Every worker's first call is the last; nothing is done, and nothing left behind."""
    monkeypatch.setattr("claimsctl.claims_table.retry.FIRST_BUDGET_SECONDS", 60)
    with FaultProxy(table.url, _after_calls(0, refuse_with(code))) as proxy:
        outcome = _load(run, table, proxy.url, file)
        look, workers = 1, 2
        assert len(proxy.requests) <= look + workers
    assert (2, True) == (
        outcome.exit_code,
        f"nothing was written: An error occurred ({code})" in outcome.err,
    )
    assert [file] == list(file.parent.iterdir())


def test_a_resumed_load_that_gets_nowhere_is_still_half_way(
    run: Run, table: Table, file: Path
) -> None:
    """What the first one may have written is not taken back by the second: 3, and it goes on."""

    def lose(exchange: Exchange) -> None:
        exchange.ask()  # done, and nobody hears of it
        reset(exchange)

    with FaultProxy(table.url, _after_calls(0, lose)) as proxy:
        assert 3 == _load(run, table, proxy.url, file).exit_code
        checkpoint = json.loads(file.with_name(CHECKPOINT).read_text())
        assert (0, True) == (checkpoint["rows_done"], len(content(table)) > 0)
        proxy.inject(_after_calls(0, refuse_with("AccessDeniedException")))
        outcome = _load(run, table, proxy.url, file, "--resume")
        assert (3, True) == (outcome.exit_code, "--resume (checkpoint" in outcome.err)
        proxy.inject(PASS)
        assert 0 == _load(run, table, proxy.url, file, "--resume").exit_code
    assert ROWS == len(content(table))


@pytest.mark.parametrize("option", ["--rejects", "--checkpoint"])
def test_what_cannot_be_noted_is_not_begun(run: Run, table: Table, file: Path, option: str) -> None:
    """Nothing is written, and nothing left that would keep the next load from its beginning."""
    file.write_text(f"tenant_id,user,n\n{TENANT},nobody,1\n{TENANT},,2\n")
    nowhere = str(file.with_name("nowhere") / "x")
    outcome = _load(run, table, table.url, file, "--keep-going", option, nowhere)
    assert 2 == outcome.exit_code
    assert re.search(r"cannot be written: .*No such file", outcome.err)
    assert ([file], {}) == (list(file.parent.iterdir()), content(table))
    assert 3 == _load(run, table, table.url, file, "--keep-going").exit_code


def test_a_load_that_is_under_way_is_not_gone_on_with(run: Run, table: Table, file: Path) -> None:
    """Two at one checkpoint would cut off one another's rejected rows."""
    with FaultProxy(table.url, _after_calls(2, reset)) as proxy:
        assert 3 == _load(run, table, proxy.url, file).exit_code
        proxy.inject(PASS)
        with closing(CheckpointFile(file.with_name(CHECKPOINT))) as first:
            first.read()
            outcome = _load(run, table, proxy.url, file, "--resume")
            assert (2, True) == (
                outcome.exit_code,
                "another claimsctl process is using" in outcome.err,
            )
        assert 0 == _load(run, table, proxy.url, file, "--resume").exit_code


def test_what_a_pruning_load_wrote_is_written_when_resumed(
    run: Run, table: Table, file: Path
) -> None:
    """It finds rows as it left them: those are its own, not unchanged ones."""
    with FaultProxy(table.url, _after_calls(5, reset)) as proxy:
        assert 3 == _load(run, table, proxy.url, file, "--prune").exit_code
        assert content(table)
        proxy.inject(PASS)
        outcome = _load(run, table, proxy.url, file, "--prune", "--resume")
    assert (0, True) == (outcome.exit_code, "200 rows read = 200 written\n" in outcome.err)


def test_access_lost_half_way(run: Run, table: Table, file: Path) -> None:
    """A token that expires stops the load at once; with a new one it goes on."""
    with FaultProxy(table.url, _after_calls(3, refuse_with("ExpiredTokenException"))) as proxy:
        outcome = _load(run, table, proxy.url, file)
        assert (3, True) == (outcome.exit_code, "75 of 200 rows written, then: An" in outcome.err)
        proxy.inject(PASS)
        outcome = _load(run, table, proxy.url, file, "--resume")
    assert (0, True) == (outcome.exit_code, "200 rows read = 200 written" in outcome.err)
    assert "resumed after row" in outcome.err
    assert {record_of(n).key for n in range(1, ROWS + 1)} == content(table).keys()


@pytest.mark.parametrize("mode", OnExisting)
def test_an_item_that_dynamodb_refuses(
    run: Run, table: Table, tmp_path: Path, mode: OnExisting
) -> None:
    """It is found among those of its batch, rejected alone, and its row can be loaded again."""
    file = tmp_path / "claims.jsonl"
    rows = [{"tenant_id": TENANT, "user": user_of(n), "n": [str(n)]} for n in range(60)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    bad = [user_of(n) for n in (7, 30, 31)]

    def act(exchange: Exchange) -> None:
        reads = exchange.request.headers["x-amz-target"].endswith("BatchGetItem")
        refused = not reads and any(user.encode() in exchange.request.body for user in bad)
        (refuse_with("ValidationException") if refused else pass_on)(exchange)

    with FaultProxy(table.url, Behaviour(act)) as proxy:
        outcome = _load(run, table, proxy.url, file, "--on-existing", mode)
        if mode is OnExisting.REPLACE:  # halving, not one by one
            assert len(proxy.requests) < 30
    assert (3, True) == (outcome.exit_code, "60 rows read = 57 written + 3 rejected" in outcome.err)
    rejects = tmp_path / "claims.rejects.jsonl"
    rejected = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert (bad, {"no"}) == (
        [row["user"] for row in rejected], {row["reject_reason"] for row in rejected}
    )  # fmt: skip
    assert 57 == len(content(table))
    assert 0 == _load(run, table, table.url, rejects).exit_code
    assert 60 == len(content(table))
    assert {"L": [{"S": "30"}]} in [item["claims"]["M"]["n"] for item in content(table).values()]


def test_a_checkpoint_of_another_load(run: Run, table: Table, file: Path) -> None:
    """Another file, other options or another table: the difference is reported, nothing written."""
    with FaultProxy(table.url, _after_calls(2, reset)) as proxy:
        assert 3 == _load(run, table, proxy.url, file).exit_code
        proxy.inject(PASS)
        file.write_text(csv_of(ROWS - 1))
        outcome = _load(run, table, proxy.url, file, "--resume", "--on-existing", "skip")
    first, *differences = outcome.err.splitlines()
    assert 2 == outcome.exit_code
    assert f"{file}.checkpoint: this checkpoint belongs to a different load; nothing" in first
    assert ["FILE", "--on-existing"] == [line.partition(":")[0] for line in differences]


def test_bad_rows_are_left_out_when_told(run: Run, table: Table, file: Path) -> None:
    """`--keep-going` writes the valid rows; the rejects file has the others with their reasons."""
    bad = f"{TENANT},casey,1,a,\n"
    file.write_text(csv_of(50) + bad)
    assert (2, 0) == (_load(run, table, table.url, file).exit_code, len(content(table)))
    outcome = _load(run, table, table.url, file, "--keep-going")
    assert (3, True) == (outcome.exit_code, "51 rows read = 50 written + 1 rejected" in outcome.err)
    (row,) = csv.DictReader(file.with_name("claims.rejects.csv").read_text().splitlines())
    assert ("casey", "user: expected a GUID") == (row["user"], row["reject_reason"][:21])
    assert 50 == len(content(table))


def test_an_end_stays_the_same_when_resumed(run: Run, table: Table, file: Path) -> None:
    """`--expires-in` counts from when the load was begun, not from when it was gone on with."""
    options = ("--expires-in", "30d")
    with FaultProxy(table.url, _after_calls(3, reset)) as proxy:
        assert 3 == _load(run, table, proxy.url, file, *options).exit_code
        path = file.with_name(CHECKPOINT)
        document = json.loads(path.read_text())
        document["expires_at"] -= 86_400  # as if it had been begun a day ago
        path.write_text(json.dumps(document))
        proxy.inject(PASS)
        assert 0 == _load(run, table, proxy.url, file, *options, "--resume").exit_code
    ends = {item["expires_at"]["N"] for item in content(table).values()}
    assert {str(document["expires_at"]), str(document["expires_at"] + 86_400)} >= ends
    last = content(table)[record_of(ROWS).key]
    assert str(document["expires_at"]) == last["expires_at"]["N"]


def test_somebody_else_writes_meanwhile(run: Run, table: Table, file: Path) -> None:
    """What changes between the look and the write is looked at again: nothing of it is lost."""
    fill(table, before(ROWS))
    key = record_of(10).key
    changed = threading.Event()

    def act(exchange: Exchange) -> None:
        body = exchange.request.body
        if not changed.is_set() and b"UpdateExpression" in body and user_of(10).encode() in body:
            changed.set()
            table.put(key, claims={"M": {"by": {"S": "hand"}}})
        pass_on(exchange)

    with FaultProxy(table.url, Behaviour(act)) as proxy:
        assert 0 == _load(run, table, proxy.url, file, "--on-existing", "merge").exit_code
    assert changed.is_set()
    claims = content(table)[key]["claims"]["M"]
    assert {"by": {"S": "hand"}, **record_of(10).to_item()["claims"]["M"]} == claims


def test_standard_input_is_resumed_with_a_checkpoint(
    run: Run, table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--checkpoint sets where the progress is stored."""
    monkeypatch.chdir(tmp_path)
    stdin = csv_of(ROWS).encode()
    with FaultProxy(table.url, _after_calls(3, reset)) as proxy:
        where = ("--table", table.name, "--endpoint-url", proxy.url, "--workers", "2")
        command = ("claims", "load", "-", *where, "--checkpoint", "noted")
        assert 3 == run(*command, stdin=stdin).exit_code
        proxy.inject(PASS)
        assert 0 == run(*command, "--resume", stdin=stdin).exit_code
    assert ROWS == len(content(table))
    assert not (tmp_path / "noted").exists()
