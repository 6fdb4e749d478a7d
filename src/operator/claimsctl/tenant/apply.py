"""Carrying a plan out: read, compare, ask, change, wait until it is to be seen, go on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from claimsctl.errors import ExitCode, OperatorError
from claimsctl.tenant.chain import Request
from claimsctl.tenant.graph import Graph, GraphError
from claimsctl.tenant.snapshot import Snapshot
from claimsctl.tenant.step import Requests, Step

SETTLE_SECONDS: Final = 20.0
"""How long a new object may take until it can be read: 5 to 20 seconds have been reported."""
_POLL_SECONDS: Final = 2.0
_POLLS_MAX: Final = 60
_CONFLICT: Final = 409
_BAD_REQUEST: Final = 400
_NOT_FOUND: Final = 404
_ALREADY: Final = ("already exist", "already been assigned", "is already present")


@dataclass(frozen=True, slots=True)
class Driver:
    """How the tenant is read, and what the operator is asked and shown."""

    graph: Graph
    read: Callable[[], Snapshot]
    agree: Callable[[Step, Requests], bool]
    """Whether a step's requests may be sent; they have been shown to the operator."""
    report: Callable[[str], None]
    before_listener: Callable[[Step, Snapshot], None] = lambda _step, _tenant: None
    """Raises `OperatorError` when Entra must not call the endpoint for one more application yet."""


@dataclass(slots=True)
class Outcome:
    """What was done."""

    changed: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """What teardown leaves, and why."""


def apply_steps(steps: Sequence[Step], driver: Driver) -> Outcome:
    """Make `steps` hold, one by one. Raises `OperatorError` at the first that fails.

    Refusals of every step come first, so that nothing is half done which could be known before.
    """
    tenant = driver.read()
    outcome = Outcome()
    for step in steps:
        if (refusal := step.refusal(tenant)) is not None:
            raise refusal
    if any(not step.unique and step.wanted(tenant) for step in steps) and tenant.applications:
        # An earlier run may just have made what cannot be read yet: twice would be one too many.
        driver.report(f"waiting {SETTLE_SECONDS:.0f} s, in case an earlier run was cut off")
        driver.graph.sleep(SETTLE_SECONDS)
        tenant = driver.read()
    for step in steps:
        if text := step.by_hand(tenant):
            outcome.by_hand.append(f"{step.title}: {text}")
        if requests := step.wanted(tenant):
            tenant = _carry_out(step, requests, driver, outcome)
    return outcome


def undo_steps(steps: Sequence[Step], driver: Driver) -> Outcome:
    """Undo `steps` in reverse, as `apply_steps` makes them hold."""
    tenant = driver.read()
    outcome = Outcome()
    for step in reversed(steps):
        if left := step.left_in(tenant):
            outcome.kept.append(f"{step.title}: {left}")
        for request in step.undo(tenant):
            if not driver.agree(step, (request,)):
                raise _stopped(step, outcome, "not agreed")
            try:
                driver.graph.send(request)
            except GraphError as error:
                if error.status != _NOT_FOUND:
                    raise _stopped(step, outcome, str(error)) from None
            outcome.changed.append(step.key)
            driver.report(f"undone: {step.title}")
            tenant = _read_until(step, driver, step.undo)
    return outcome


def _carry_out(step: Step, requests: Requests, driver: Driver, outcome: Outcome) -> Snapshot:
    if step.switches_on:
        driver.before_listener(step, driver.read())
    if unknown := [name for request in requests for name in request.unknown]:
        raise _stopped(step, outcome, f"the tenant has no {', '.join(unknown)}")
    if not driver.agree(step, requests):
        raise _stopped(step, outcome, "not agreed")
    if step.settles_first:
        driver.report(f"waiting {SETTLE_SECONDS:.0f} s, until Entra uses what has changed")
        driver.graph.sleep(SETTLE_SECONDS)
    for request in requests:
        try:
            _send(request, driver)
        except OperatorError as error:
            raise _stopped(step, outcome, str(error)) from None
    outcome.changed.append(step.key)
    driver.report(f"done: {step.title}")
    tenant = _read_until(step, driver, step.wanted)
    if step.wanted(tenant):
        reason = "done, but still not to be read; Graph has not replicated it yet"
        raise _stopped(step, outcome, reason)
    return tenant


def _send(request: Request, driver: Driver) -> None:
    """Send, and again while what the request refers to has not been replicated."""
    for attempt in range(_POLLS_MAX):
        try:
            driver.graph.send(request)
        except GraphError as error:
            text = str(error).lower()
            if error.status in {_CONFLICT, _BAD_REQUEST} and any(one in text for one in _ALREADY):
                return
            if error.status != _NOT_FOUND or attempt == _POLLS_MAX - 1:
                raise
            driver.graph.sleep(_POLL_SECONDS)
        else:
            return


def _read_until(
    step: Step, driver: Driver, left: Callable[[Snapshot | None], Requests]
) -> Snapshot:
    """The tenant, once nothing is `left` to do in what can be read; or after the longest wait."""
    tenant = driver.read()
    for poll in range(_POLLS_MAX):
        if not left(tenant):
            break
        if poll == 0:
            driver.report(f"waiting for replication: {step.title}")
        driver.graph.sleep(_POLL_SECONDS)
        tenant = driver.read()
    return tenant


def _stopped(step: Step, outcome: Outcome, reason: str) -> OperatorError:
    done = ", ".join(outcome.changed) or "nothing"
    message = f"stopped at {step.key}: {reason}"
    lines = [f"done so far: {done}", "run the same command again to go on from there"]
    code = ExitCode.PARTLY_DONE if outcome.changed else ExitCode.NOT_FINE
    return OperatorError(message, exit_code=code, lines=lines)
