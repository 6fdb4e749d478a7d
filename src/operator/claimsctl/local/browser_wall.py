"""A server on loopback for this machine's programs, and for no web page that its browser shows.

A page of any site may send requests to loopback; what keeps it from reading the answers is that the
server says nothing of other origins, and moto's says that all may. A name of the page's own that
comes to stand for 127.0.0.1 makes it the same origin.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HOSTS = ("127.0.0.1", "localhost")
_OF_BROWSERS = ("HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE")


def for_programs_only(application: "WSGIApplication") -> "WSGIApplication":
    """`application`, which answers 403 to what a browser asks for, or somebody by another name."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        host = str(environ.get("HTTP_HOST", "")).partition(":")[0]
        if host in _HOSTS and not any(name in environ for name in _OF_BROWSERS):
            return application(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain")])
        return [b"for programs of this machine, not for web pages\n"]

    return answer
