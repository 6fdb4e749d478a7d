"""What the hooks round a snapshot do, whatever goes wrong in them."""

import gc
import json
import random
import sys
import threading
import time
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any, cast

import pytest
from claims_provider import snapshot, wiring
from claims_provider.claims.key import LayerKey
from claims_provider.claims.store import ClaimsStore
from claims_provider.deadline import Deadline
from claims_provider.inbound.caller import NoVerification
from claims_provider.record import CalloutRecord
from claims_provider.snapshot import SnapshotHooks
from claims_provider.telemetry import Telemetry
from claims_provider.wiring import build_handler

from tests.fakes import ENVIRONMENT, FakeDynamoDB

Output = pytest.CaptureFixture[str]
SOMEBODY = LayerKey("USER#1", "APP#*")


class Client(FakeDynamoDB):
    """A client that knows whether it was closed."""

    def __init__(self) -> None:
        super().__init__({SOMEBODY: {}})
        self.closed = threading.Event()

    def close(self) -> None:
        """Note it."""
        self.closed.set()


class Entangled(Client):
    """A client in a circle of references, as botocore's are."""

    def __init__(self) -> None:
        super().__init__()
        self.myself = self


class World:
    """Hooks over clients that are made in this process."""

    def __init__(self) -> None:
        self.clients: list[Client] = []
        self.verifier = NoVerification("tenant")
        self.telemetry = Telemetry("local")
        self.store = ClaimsStore("claims", self._connect)
        self.hooks = SnapshotHooks(self.verifier, self.store, self.telemetry)

    def _connect(self) -> Any:
        self.clients.append(Client())
        return self.clients[-1]

    def end(self) -> None:
        """Leave no thread."""
        self.store.rest(Deadline.after_ms(5000))


@pytest.fixture
def world() -> Any:
    """A cold start that is over."""
    world = World()
    yield world
    world.end()
    gc.unfreeze()


def _lines(capsys: Output) -> list[dict[str, Any]]:
    return list(map(json.loads, capsys.readouterr().out.splitlines()))


def _wait(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.001)


def test_a_snapshot_has_no_client(world: World) -> None:
    """The client that the snapshot was made warm with is closed, and its thread has ended."""
    current = world.store._workers._current
    assert current is not None
    world.hooks.before_snapshot()
    (client,) = world.clients
    assert [[snapshot.NOBODY]] == client.asked
    assert client.closed.is_set()
    assert not current.is_alive()


def test_a_snapshot_has_no_credentials(world: World) -> None:
    """The client is no longer in memory, nor what it holds, however the cold start collects."""
    clients: list[weakref.ref[Client]] = []

    def connect() -> Any:
        client = Entangled()
        clients.append(weakref.ref(client))
        return client

    hooks = SnapshotHooks(world.verifier, ClaimsStore("claims", connect), world.telemetry)
    gc.freeze()
    hooks.before_snapshot()
    assert [None] == [client() for client in clients]


def test_a_snapshot_is_not_fetched_by_a_collection(world: World) -> None:
    """What it holds is never looked through again: that would read all of it after each restore."""
    gc.unfreeze()
    world.hooks.before_snapshot()
    assert gc.get_freeze_count()


def test_a_restored_environment_has_a_new_client(world: World) -> None:
    """The client is created before the first callout, which uses it."""
    world.hooks.before_snapshot()
    world.hooks.after_restore()
    _wait(lambda: 2 == len(world.clients))
    assert {SOMEBODY} == set(world.store.read([SOMEBODY], Deadline.after_ms(5000)))
    old, new = world.clients
    assert ([[snapshot.NOBODY]], [[SOMEBODY]]) == (old.asked, new.asked)


def test_environments_of_one_snapshot_differ(world: World) -> None:
    """Random numbers of two environments of the same snapshot are not the same."""
    state = random.getstate()
    numbers = []
    for _ in range(2):
        random.setstate(state)
        world.hooks.after_restore()
        numbers.append(random.random())
    assert numbers[0] != numbers[1]


def test_a_restore_is_told(world: World, capsys: Output) -> None:
    """However much was done before the snapshot, the first callout after it is a cold start's."""
    world.telemetry.write(CalloutRecord())
    world.hooks.after_restore()
    world.telemetry.write(CalloutRecord())
    world.telemetry.write(CalloutRecord())
    lines = [line for line in _lines(capsys) if line.get("message") == "callout"]
    expected = [(True, None), (True, True), (False, None)]
    assert expected == [(line["cold_start"], line.get("restored")) for line in lines]


