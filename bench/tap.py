"""Measure what ``claimsctl tap`` adds: the same callouts without it and through it, in turn.

Prints medians and 99th percentiles in microseconds, on a kept and on a new connection: direct,
through a forwarder that only copies bytes (the minimum that any proxy adds; on a busy machine, the
scheduler determines the tail), and through tap. The service answers immediately, so that nothing
hides the difference; the list, the judge and the page run as usual. There are at most 100 exchanges
a second, twice Entra's limit for a tenant.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_BODY = (_ROOT / "events/callout/member.json").read_bytes()
_REQUEST = (
    b"POST /callout HTTP/1.1\r\nHost: tunnel.example\r\nContent-Type: application/json\r\n"
    b"Authorization: Bearer " + b"x" * 1200 + b"\r\nContent-Length: %d\r\n\r\n" % len(_BODY)
) + _BODY
_PAUSE_SECONDS = 0.01
_TURN = 50
"""Exchanges one way before it is another's turn."""


def _exchange(connection: socket.socket) -> None:
    connection.sendall(_REQUEST)
    received = b""
    while not received.endswith(b"]}}"):
        part = connection.recv(65536)
        assert part, "the answer was cut off"
        received += part


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _kept(port: int) -> list[float]:
    with closing(_connect(port)) as connection:
        _exchange(connection)
        return [_microseconds(lambda: _exchange(connection)) for _ in range(_TURN)]


def _new(port: int) -> list[float]:
    def once() -> None:
        with closing(_connect(port)) as connection:
            _exchange(connection)

    return [_microseconds(once) for _ in range(_TURN)]


def _microseconds(action: Callable[[], None]) -> float:
    time.sleep(_PAUSE_SECONDS)
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1e6


@contextmanager
def _script(name: str, *arguments: str) -> Iterator[int]:
    command = [sys.executable, str(_ROOT / "bench" / name), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


@contextmanager
def _tap(service: int) -> Iterator[int]:
    port, page_port = (_free_port() for _ in range(2))
    command = [
        Path(sys.executable).with_name("claimsctl"), "tap",
        "--upstream", f"http://127.0.0.1:{service}",
        "--port", str(port), "--page-port", str(page_port),
    ]  # fmt: skip
    with (
        tempfile.TemporaryFile() as listed,
        subprocess.Popen(
            command, stdout=listed, stderr=subprocess.PIPE, env=os.environ | {"NO_COLOR": "1"}
        ) as tap,
    ):
        assert tap.stderr is not None
        while not tap.stderr.readline().startswith(b"Secrets"):
            assert tap.poll() is None, "the tap has ended"
        yield port
        tap.terminate()
        sys.stdout.write(f"the tap's own count: {tap.stderr.read().decode().splitlines()[-1]}\n")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    count = parser.parse_args().count
    with ExitStack() as stack:
        service = stack.enter_context(_script("instant_service.py"))
        ways = {
            "direct": service,
            "copied": stack.enter_context(_script("byte_copier.py", str(service))),
            "tap": stack.enter_context(_tap(service)),
        }
        for name, way in {"kept connection": _kept, "new connection": _new}.items():
            times: dict[str, list[float]] = {way: [] for way in ways}
            for _ in range(count // _TURN):
                for via, port in ways.items():
                    times[via] += way(port)
            sys.stdout.write(f"{name}, {len(times['tap'])} exchanges each way, median / p99 in µs:")
            for via, taken in times.items():
                tail = statistics.quantiles(taken, n=100)[98]
                sys.stdout.write(f"  {via} {statistics.median(taken):.0f} / {tail:.0f}")
            sys.stdout.write("\n")


if __name__ == "__main__":
    main()
