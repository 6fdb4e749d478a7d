"""Services with one fault: with some users, under many calls, or in what they disclose."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from claimsctl.entra.callout import SCENARIOS

from tests.endpoints import JSON
from tests.judge.answers import body_with_claims
from tests.simulated_services.server import Connection, Reply, Request, Respond, http, raw
from tests.simulated_services.simulated_service import (
    GENEROUS_MS,
    Service,
    careful,
    guarded,
    protected,
    routed,
)

_CONTRACT = ", ".join(f"CON{number:03} fail" for number in range(1, 10))
_NOBODY = Reply(404, b'{"error": "no such user"}')
_KNOWN = {each.data.authentication_context.user.id for name, each in SCENARIOS.items()
          if name != "minimal"}  # fmt: skip
_SHORT_MS = 1000
_NO_USER = "ROB004 warn"
"""What reads the user fails over a callout that has none."""


def _service(name: str, found: str, code: int | None, respond: Respond, **rest: int) -> Service:
    return Service(name=name, found=found, code=code, behaviour=guarded(respond), **rest)  # type: ignore[arg-type]


def _fragile(name: str, read: Callable[[Request], Any], *ids: str) -> Service:
    """A service that crashes where `read` does."""

    def respond(request: Request) -> Reply:
        try:
            read(request)
        except (KeyError, TypeError, AttributeError, ValueError):
            return Reply(500, b'{"error": "internal"}')
        return Reply()

    found = ", ".join(id_ if id_.startswith("ROB") else f"CON{id_} fail" for id_ in ids)
    return _service(name, f"{found}, RSP001 fail", 1003002, respond)


def _context(request: Request) -> Any:
    return request.document()["data"]["authenticationContext"]


def _one_of(value: str, *known: str) -> None:
    if value not in known:
        raise ValueError


def _without_extras(request: Request) -> None:
    if "notYetDocumented" in request.document():
        raise ValueError


def _for_nobody(reply: Reply) -> Respond:
    def respond(request: Request) -> Reply:
        user = request.document()["data"]["authenticationContext"].get("user", {})
        return Reply() if user.get("id") in _KNOWN else reply

    return respond


def _refuses_without_user(request: Request) -> Reply:
    has_user = "user" in _context(request)
    return Reply() if has_user else Reply(400, b'{"code": "field-missing"}')


_USERS = [
    _service("refuses a callout without a user", "", None, _refuses_without_user),
    _fragile("needs mail", lambda r: r.user["mail"].lower(), "002", "006", "008",
             _NO_USER),
    _fragile("needs userPrincipalName", lambda r: r.user["userPrincipalName"].lower(),
             "003", "006", "008", _NO_USER),
    _fragile("needs client", lambda r: _context(r)["client"]["ip"], "006", "008"),
    _fragile("takes no null for client", lambda r: _context(r).get("client", {}).get("ip"), "008"),
    _fragile("forbids unknown fields", _without_extras, "007"),
    _fragile("knows OAuth only", lambda r: _one_of(_context(r).get("protocol", "OAUTH2.0") or "",
             "OAUTH2.0", ""), "005"),
    _fragile("knows members only", lambda r: _one_of(r.user.get("userType") or "Member", "Member"),
             "004", _NO_USER),
    _fragile("writes Latin-1", lambda r: (r.user.get("displayName") or "").encode("latin-1"),
             "009", _NO_USER),
    _service("404 for a user it does not know", "CON006 fail, RSP001 fail", 1003002,
             _for_nobody(_NOBODY)),
    _service("404 for each user", f"{_CONTRACT}, RSP001 fail", 1003002, lambda _: _NOBODY),
    _service("claims null for a user it does not know",
             f"CON006 fail, RSP008 fail, {_NO_USER}", 1003007,
             _for_nobody(Reply(body=body_with_claims(None)))),
    _service("no claims for a user it does not know", "", None,
             _for_nobody(Reply(body=body_with_claims({})))),
]  # fmt: skip


def _any_method(request: Request) -> Reply:
    return Reply() if request.method == "GET" else protected(careful(lambda _: Reply()))(request)


def _crash_on_get(request: Request) -> Reply:
    return Reply(500, b"{}") if request.method == "GET" else _any_method(request)


def _reads(request: Request, problem: Reply, *, sizes: bool = True, types: bool = True) -> Reply:
    if sizes and len(request.body) > 65536:
        return Reply(413, b"{}")
    if types and request.headers.get("content-type") != "application/json":
        return Reply(415, b"{}")
    try:
        request.document()
    except ValueError:
        return problem
    return Reply()


def _open(name: str, found: str, respond: Respond) -> Service:
    return Service(name=name, found=found, behaviour=routed(protected(respond)))


def _closes_on_large(connection: Connection) -> None:
    connection.sock.settimeout(5)
    head = connection.sock.recv(65536, 2)  # MSG_PEEK
    if b"content-length: 26" in head.lower():
        connection.reset()
        return
    connection.send(raw(_guarded_reply(connection.request())))


def _crashes_on_half(connection: Connection) -> None:
    request = connection.request()
    reply = _guarded_reply(request)
    if reply.status != 400:
        connection.send(raw(reply))


def _guarded_reply(request: Request) -> Reply:
    if request.method != "POST":
        return Reply(405, b"{}")
    return protected(careful(lambda _: Reply()))(request)


_ODD = [
    _open("claims for half a callout", "ROB001 fail, ROB002 warn, ROB003 warn", lambda _: Reply()),
    _open("crashes on half a callout", "ROB001 warn", lambda r: _reads(r, Reply(500, b"{}"))),
    _open("takes any content type", "ROB002 warn",
          lambda r: _reads(r, Reply(400, b"{}"), types=False)),
    _open("has no limit", "ROB003 warn", lambda r: _reads(r, Reply(400, b"{}"), sizes=False)),
    Service(name="closes on a large body", behaviour=_closes_on_large),
    Service(name="crashes without a word on half a callout", found="ROB001 warn",
            behaviour=_crashes_on_half),
    Service(name="claims for a GET", found="HTTP004 warn", behaviour=http(_any_method)),
    Service(name="crashes on a GET", found="HTTP004 warn", behaviour=http(_crash_on_get)),
]  # fmt: skip


@dataclass(slots=True)
class _Counting:
    """Answers some callouts late: after the first come nine scenarios, ten warm, sixteen more."""

    seconds: dict[int, float]
    number: int = -1
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Reply:
        with self.lock:
            self.number += 1
            return Reply(seconds=self.seconds.get(self.number, 0.0))


@dataclass(slots=True)
class _Narrow:
    """One request at a time: quick when alone, slow when another one waits."""

    waiting: int = 0
    inside: threading.Lock = field(default_factory=threading.Lock)
    count: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Reply:
        with self.count:
            self.waiting += 1
        with self.inside:
            time.sleep(0.02 if self.waiting == 1 else 0.13)
        with self.count:
            self.waiting -= 1
        return Reply()


@dataclass(slots=True)
class _Busy:
    """Refuses a request that comes during another one."""

    inside: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Reply:
        if not self.inside.acquire(blocking=False):
            return Reply(503, b'{"error": "busy"}')
        time.sleep(0.03)
        self.inside.release()
        return Reply()


@dataclass(slots=True)
class _Failing:
    """Fails once, at the call of that number."""

    at: int
    number: int = -1
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Reply:
        with self.lock:
            self.number += 1
            return Reply(503, b"{}") if self.number == self.at else Reply()


@dataclass(slots=True)
class _Changing:
    """Another answer each time."""

    number: int = 0

    def __call__(self, request: Request) -> Reply:
        self.number += 1
        return Reply(body=body_with_claims({"visits": str(self.number)}))


@dataclass(slots=True)
class _Shuffling:
    """The same values, each time in another order."""

    number: int = 0

    def __call__(self, request: Request) -> Reply:
        self.number += 1
        roles = ["Reader", "Writer"]
        return Reply(body=body_with_claims({"roles": roles[:: (-1) ** self.number]}))


_WARM, _AT_ONCE, _AGAIN = 15, 30, 37
_TIGHT = 0.82 * GENEROUS_MS / 1000


_LOAD = [
    _service("a cold start, too slow", "HTTP001 warn, LAT001 fail", 1003005, _Counting({0: 1.2}),
          wait_ms=_SHORT_MS),
    _service("a cold start, saved by the retry", "HTTP001 warn, LAT001 warn", None,
          _Counting({0: 1.2}), wait_ms=_SHORT_MS, retries=1),
    _service("one of ten late", "LAT002 fail", 1003005, _Counting({_WARM: 1.2}), wait_ms=_SHORT_MS),
    _service("one of ten late, with a retry", "LAT002 warn", None, _Counting({_WARM: 1.2}),
          wait_ms=_SHORT_MS, retries=1),
    _service("near the wait", "LAT001 warn, LAT002 warn, LAT003 warn", None,
          _Counting({0: _TIGHT, _WARM: _TIGHT, _AT_ONCE: _TIGHT})),
    _service("one at a time", "LAT003 fail", 1003005, _Narrow(),
          wait_ms=_SHORT_MS),
    _service("sends away under load", "LAT003 fail", 1003002, _Busy()),
    _service("another answer each time", "IDM001 warn", None, _Changing()),
    _service("fails the second time", "IDM001 warn", None, _Failing(_AGAIN)),
    _service("fails once among many", "LAT002 fail", 1003002, _Failing(_WARM)),
    _service("another order each time", "", None, _Shuffling()),
]  # fmt: skip
_TRACE = "Traceback (most recent call last):\n  File \"app.py\", line 3, in f\nKeyError: 'mail'"
_NODE = json.dumps({"error": "x", "stack": "Error: x\n    at handle (/app/index.js:3:9)"})
_NET = "System.NullReferenceException: Object reference not set\n   at Claims.Run(HttpRequest r)"
_AWS = json.dumps({"detail": "An error occurred (AccessDeniedException) when calling the GetItem"})


def _leaking(name: str, body: str) -> Service:
    problem = Reply(400, body.encode(), {"content-type": "text/plain"})
    return _open(name, "HYG001 warn", lambda request: _reads(request, problem))


def _headed(name: str, found: str, **headers: str) -> Service:
    shown = {**JSON, **{key.replace("_", "-"): value for key, value in headers.items()}}
    return _service(name, found, None, lambda _: Reply(headers=shown))


_DISCLOSING = [
    _leaking("a Python traceback", _TRACE),
    _leaking("a stack within JSON", _NODE),
    _leaking("a .NET exception", _NET),
    _leaking("an SDK's error", _AWS),
    _headed("x-powered-by", "HYG002 warn", x_powered_by="Express"),
    _headed("a server's version", "HYG002 warn", server="nginx/1.18.0 (Ubuntu)"),
    _headed("ASP.NET's version", "HYG002 warn", x_aspnet_version="4.0.30319"),
    _service(
        "claims that name a proxy",
        "",
        None,
        lambda _: Reply(
            body=body_with_claims(
                {
                    "team": "Microsoft dev tunnels",
                    "tools": ["ERR_NGROK_3200", "no healthy upstream"],
                }
            )
        ),
    ),
    _headed("a server's name", "", server="Kestrel"),
    _headed("a platform's version", "", server="awselb/2.0"),
]
SERVICES = [*_USERS, *_ODD, *_LOAD, *_DISCLOSING]