def _fail(*_: object) -> None:
    message = "member@example.com"
    raise OSError(message)


@pytest.mark.parametrize(
    ("hook", "part", "method", "line"),
    [
        ("before_snapshot", ClaimsStore, "read", "snapshot"),
        ("before_snapshot", ClaimsStore, "rest", "snapshot"),
        ("after_restore", NoVerification, "renew", "restore"),
        ("after_restore", ClaimsStore, "renew", "restore"),
        ("after_restore", Telemetry, "restored", "restore"),
    ],
)
def test_a_bug_ends_no_environment(
    hook: str, part: type, method: str, line: str,
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: Output,
) -> None:  # fmt: skip
    """A failing step is logged by type and location, and the callout is answered."""
    with monkeypatch.context() as patched:
        patched.setattr(part, method, _fail)
        getattr(world.hooks, hook)()
    (told,) = _lines(capsys)
    assert (line, "WARNING") == (told["message"], told["level"])
    assert ["OSError"] == [cause["error"] for cause in told["causes"]]
    assert "example.com" not in json.dumps(told)
    assert {SOMEBODY} == set(world.store.read([SOMEBODY], Deadline.after_ms(5000)))


def test_a_failed_step_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """A table that cannot be read before the snapshot leaves no client in it either."""
    monkeypatch.setattr(ClaimsStore, "read", _fail)
    world.hooks.before_snapshot()
    assert world.clients[0].closed.is_set()
    assert ["snapshot"] == [line["message"] for line in _lines(capsys)]


def test_a_publication_waits_for_no_table(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """A table that hangs before the snapshot holds the publication up for as long as was set."""
    over = threading.Event()

    def hang(*_: object, **__: object) -> None:
        while not over.is_set():
            time.sleep(0.005)

    monkeypatch.setattr(Client, "batch_get_item", hang)
    monkeypatch.setattr(snapshot, "PRIMING_MS", 50)
    world.hooks.before_snapshot()
    over.set()
    (told,) = _lines(capsys)
    assert ["timeout"] == [cause["reason"] for cause in told["causes"]]


def _runtime_library() -> tuple[ModuleType, list[tuple[str, Any]]]:
    registered: list[tuple[str, Any]] = []
    library = cast("Any", ModuleType("snapshot_restore_py"))
    library.register_before_snapshot = lambda hook: registered.append(("before", hook.__name__))
    library.register_after_restore = lambda hook: registered.append(("after", hook.__name__))
    return library, registered


def test_the_hooks_are_known_to_the_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """With SnapStart, both hooks are registered with the runtime's own library."""
    library, registered = _runtime_library()
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", library)
    handler = build_handler({**ENVIRONMENT, "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"})
    assert [("before", "before_snapshot"), ("after", "after_restore")] == registered
    handler._store.rest(Deadline.after_ms(5000))


@pytest.mark.parametrize(
    ("kind", "patience"), [("snap-start", wiring.PUBLISH_MS), ("on-demand", 700)]
)
def test_nobody_waits_for_a_publication(
    kind: str, patience: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a snapshot keys may take longer to load than in a start that a callout waits for."""
    allowed: list[int] = []

    def note(_settings: Any, milliseconds: int, _fetch: Any) -> Any:
        allowed.append(milliseconds)
        return NoVerification(ENVIRONMENT["TENANT_ID"])

    monkeypatch.setattr(wiring, "verifier_of", note)
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", _runtime_library()[0])
    handler = build_handler({**ENVIRONMENT, "AWS_LAMBDA_INITIALIZATION_TYPE": kind})
    handler._store.rest(Deadline.after_ms(5000))
    assert [patience] == allowed


@pytest.mark.parametrize("kind", ["on-demand", "provisioned-concurrency", ""])
def test_other_environments_have_no_hooks(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no snapshot is taken the runtime's library need not even be there."""
    library, registered = _runtime_library()
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", library)
    handler = build_handler({**ENVIRONMENT, "AWS_LAMBDA_INITIALIZATION_TYPE": kind})
    assert [] == registered
    handler._store.rest(Deadline.after_ms(5000))
