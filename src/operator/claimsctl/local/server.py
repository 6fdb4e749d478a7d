"""The local HTTP API: one route in front of the function, as template.yaml's gateway has it.

No token is checked: whoever reaches this port is taken for Entra, so it listens on loopback only.
"""

import signal
import socket
import threading
import time
from asyncio import CancelledError
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from claimsctl.entra.token_claims import authorizer_claims
from claimsctl.errors import OperatorError
from claimsctl.local.function import LocalFunction
from claimsctl.local.gateway import CALLOUT_PATH, http_api_event

HOST = "127.0.0.1"
_START_SECONDS = 10
_GRACE_SECONDS = 2
_PAYLOAD_BYTES_MAX = 10 * 1024 * 1024
"""Largest request an HTTP API takes; API Gateway's quotas."""


def build_app(function: LocalFunction) -> Starlette:
    """The gateway's one route. Lambda gives an environment one call at a time, and so does this."""
    one_at_a_time = threading.Lock()

    def invoke(event: dict[str, Any]) -> dict[str, Any]:
        with one_at_a_time:
            return function.invoke(event)

    async def callout(request: Request) -> Response:
        received_at_ms = time.time_ns() // 1_000_000
        try:
            body = await request.body()
        except (ClientDisconnect, CancelledError):  # the caller has gone, or we are ending
            return Response()
        if len(body) > _PAYLOAD_BYTES_MAX:
            return JSONResponse({"message": "Request Entity Too Large"}, 413)
        event = http_api_event(
            body,
            dict(request.headers),
            authorizer_claims=authorizer_claims(function.tenant_id),
            received_at_ms=received_at_ms,
        )
        answer = await run_in_threadpool(invoke, event)
        return Response(answer["body"], answer["statusCode"], answer["headers"])

    # Like the gateway, which answers {"message":"Not Found"} to any other route or method.
    async def not_found(_: Request, __: Exception) -> Response:
        return JSONResponse({"message": "Not Found"}, 404)

    app = Starlette(
        routes=[Route(CALLOUT_PATH, callout, methods=["POST"])],
        exception_handlers={404: not_found, 405: not_found},
    )
    app.router.redirect_slashes = False
    return app


def bind(port: int) -> socket.socket:
    """A socket on `port` of the loopback interface. Raises `OperatorError` when it is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        message = f"port {port} cannot be used: {error.strerror}; choose another with --port"
        raise OperatorError(message) from None
    return listener


def serve_forever(function: LocalFunction, listener: socket.socket) -> None:
    """Serve on `listener` until interrupted or told to end."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does, cleanly
    config = uvicorn.Config(
        build_app(function), log_level="warning", timeout_graceful_shutdown=_GRACE_SECONDS
    )
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def served(function: LocalFunction) -> Iterator[str]:
    """The callout's URL, served in a thread for as long as the context lasts."""
    config = uvicorn.Config(build_app(function), host=HOST, port=0, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    give_up_at = time.monotonic() + _START_SECONDS
    while not server.started and time.monotonic() < give_up_at:
        time.sleep(0.01)
    if not server.started:
        message = f"the local HTTP API did not start within {_START_SECONDS} s"
        raise OperatorError(message)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://{HOST}:{port}{CALLOUT_PATH}"
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)
