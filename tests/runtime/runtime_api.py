"""Lambda's Runtime API for one environment under SnapStart, and the runtime's client before it.

No machine is frozen here: between the snapshot and its restore the process goes on living, and
tests change the world around it. What it does and asks in between is what it would on Lambda.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, Final
from uuid import uuid4

from tests.integration.engine import HOST
from tests.runtime.emulator import HANDLER, LOOPBACK_ONLY, end, runtime, variables_of

PATIENCE_SECONDS: Final = 60
_ROOT: Final = "/2018-06-01/runtime"
_ARN: Final = "arn:aws:lambda:us-east-1:123456789012:function:claims:live"


@dataclass(frozen=True, slots=True)
class Report:
    """The runtime client's messages, with their times (monotonic seconds)."""

    path: str
    body: Any
    error_type: str | None
    at: float


class RuntimeDied(Exception):  # noqa: N818  # says what happened
    """The environment reported an error instead of the expected result; Lambda would end it."""

    def __init__(self, report: Report | None, log: str) -> None:
        super().__init__(f"{report}\n{log[-4000:]}")
        self.report = report


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """The environment has ended; inform all waiting callers."""


class Environment:
    """One environment: made by a version's publication, restored once, then called."""

    def __init__(self, log: Path) -> None:
        self.process = 0
        """Its process's id, once it is started."""
        self._log = log
        self._reports: SimpleQueue[Report] = SimpleQueue()
        self._restored = Event()
        self._events: SimpleQueue[tuple[str, bytes]] = SimpleQueue()
        self.server = _Server((HOST, 0), self._handler())

    def wait_for_snapshot(self) -> Report:
        """Wait until Lambda could take the snapshot: the cold start and the first hook are over."""
        return self._await(f"{_ROOT}/restore/next")

    def wait_for_call(self) -> Report:
        """Wait until a function without a snapshot asks for its first call."""
        return self._await(f"{_ROOT}/invocation/next")

    def restore(self) -> Report:
        """Restore the snapshot, and wait until the runtime asks for a call: the hooks are over."""
        self._restored.set()
        return self.wait_for_call()

    def invoke(self, event: object) -> dict[str, Any]:
        """What the function returned."""
        request_id = str(uuid4())
        self._events.put((request_id, json.dumps(event).encode()))
        report = self._await(f"{_ROOT}/invocation/{request_id}/response")
        answer: dict[str, Any] = report.body
        self._await(f"{_ROOT}/invocation/next")
        return answer

    def logged(self, message: str) -> list[dict[str, Any]]:
        """The function's own lines of that message."""
        lines = [
            json.loads(line)
            for line in self._log.read_text().splitlines()
            if line.startswith('{"level"')
        ]
        return [line for line in lines if message == line["message"]]

    def _await(self, path: str) -> Report:
        try:
            report = self._reports.get(timeout=PATIENCE_SECONDS)
        except Empty:
            raise RuntimeDied(None, self._log.read_text()) from None
        if path != report.path:
            raise RuntimeDied(report, self._log.read_text())
        return report

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        environment = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                environment._reports.put(Report(self.path, None, None, time.monotonic()))
                match self.path.removeprefix(_ROOT):
                    case "/restore/next":
                        environment._restored.wait(PATIENCE_SECONDS)
                        self._answer(200, b"")
                    case "/invocation/next":
                        self._hand_over()
                    case _:
                        self._answer(404, b"")

            def do_POST(self) -> None:
                moment = time.monotonic()
                body = self.rfile.read(int(self.headers["content-length"]))
                kind = self.headers["Lambda-Runtime-Function-Error-Type"]
                self._answer(202, b"{}")
                environment._reports.put(Report(self.path, json.loads(body), kind, moment))

            def _hand_over(self) -> None:
                request_id, event = environment._events.get()
                deadline = int((time.time() + PATIENCE_SECONDS) * 1000)
                self._answer(
                    200,
                    event,
                    **{
                        "Lambda-Runtime-Aws-Request-Id": request_id,
                        "Lambda-Runtime-Deadline-Ms": str(deadline),
                        "Lambda-Runtime-Invoked-Function-Arn": _ARN,
                        "Content-Type": "application/json",
                    },
                )

            def _answer(self, status: int, body: bytes, **headers: str) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing: tests write no log."""

        return Handler


@contextmanager
def snapstart(
    artefact: Path, scratch: Path, handler: str = HANDLER, **variables: str
) -> Iterator[Environment]:
    """An environment for the function in `artefact`, starting, for as long as the context lasts.

    `scratch` is a folder of its own, on the function's path; `variables` what the template would
    set, and where Lambda has credentials.
    """
    (scratch / "sitecustomize.py").write_text(LOOPBACK_ONLY)
    log = scratch / "runtime.log"
    environment = Environment(log)
    server = environment.server
    serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(runtime()), "-m", "awslambdaric", handler],
            cwd=artefact,
            env={
                **variables_of(artefact, scratch),
                "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{server.server_address[1]}",
                "AWS_LAMBDA_FUNCTION_NAME": "claims",
                "AWS_LAMBDA_FUNCTION_VERSION": "1",
                "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
                **variables,
            },
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    environment.process = process.pid
    try:
        yield environment
    finally:
        end(process)
        environment._restored.set()
        environment._events.put(("", b"{}"))
        server.shutdown()
        serving.join()
        server.server_close()
