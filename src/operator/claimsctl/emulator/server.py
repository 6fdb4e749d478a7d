"""The local HTTP API: one route in front of the function, as template.yaml's gateway has it.

A model of the gateway's JWT authorizer stands in front of the route. The tokens that it lets
through are signed by a local issuer, whose keys are published beside it. Loopback only.
"""

import signal
import socket
import sys
import threading
import time
from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from claims_provider.settings import CallerVerification, Settings
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from claimsctl.emulator.authorizer import JwtAuthorizer
from claimsctl.emulator.events import CALLOUT_PATH, http_api_event
from claimsctl.emulator.function import LocalFunction
from claimsctl.emulator.issuer import Issuer
from claimsctl.emulator.refusal import BODY, Refusal
from claimsctl.entra.token_claims import TokenVersion
from claimsctl.errors import OperatorError

HOST = "127.0.0.1"
_START_SECONDS = 10
_GRACE_SECONDS = 2
_PAYLOAD_BYTES_MAX = 10 * 1024 * 1024
"""Largest request an HTTP API takes; API Gateway's quotas."""

Endpoint = Callable[[Request], Awaitable[Response]]


def build_app(function: LocalFunction, issuer: Issuer) -> Starlette:
    """The gateway's one route with its authorizer, and beside it what `issuer` publishes."""
    app = Starlette(
        routes=[
            Route(CALLOUT_PATH, _callout_endpoint(function, issuer), methods=["POST"]),
            *_issuer_routes(issuer),
        ],
        exception_handlers={404: _not_found, 405: _not_found, OperatorError: _unavailable},
    )
    app.router.redirect_slashes = False
    return app


def _callout_endpoint(function: LocalFunction, issuer: Issuer) -> Endpoint:
    one_at_a_time = threading.Lock()  # as Lambda gives an environment one call at a time

    def invoke(event: dict[str, Any]) -> dict[str, Any]:
        with one_at_a_time:
            return function.invoke(event)

    authorizer = _authorizer(function.settings, issuer)

    async def callout(request: Request) -> Response:
        now = time.time()
        claims = None
        if authorizer is not None:
            # The gateway joins headers of one name, so that a second token spoils the first.
            sent = ",".join(request.headers.getlist("authorization"))
            verdict = authorizer.authorize(sent, now)
            if isinstance(verdict, Refusal):
                sys.stderr.write(verdict.log_line(now) + "\n")
                return JSONResponse(BODY, 401, {"www-authenticate": verdict.challenge})
            claims = verdict
        try:
            body = await request.body()
        except (ClientDisconnect, CancelledError):  # the caller has gone, or we are ending
            return Response()
        if len(body) > _PAYLOAD_BYTES_MAX:
            return JSONResponse({"message": "Request Entity Too Large"}, 413)
        event = http_api_event(
            body,
            {name: ",".join(request.headers.getlist(name)) for name in request.headers},
            authorizer_claims=claims,
            received_at_ms=int(now * 1000),
        )
        answer = await run_in_threadpool(invoke, event)
        return Response(answer["body"], answer["statusCode"], answer["headers"])

    return callout


def _authorizer(settings: Settings, issuer: Issuer) -> JwtAuthorizer | None:
    """As template.yaml has it: configured like the function, and on the route in one mode only."""
    if settings.caller_verification is not CallerVerification.GATEWAY:
        return None
    (expected,) = settings.token_issuer
    return JwtAuthorizer(expected, frozenset(settings.token_audiences), issuer.key_set)


def _issuer_routes(issuer: Issuer) -> Iterator[Route]:
    for version in TokenVersion:

        async def discovery(request: Request, version: TokenVersion = version) -> Response:
            host, port = request.scope["server"]  # not the caller's Host header
            return JSONResponse(issuer.discovery(version, f"http://{host}:{port}"))

        async def keys(_: Request) -> Response:
            return JSONResponse(issuer.key_set())

        yield Route(issuer.discovery_path(version), discovery)
        yield Route(issuer.keys_path(version), keys)


async def _not_found(_: Request, __: Exception) -> Response:
    """Like the gateway's answer to any other route or method."""
    return JSONResponse({"message": "Not Found"}, 404)


async def _unavailable(_: Request, error: Exception) -> Response:
    """The issuer's key cannot be had: its keys cannot be published."""
    sys.stderr.write(f"claimsctl: {error}\n")
    return JSONResponse({"message": "Service Unavailable"}, 503)


def bind(port: int, option: str = "--port") -> socket.socket:
    """A socket on `port` of the loopback interface; `option` is what chooses another one.

    Raises `OperatorError` when it is taken.
    """
    # By its protocol's name: else asyncio leaves Nagle's algorithm on, and a callout takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        message = f"port {port} cannot be used: {error.strerror}; choose another with {option}"
        raise OperatorError(message) from None
    return listener


def serve_forever(function: LocalFunction, issuer: Issuer, listener: socket.socket) -> None:
    """Serve on `listener` until interrupted or told to end."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does, cleanly
    config = uvicorn.Config(
        build_app(function, issuer), log_level="warning", timeout_graceful_shutdown=_GRACE_SECONDS
    )
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def served(function: LocalFunction, issuer: Issuer) -> Iterator[str]:
    """The callout's URL, served in a thread for as long as the context lasts."""
    config = uvicorn.Config(build_app(function, issuer), host=HOST, port=0, log_level="warning")
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
