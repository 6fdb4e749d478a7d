"""Serve the page on its own loopback port, for a browser on this machine only.

The URL contains a secret. Host and Origin are checked, so that another site cannot reach the page
through a name that resolves to this machine. The page loads nothing from other hosts.
"""

import asyncio
import json
import secrets
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from claimsctl.emulator.loopback import HOST
from claimsctl.errors import OperatorError
from claimsctl.tap.exchanges import History, ShownExchange, encode, exchange_document
from claimsctl.tap.page.view import details, row
from claimsctl.tap.upstream import Upstream

_FILES: Final = {
    "": ("index.html", "text/html; charset=utf-8"),
    "style.css": ("style.css", "text/css; charset=utf-8"),
    "script.js": ("script.js", "text/javascript; charset=utf-8"),
}
_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
_POLL_SECONDS: Final = 0.1
"""How often the history is checked for changes."""
_START_SECONDS: Final = 10.0

Show = Callable[[ShownExchange], Response]


class Page:
    """The page's content and URL."""

    def __init__(self, history: History, upstream: Upstream, wait_ms: int, port: int) -> None:
        self._history, self._upstream, self._wait_ms = history, upstream, wait_ms
        self._hosts = {f"{HOST}:{port}", f"localhost:{port}"}
        self._path = f"/{secrets.token_urlsafe(16)}/"
        self.url = f"http://{HOST}:{port}{self._path}"
        self.closing = False

    def app(self) -> Starlette:
        """Return the page, its list, details and downloads."""
        number = self._path + "exchanges/{number:int}"
        return Starlette(
            routes=[
                *(Route(self._path + name, self._file(*file)) for name, file in _FILES.items()),
                Route(self._path + "events", self._guarded(self._events)),
                Route(number, self._one(self._details)),
                Route(number + "/exchange.json", self._one(self._exchange)),
                Route(number + "/callout.json", self._one(self._callout)),
            ]
        )

    def _guarded(
        self, handler: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            origin = request.headers.get("origin")
            foreign = origin is not None and origin.removeprefix("http://") not in self._hosts
            if request.headers.get("host") not in self._hosts or foreign:
                return Response("only this machine may open this page", 403, _HEADERS)
            response = await handler(request)
            response.headers.update(_HEADERS)
            return response

        return guarded

    def _file(self, name: str, media_type: str) -> Callable[[Request], Awaitable[Response]]:
        content = (files("claimsctl.tap.page") / name).read_bytes()

        async def file(_: Request) -> Response:
            return Response(content, media_type=media_type)

        return self._guarded(file)

    def _one(self, show: Show) -> Callable[[Request], Awaitable[Response]]:
        async def one(request: Request) -> Response:
            shown = self._history.find(request.path_params["number"])
            if shown is None:
                return JSONResponse({"message": "no longer kept"}, 404)
            return show(shown)

        return self._guarded(one)

    async def _events(self, _: Request) -> Response:
        return StreamingResponse(self._news(), media_type="text/event-stream")

    async def _news(self) -> AsyncIterator[str]:
        """Yield the whole list first, then rows as they arrive."""
        version = -1
        while not self.closing:
            now, new = self._history.since(version)
            if now != version:
                counts = {outcome.value: n for outcome, n in self._history.counts().items()}
                news = {
                    "rows": [row(shown) for shown in new],
                    "counts": counts,
                    "dropped": self._history.dropped,
                    "upstream": self._upstream.origin,
                }
                yield f"data: {json.dumps(news)}\n\n"
                version = now
            await asyncio.sleep(_POLL_SECONDS)

    def _details(self, shown: ShownExchange) -> Response:
        return JSONResponse(details(shown, self._upstream, self._wait_ms))

    def _exchange(self, shown: ShownExchange) -> Response:
        content = encode(exchange_document(shown, self._upstream))
        return _download(content, f"exchange-{shown.exchange.number}.json")

    def _callout(self, shown: ShownExchange) -> Response:
        content = bytes(shown.exchange.request.body)
        return _download(content, f"callout-{shown.exchange.number}.json")


def _download(content: bytes, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type="application/json")


@contextmanager
def served(page: Page, listener: socket.socket) -> Iterator[None]:
    """Serve `page` on `listener` in a thread while the context is active."""
    config = uvicorn.Config(page.app(), log_level="critical", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    give_up_at = time.monotonic() + _START_SECONDS
    while not server.started:
        if time.monotonic() > give_up_at or not thread.is_alive():
            message = f"the page did not start within {_START_SECONDS:.0f} s"
            raise OperatorError(message)
        time.sleep(0.01)
    try:
        yield
    finally:
        page.closing = True
        server.should_exit = True
        thread.join(_START_SECONDS)
