"""The local HTTP API: one route in front of the function, as template.yaml's gateway has it.

A model of the gateway's JWT authorizer checks each request to that route. Other routes publish a
local issuer's discovery documents and keys. The server listens on the loopback interface only.
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
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from claimsctl.emulator.authorizer import BODY, JwtAuthorizer, Refusal
from claimsctl.emulator.events import CALLOUT_PATH, http_api_event
from claimsctl.emulator.function import LocalFunction
from claimsctl.emulator.issuer import Issuer
from claimsctl.emulator.loopback import HOST, NAMES, web_page_reason
from claimsctl.entra.token_claims import TokenVersion
from claimsctl.errors import OperatorError

_START_SECONDS = 10
_GRACE_SECONDS = 2
_PAYLOAD_BYTES_MAX = 10 * 1024 * 1024
"""The largest request that an HTTP API accepts (API Gateway's quotas)."""

Endpoint = Callable[[Request], Awaitable[Response]]


def build_app(
    function: LocalFunction, authorizer: JwtAuthorizer | None, issuer: Issuer | None
) -> Starlette:
    """Return the gateway's route, checked by `authorizer`, and the routes that publish `issuer`."""
    app = Starlette(
        routes=[
            Route(CALLOUT_PATH, _callout_endpoint(function, authorizer), methods=["POST"]),
            *(_issuer_routes(issuer) if issuer else ()),
        ],
        exception_handlers={404: _not_found, 405: _not_found, OperatorError: _unavailable},
    )
    app.router.redirect_slashes = False
    return app


def _callout_endpoint(function: LocalFunction, authorizer: JwtAuthorizer | None) -> Endpoint:
    one_at_a_time = threading.Lock()  # Lambda sends an environment one call at a time

    def invoke(event: dict[str, Any]) -> dict[str, Any]:
        with one_at_a_time:
            return function.invoke(event)

    async def callout(request: Request) -> Response:
        now = time.time()
        claims = None
        if authorizer is not None:
            # The gateway joins headers with the same name, so a second token invalidates the first.
            sent = ",".join(request.headers.getlist("authorization"))
            decision = await run_in_threadpool(authorizer.authorize, sent)  # may fetch keys
            if isinstance(decision, Refusal):
                sys.stderr.write(decision.log_line(now) + "\n")
                return JSONResponse(BODY, 401, {"www-authenticate": decision.challenge})
            claims = decision
        try:
            body = await request.body()
        except (
            ClientDisconnect,
            CancelledError,
        ):  # the caller disconnected, or the server is stopping
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
    """Answer any other route or method as the gateway does."""
    return JSONResponse({"message": "Not Found"}, 404)


async def _unavailable(_: Request, error: Exception) -> Response:
    """Answer 503, because the issuer's key cannot be read."""
    sys.stderr.write(f"claimsctl: {error}\n")
    return JSONResponse({"message": "Service Unavailable"}, 503)


def for_servers_only(app: ASGIApp, hosts: frozenset[str]) -> ASGIApp:
    """Return `app` with requests from web pages refused: see `web_page_reason`.

    Host must be this machine or one of `hosts`.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope).items()
            if reason := web_page_reason(headers, hosts | NAMES):
                sys.stderr.write(f"claimsctl serve: refused a request: {reason}\n")
                detail = f"claimsctl serve: {reason}"
                body = {"status": 403, "title": "Forbidden", "detail": detail}
                refusal = JSONResponse(body, 403, media_type="application/problem+json")
                await refusal(scope, receive, send)
                return
        await app(scope, receive, send)

    return guarded


def serve_forever(app: ASGIApp, listener: socket.socket) -> None:
    """Serve `app` on `listener` until SIGINT or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stops cleanly, like Ctrl-C
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=_GRACE_SECONDS)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def served(function: LocalFunction, issuer: Issuer) -> Iterator[str]:
    """Serve the API in a thread while the context is active, and provide the callout's URL.

    `issuer` signs the accepted tokens. Raises `OperatorError` if the server does not start within
    `_START_SECONDS`.
    """
    app = build_app(function, issuer.authorizer(function.settings), issuer)
    config = uvicorn.Config(app, host=HOST, port=0, log_level="warning")
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
