"""Apply a plan step by step: read, compare, confirm, change, wait for replication."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from claimsctl.errors import ExitCode, OperatorError
from claimsctl.tenant.chain import Request
from claimsctl.tenant.graph import Graph, GraphError
from claimsctl.tenant.snapshot import Snapshot
from claimsctl.tenant.step import Requests, Step

SETTLE_SECONDS: Final = 20.0
"""How long to wait until Graph returns a new object; 5 to 20 seconds have been reported."""
_POLL_SECONDS: Final = 2.0
_POLLS_MAX: Final = 60
_CONFLICT: Final = 409
_BAD_REQUEST: Final = 400
_NOT_FOUND: Final = 404
_ALREADY: Final = ("already exist", "already been assigned", "is already present")


@dataclass(frozen=True, slots=True)
class Driver:
    """How to read the tenant, confirm changes and report progress."""

    graph: Graph
    read: Callable[[], Snapshot]
    agree: Callable[[Step, Requests], bool]
    """Show a step's requests to the operator, and return whether to send them."""
    report: Callable[[str], None]
    before_listener: Callable[[Step, Snapshot], None] = lambda _step, _tenant: None
    """Raise `OperatorError` if Entra must not call the endpoint for another application yet."""


@dataclass(slots=True)
class Outcome:
    """What was changed, and what was not."""

    changed: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """What teardown keeps, and why."""


def apply_steps(steps: Sequence[Step], driver: Driver) -> Outcome:
    """Apply `steps` one by one. Raises `OperatorError` at the first that fails.

    All steps are checked for refusals first, so that a known problem stops nothing half-way.
    """
    tenant = driver.read()
    outcome = Outcome()
    for step in steps:
        if (refusal := step.refusal(tenant)) is not None:
            raise refusal
    if any(not step.unique and step.wanted(tenant) for step in steps) and tenant.applications:
        # An earlier run may have created an object that cannot be read yet; do not create it twice.
        driver.report(f"waiting {SETTLE_SECONDS:.0f} s, in case an earlier run was interrupted")
        driver.graph.sleep(SETTLE_SECONDS)
        tenant = driver.read()
    for step in steps:
        if text := step.by_hand(tenant):
            outcome.by_hand.append(f"{step.title}: {text}")
        if requests := step.wanted(tenant):
            tenant = _carry_out(step, requests, driver, outcome)
    return outcome


def undo_steps(steps: Sequence[Step], driver: Driver) -> Outcome:
    """Undo `steps` in reverse order. Raises `OperatorError` at the first that fails."""
    tenant = driver.read()
    outcome = Outcome()
    for step in reversed(steps):
        if left := step.left_in(tenant):
            outcome.kept.append(f"{step.title}: {left}")
        for request in step.undo(tenant):
            if not driver.agree(step, (request,)):
                raise _stopped(step, outcome, "not confirmed")
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
        raise _stopped(step, outcome, "not confirmed")
    if step.settles_first:
        driver.report(f"waiting {SETTLE_SECONDS:.0f} s, until Entra uses the change")
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
        reason = "changed, but Graph does not return the change yet"
        raise _stopped(step, outcome, reason)
    return tenant


def _send(request: Request, driver: Driver) -> None:
    """Send a request, and repeat it while an object that it refers to is not replicated."""
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
    """Return the tenant once it shows that nothing is `left` to do, or after the longest wait."""
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
    lines = [f"done so far: {done}", "run the same command again to continue"]
    code = ExitCode.PARTLY_DONE if outcome.changed else ExitCode.NOT_FINE
    return OperatorError(message, exit_code=code, lines=lines)
