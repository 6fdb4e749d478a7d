"""A folder of callouts as a regression suite: sent again, and every answer judged.

A callout is recorded (an exchange, with what became of it then) or somebody's own (its body alone,
or a gateway event that carries it).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from claimsctl.emulator.events import callout_in
from claimsctl.entra.client import CalloutResult
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.judge.exchange import request_in
from claimsctl.judge.finding import Verdict
from claimsctl.judge.saved_answer import SAVED_BYTES_MAX
from claimsctl.tap.exchanges import is_token_issuance, masked_verdict
from claimsctl.tap.recording import Headers, Message, RecordedExchange
from claimsctl.tap.redaction import mask_exchange

_EXCHANGE: Final = ".exchange.json"
_CALLOUT: Final = ".callout.json"
_PROBLEMS_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class RecordedVerdict:
    """What Entra would have made of the answer when it was recorded."""

    accepted: bool
    entra_code: int | None
    claims: tuple[str, ...]
    """Names; the values may be masked."""


@dataclass(frozen=True, slots=True)
class Case:
    """A callout to send."""

    name: str
    """Its file's."""
    body: bytes
    recorded: RecordedVerdict | None = None
    """``None`` for a callout of one's own."""

    @property
    def callout(self) -> dict[str, Any]:
        """The body, read."""
        document = json.loads(self.body)
        assert isinstance(document, dict), "a case is made of a JSON object"  # noqa: S101
        return document


@dataclass(frozen=True, slots=True)
class Skipped:
    """A recorded request that is not sent, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of a case."""

    case: Case
    result: CalloutResult
    verdict: Verdict
    """On the last attempt; its evidence and its claims are masked."""

    @property
    def missing_claims(self) -> tuple[str, ...]:
        """Names of claims that the recorded answer had and this one has not."""
        if self.case.recorded is None or not self.verdict.accepted:
            return ()
        return tuple(sorted(set(self.case.recorded.claims) - set(self.verdict.claims)))

    @property
    def passed(self) -> bool:
        """Whether Entra would accept the answer, and no recorded claim is missing."""
        return self.verdict.accepted and not self.missing_claims

    @property
    def elapsed_ms(self) -> float:
        """The time of all attempts."""
        return sum(attempt.elapsed_ms for attempt in self.result.attempts)

    @property
    def problem(self) -> str:
        """Why it has not passed, on one line; empty if it has."""
        failure = self.verdict.first_failure
        if failure is not None:
            return f"{failure.id}  {failure.title}: {failure.evidence}"
        if self.missing_claims:
            names = ", ".join(self.missing_claims)
            return f"claims that the recorded answer had are missing: {names}"
        return ""


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of a folder, in the order of their files' names."""

    cases: tuple[Case, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """What became of a suite."""

    url: str
    """Masked."""
    results: tuple[CaseResult, ...]
    skipped: tuple[Skipped, ...]

    @property
    def failed(self) -> int:
        """How many cases have not passed."""
        return sum(not each.passed for each in self.results)

    @property
    def exit_code(self) -> ExitCode:
        """Of the command."""
        return ExitCode.NOT_FINE if self.failed else ExitCode.FINE

    def headline(self) -> str:
        """How many passed, in one line."""
        callouts = "1 callout" if len(self.results) == 1 else f"{len(self.results)} callouts"
        line = f"{callouts}: {len(self.results) - self.failed} passed, {self.failed} failed"
        return line + (f"; {len(self.skipped)} skipped" if self.skipped else "")


def read_suite(folder: Path) -> Suite:
    """The callouts in the ``.json`` files of `folder`, not of the folders in it.

    An exchange that `tap` or `call` has saved is sent as it was recorded, unless it is no callout;
    the callout that `tap` saves with it is the same. Every other file holds a callout or a gateway
    event. Raises `OperatorError`, before anything is sent, that names each file it cannot use.
    """
    cases: list[Case] = []
    skipped: list[Skipped] = []
    problems: list[str] = []
    for path in _files(folder):
        try:
            read = _read_case(path)
        except _UnusableError as error:
            problems.append(f"{path.name}: {error}")
            continue
        if isinstance(read, Case):
            cases.append(read)
        else:
            skipped.append(read)
    if problems:
        more = len(problems) - _PROBLEMS_SHOWN
        lines = problems[:_PROBLEMS_SHOWN] + ([f"and {more} more"] if more > 0 else [])
        message = f"{folder}: nothing was sent; correct these files, or move them elsewhere"
        raise OperatorError(message, lines=lines)
    if not cases:
        message = (
            f"{folder}: no callouts in it; expected files NAME.json, each a callout, a gateway"
            " event or an exchange that claimsctl tap --save wrote"
        )
        raise OperatorError(message)
    return Suite(tuple(cases), tuple(skipped))


def run_suite(
    url: str,
    suite: Suite,
    send: Callable[[Case], CalloutResult],
    wait_ms: int,
    *,
    on_case: Callable[[str], None],
) -> SuiteReport:
    """`send` each case, one after the other; `on_case` gets the name of each before.

    `send` waits for `wait_ms`. `url` is shown as it is given. What an answer says is masked, as
    `tap` masks it: a report of a pipeline is read by many.
    """
    results = []
    for case in suite.cases:
        on_case(case.name)
        result = send(case)
        results.append(CaseResult(case, result, _masked_verdict(case, result, wait_ms)))
    return SuiteReport(url, tuple(results), suite.skipped)


def _masked_verdict(case: Case, result: CalloutResult, wait_ms: int) -> Verdict:
    answer = result.last.answer
    if answer is None:
        return result.verdict
    recorded = RecordedExchange(
        number=0,
        began=0.0,
        ended=result.last.elapsed_ms / 1000,
        request=_message((), case.body),
        status=answer.status,
        answer=_message(answer.headers, answer.body),
        over=True,
    )
    return masked_verdict(recorded, mask_exchange(recorded), wait_ms)


def _message(headers: Headers, body: bytes) -> Message:
    return Message(headers, bytearray(body), len(body))


class _UnusableError(Exception):
    """The file holds no callout; the message says what it was found to hold."""


def _files(folder: Path) -> list[Path]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".json")
        files = [path for path in paths if path.is_file()]
    except OSError as error:
        message = f"{folder}: cannot be read: {error.strerror}; name a folder of callouts"
        raise OperatorError(message) from None
    names = {path.name for path in files}
    return [path for path in files if _exchange_of(path.name) not in names]


