"""Wait for the test application's callout, and where to find it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from claimsctl.cli.console import stderr
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.signin.live import listed
from claimsctl.signin.verdicts import Stage, stage_of
from claimsctl.tenant.config import Config
from claimsctl.tenant.gate import Seen, newest_recorded, sign_in_url
from claimsctl.tenant.graph import Graph
from claimsctl.tenant.snapshot import Listener
from claimsctl.text import escaped

LOOK_BACK: Final = timedelta(hours=1)
"""A sign-in between two runs of the command counts, since the first run prints its URL."""
_POLL_SECONDS: Final = 15.0
_ANSWERED: Final = "answered"

Newest = Callable[[Listener, datetime], Seen | None]
"""The newest callout of the listener since a time."""


def canary_source(config: Config, graph: Graph, seen_in: Path | None) -> tuple[str, Newest]:
    """Return where to find the callout: in recordings, the stack's log or Entra's records."""
    stack, app_id = config.endpoint.stack, config.test.app_id
    if seen_in is not None:
        path = seen_in

        def recorded(listener: Listener, since: datetime) -> Seen | None:
            return newest_recorded(path, listener.extension_id, since)

        return f"recordings in {path}", recorded
    if stack is not None:
        name = stack
        return f"the log of stack {name}", lambda _, since: _in_log(name, since)
    return "Entra's sign-in records", lambda listener, since: _by_entra(
        graph, app_id, listener, since
    )


def wait_for_callout(
    config: Config, source: tuple[str, Newest], listener: Listener, began: datetime, minutes: int
) -> None:
    """Wait for the test application's callout. Raises `OperatorError` after `minutes` without one.

    A callout in the hour before `began` counts if it was accepted; a failed one does not end the
    wait.
    """
    where, newest = source
    url = sign_in_url(config)
    note = stderr()
    note.print(escaped(f"sign in to the test application: {url}"), markup=False)
    note.print(escaped(f"waiting for its callout in {where}"), markup=False)
    for poll in range(max(1, int(minutes * 60 / _POLL_SECONDS))):
        if poll:
            time.sleep(_POLL_SECONDS)
        seen = newest(listener, began - LOOK_BACK)
        if seen is not None and not seen.problem:
            return
        if seen is not None and seen.at >= began:
            message = (
                f"the test application's callout failed: {seen.problem}; the listener was not"
                " extended to other applications"
            )
            raise OperatorError(message, exit_code=ExitCode.PARTLY_DONE)
    message = (
        f"no callout of the test application in {where} within {minutes} minutes; sign in to"
        " it, and run the command again"
    )
    command = f"claimsctl entra signin --tenant {config.tenant.id}"
    record = f"to find the cause in Entra's sign-in records, run {command}"
    raise OperatorError(message, exit_code=ExitCode.PARTLY_DONE, lines=[url, record])


def _in_log(stack: str, since: datetime) -> Seen | None:
    # Imported here because boto3 is slow to import.
    from claimsctl.signin.cloudwatch import newest_of_entra  # noqa: PLC0415

    found = newest_of_entra(stack, since)
    if found is None:
        return None
    at, line = found
    problem = "" if line.outcome == _ANSWERED else f"{line.outcome} {line.reason}".strip()
    return Seen(at, problem)


def _by_entra(graph: Graph, app_id: str, listener: Listener, since: datetime) -> Seen | None:
    """Return the newest callout in Graph beta's sign-ins.

    They need a licence for Entra ID P1 or P2, and appear after some minutes.
    """
    newest: Seen | None = None
    for sign_in in listed(lambda path: graph.list(path, "beta"), "", since, app_id):
        for callout in sign_in.callouts:
            at, stage = _time(callout.at or sign_in.at), stage_of(sign_in, callout)
            if callout.listener_id != listener.id.lower() or stage is Stage.UNKNOWN:
                continue
            if newest is None or at >= newest.at:
                failed = f"{callout.code} after {callout.attempts} attempts"
                newest = Seen(at, "" if stage is Stage.ACCEPTED else failed)
    return newest


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return datetime.now(UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
