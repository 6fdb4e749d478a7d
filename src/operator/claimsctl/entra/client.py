"""Make callouts as Entra does: one attempt, a callout with retries, or several for timing."""

import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any, Final

import httpcore2
import httpx2

from claimsctl.entra.http_backend import NameUnknownError, TimedNetwork, TlsError
from claimsctl.entra.network import Stopwatch, public_trust
from claimsctl.judge.attempt import Answer, Attempt, Cause, NoAnswer, Phase
from claimsctl.judge.body import BODY_BYTES_MAX
from claimsctl.judge.finding import Verdict
from claimsctl.judge.judge import judge_attempt

_TOO_LARGE: Final = f"the body is larger than {BODY_BYTES_MAX} bytes; the rest was not read"
_SERVER_ERROR: Final = 500
_COLD_RATIO: Final = 3.0
_COLD_MS: Final = 100.0


@dataclass(frozen=True, slots=True)
class CalloutResult:
    """The attempts at one callout, and the verdict on the last."""

    attempts: tuple[Attempt, ...]
    verdict: Verdict

    @property
    def last(self) -> Attempt:
        """The attempt that counts."""
        return self.attempts[-1]


@dataclass(frozen=True, slots=True)
class CalloutTimes:
    """The durations of several consecutive callouts, and how many Entra would accept."""

    milliseconds: tuple[float, ...]
    accepted: int

    def percentile(self, share: int) -> float:
        """Return the time within which `share` percent of the callouts ended."""
        if len(self.milliseconds) == 1:
            return self.milliseconds[0]
        return quantiles(self.milliseconds, n=100, method="inclusive")[share - 1]

    @property
    def began_cold(self) -> bool:
        """Return whether the first callout seems to include a cold start."""
        first, *others = self.milliseconds
        return bool(others) and first > max(_COLD_RATIO * median(others), _COLD_MS)


def make_callout(
    url: str,
    body: Mapping[str, Any] | bytes,
    headers: Mapping[str, str],
    wait_ms: int,
    retries: int = 0,
    trust: ssl.SSLContext | None = None,
) -> CalloutResult:
    """Make a callout, and retry it up to `retries` times after no answer or a 5xx.

    The documentation says that Entra retries, but not in which cases; this is our reading.
    """
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    attempts: list[Attempt] = []
    while True:
        attempts.append(send_callout(url, sent, headers, wait_ms, trust))
        if len(attempts) > retries or not _is_retried(attempts[-1]):
            return CalloutResult(tuple(attempts), judge_attempt(attempts[-1], wait_ms))


def times_of(results: Sequence[CalloutResult]) -> CalloutTimes:
    """Return the times and verdicts of several callouts; a callout's time covers all attempts."""
    times = tuple(sum(attempt.elapsed_ms for attempt in result.attempts) for result in results)
    return CalloutTimes(times, sum(result.verdict.accepted for result in results))


def send_callout(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    wait_ms: float,
    trust: ssl.SSLContext | None = None,
    method: str = "POST",
) -> Attempt:
    """POST `body` to `url` on a new connection, and wait `wait_ms` for the whole answer.

    Never raises for a failure of the endpoint or the network; the attempt contains it. Entra sends
    POST only; other methods show what listens there.
    """
    trust = trust or public_trust()  # takes 20 ms that do not count against the endpoint
    watch = Stopwatch(wait_ms)
    address = tls_version = http_version = None
    answer: Answer | None = None
    no_answer: NoAnswer | None = None
    network = TimedNetwork(watch)
    pool = httpcore2.ConnectionPool(ssl_context=trust, network_backend=network)
    try:
        with (
            pool,
            pool.stream(
                method,
                _target(url),
                headers=[(name.encode(), value.encode()) for name, value in headers.items()],
                content=body,
            ) as response,
        ):
            stream = response.extensions["network_stream"]
            address = stream.get_extra_info("server_addr")[0]
            tls_version = stream.get_extra_info("tls_version")
            http_version = response.extensions["http_version"].decode("ascii")
            content = _read(response, watch)
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException) as error:
        detail = str(error) or "no answer in time"
        if network.has_ended and watch.phase is Phase.BODY and http_version is None:
            detail = "Server disconnected within the response head."
        no_answer = NoAnswer(_cause(error, network), watch.phase, detail)
    except _TooLargeError:
        no_answer = NoAnswer(Cause.TOO_LARGE, watch.phase, _TOO_LARGE)
    else:
        answer = Answer(
            status=response.status,
            headers=tuple((_text(name), _text(value)) for name, value in response.headers),
            body=content,
            elapsed_ms=watch.elapsed_ms(),
        )
    watch.stop()
    return Attempt(
        timings=watch.timings,
        elapsed_ms=watch.elapsed_ms(),
        answer=answer,
        no_answer=no_answer,
        address=address,
        http_version=http_version,
        tls_version=tls_version,
    )


def _is_retried(attempt: Attempt) -> bool:
    if attempt.answer is not None:
        return attempt.answer.status >= _SERVER_ERROR
    assert attempt.no_answer is not None, "an attempt ends in one of the two"  # noqa: S101
    return attempt.no_answer.cause is not Cause.TOO_LARGE


class _TooLargeError(Exception):
    pass


def _target(url: str) -> httpcore2.URL:
    parsed = httpx2.URL(url)  # names in other scripts, characters that a path cannot have
    return httpcore2.URL(
        scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port, target=parsed.raw_path
    )


def _read(response: httpcore2.Response, watch: Stopwatch) -> bytes:
    content = bytearray()
    for part in response.iter_stream():
        content += part
        if len(content) > BODY_BYTES_MAX:
            raise _TooLargeError
        if watch.is_over():  # thousands of tiny parts may come in one read
            raise httpcore2.ReadTimeout
    return bytes(content)


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")  # as HTTP reads the bytes of a header


def _cause(error: Exception, network: TimedNetwork) -> Cause:
    match error:
        case NameUnknownError():
            return Cause.NAME
        case TlsError():
            return Cause.TLS
        case httpcore2.TimeoutException():
            return Cause.TIMEOUT
        case httpcore2.ConnectError():
            return Cause.CONNECT
        case httpcore2.ProtocolError() if not network.has_ended:
            return Cause.PROTOCOL
        case _:
            return Cause.CLOSED