def _exchange_of(name: str) -> str | None:
    """The exchange that a file's callout was saved with, if it was saved by `tap`."""
    return name.removesuffix(_CALLOUT) + _EXCHANGE if name.endswith(_CALLOUT) else None


def _read_case(path: Path) -> Case | Skipped:
    raw = _read(path)
    try:
        document = json.loads(raw)
    except ValueError as error:
        raise _UnusableError(_not_json(error)) from None
    except RecursionError:
        message = "nested too deeply for a callout"
        raise _UnusableError(message) from None
    if isinstance(document, dict) and "request" in document:
        return _recorded_case(path.name, document)
    callout = callout_in(document)
    if not isinstance(callout, dict):
        found = "a gateway event without a callout" if callout is None else "other JSON"
        message = f"expected a callout, a JSON object; found {found}"
        raise _UnusableError(message)
    return Case(path.name, raw if callout is document else json.dumps(callout).encode())


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(SAVED_BYTES_MAX + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise _UnusableError(message) from None
    if len(raw) > SAVED_BYTES_MAX:
        message = f"over {SAVED_BYTES_MAX} bytes; a callout has some kilobytes"
        raise _UnusableError(message)
    return raw


def _not_json(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: not JSON: {error.msg}"
    return "not UTF-8; expected JSON"


def _recorded_case(name: str, document: dict[str, Any]) -> Case | Skipped:
    try:
        request = request_in(document)
    except OperatorError as error:
        raise _UnusableError("; ".join([str(error), *error.lines])) from None
    if request.method != "POST":
        return Skipped(name, "not a callout: Entra sends POST")
    try:
        is_callout = is_token_issuance(json.loads(request.content))
    except (ValueError, RecursionError):
        is_callout = False
    if not is_callout:
        return Skipped(name, "not a token issuance callout")
    return Case(name, request.content, _recorded_verdict(document.get("verdict")))


def _recorded_verdict(document: Any) -> RecordedVerdict | None:
    """The verdict in an exchange's file; ``None`` if it was not judged."""
    match document:
        case {"verdict": "accepted", "claims": {**claims}}:
            return RecordedVerdict(accepted=True, entra_code=None, claims=tuple(map(str, claims)))
        case {"verdict": "rejected", "entra_code": int(code)}:
            return RecordedVerdict(accepted=False, entra_code=code, claims=())
    return None
