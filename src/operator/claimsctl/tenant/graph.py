"""A client for Microsoft Graph: pages, throttling, and errors with what to do."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx2

from claimsctl.entra.tokens import unverified_claims
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.tenant.chain import GRANTED_BY, Request

GRAPH: Final = "https://graph.microsoft.com"
ATTEMPTS_MAX: Final = 6
_WAIT_SECONDS_MAX: Final = 60.0
_TIMEOUT_SECONDS: Final = 30.0
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
_OK_MAX: Final = 299
_PAGES_MAX: Final = 1000
_HINTS: Final = {
    "HostNameNotOnVerifiedDomain": "the identifier URI must contain the application's id, or its"
    " host must be a verified domain; a tenant policy may forbid the URI",
}


class GraphError(OperatorError):
    """An error from Graph, with Graph's `code` and the HTTP `status`."""

    def __init__(self, message: str, status: int, code: str) -> None:
        super().__init__(message, exit_code=ExitCode.NOT_FINE)
        self.status = status
        self.code = code


class Graph:
    """A client with one token, which no message contains."""

    def __init__(
        self,
        token: str,
        base: str = GRAPH,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._token = token
        self._base = base.rstrip("/")
        self.sleep = sleep
        self._client = httpx2.Client(timeout=_TIMEOUT_SECONDS, transport=transport)

    def send(self, request: Request) -> dict[str, Any]:
        """Send a request and return the answer, which may be empty.

        Repeats the request after 429 and 5xx, and waits as ``Retry-After`` says. Raises
        `GraphError`.
        """
        url = f"{self._base}/{request.version}{request.path}"
        return self._send(request.method, url, request)

    def get(self, path: str, version: str = "v1.0") -> dict[str, Any]:
        """Return an object. Raises `GraphError`."""
        return self.send(Request("GET", path, version=version))

    def find(self, path: str, version: str = "v1.0") -> dict[str, Any] | None:
        """Return an object, or ``None`` if it does not exist."""
        try:
            return self.get(path, version)
        except GraphError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def list(self, path: str, version: str = "v1.0") -> Iterator[dict[str, Any]]:
        """Yield the objects of a collection from all pages."""
        url = f"{self._base}/{version}{path}"
        for _ in range(_PAGES_MAX):
            page = self._send("GET", url, Request("GET", path, version=version))
            yield from (one for one in page.get("value", ()) if isinstance(one, dict))
            following = page.get("@odata.nextLink")
            if not isinstance(following, str):
                return
            if not following.startswith(f"{self._base}/"):  # send the token to no other host
                message = f"GET {path}: Graph's next page is on another host; it was not read"
                raise OperatorError(message, exit_code=ExitCode.NOT_FINE)
            url = following

    def _send(self, method: str, url: str, request: Request) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}", **request.headers}
        content = None
        if request.body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(request.body).encode()
        what = f"{method} {request.path}"
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                answer = self._client.request(method, url, headers=headers, content=content)
            except httpx2.HTTPError as error:
                if attempt == ATTEMPTS_MAX or method == "POST":
                    # Graph may have executed a POST: the next run reads the result.
                    message = f"{what}: no answer from Graph ({type(error).__name__})"
                    raise OperatorError(message, exit_code=ExitCode.NOT_FINE) from None
                self.sleep(2.0**attempt)
                continue
            again = answer.status_code == _TOO_MANY or answer.status_code >= _SERVER_ERROR
            if not again or attempt == ATTEMPTS_MAX:
                break
            self.sleep(_retry_after(answer, attempt))
        return _document(answer, what)


def check_permissions(token: str, wanted: tuple[str, ...]) -> None:
    """Raise `OperatorError` with the permissions that the token lacks, and who can grant them.

    The token is not verified, since Graph does that: its ``roles`` (application permissions) and
    ``scp`` (delegated permissions) are read to report what is missing early.
    """
    claims = unverified_claims(token) or {}
    roles, scopes = claims.get("roles") or [], str(claims.get("scp") or "").split()
    held = {*(roles if isinstance(roles, list) else []), *scopes}
    held |= {name.replace("ReadWrite", "Read") for name in held}
    if missing := [name for name in wanted if name not in held]:
        who = claims.get("app_displayname") or claims.get("appid") or claims.get("azp") or "it"
        message = (
            f"the token of {who} lacks {len(missing)} of {len(wanted)} permissions on Microsoft"
            f" Graph; {GRANTED_BY} grants them: App registrations > API permissions > Add >"
            " Microsoft Graph, then Grant admin consent"
        )
        raise OperatorError(message, lines=missing)


def _retry_after(answer: httpx2.Response, attempt: int) -> float:
    given = answer.headers.get("retry-after", "")
    seconds = float(given) if given.isdecimal() else 2.0**attempt
    return min(seconds, _WAIT_SECONDS_MAX)


def _document(answer: httpx2.Response, what: str) -> dict[str, Any]:
    try:
        document = json.loads(answer.content) if answer.content else {}
    except (ValueError, RecursionError):
        document = {}
    document = document if isinstance(document, dict) else {}
    if answer.status_code <= _OK_MAX:
        return document
    found = document.get("error")
    error = found if isinstance(found, dict) else {}
    code, detail = str(error.get("code", "")), str(error.get("message", "no message"))
    message = f"{what}: Graph answered {answer.status_code} {code}: {detail}"
    if hint := next((hint for name, hint in _HINTS.items() if name in code + detail), ""):
        message += f"; {hint}"
    elif answer.status_code == _FORBIDDEN:
        message += f"; the token lacks a permission, which {GRANTED_BY} grants, or a role"
    raise GraphError(message, answer.status_code, code)
