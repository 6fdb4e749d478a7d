"""One HTTP exchange, as Entra makes it: a POST, no redirects. The only user of httpx2."""

import time
from collections.abc import Mapping

import httpx2

from claimsctl.entra.finding import Answer
from claimsctl.errors import ExitCode, OperatorError


def post_callout(url: str, body: bytes, headers: Mapping[str, str], wait_ms: int) -> Answer:
    """The answer of `url`, raw. Raises `OperatorError` when none comes within `wait_ms`."""
    started = time.monotonic()
    try:
        # trust_env off: a proxy of the environment is none of Entra's.
        with httpx2.Client(
            timeout=wait_ms / 1000, follow_redirects=False, trust_env=False
        ) as client:
            response = client.post(url, content=body, headers=dict(headers))
    except httpx2.TransportError as error:
        message = f"{url}: no answer within {wait_ms} ms ({type(error).__name__})"
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE) from None
    return Answer(
        status=response.status_code,
        headers=tuple(response.headers.multi_items()),
        body=response.content,
        elapsed_ms=(time.monotonic() - started) * 1000,
    )
