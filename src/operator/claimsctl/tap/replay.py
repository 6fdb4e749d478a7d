"""Use a folder of callouts as a regression suite: send each again, and judge every answer.

A callout is recorded (an exchange with its verdict) or written by hand (a body, or a gateway event
that contains it).
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
    """The verdict on the answer when it was recorded."""

    accepted: bool
    entra_code: int | None
    claims: tuple[str, ...]
    """Only names, because the values may be masked."""


@dataclass(frozen=True, slots=True)
class Case:
    """A callout to send."""

    name: str
    """The file's name."""
    body: bytes
    recorded: RecordedVerdict | None = None
    """``None`` for a callout that was not recorded."""

    @property
    def callout(self) -> dict[str, Any]:
        """Return the parsed body."""
        document = json.loads(self.body)
        assert isinstance(document, dict), "a case is made of a JSON object"  # noqa: S101
        return document


@dataclass(frozen=True, slots=True)
class Skipped:
    """A recorded request that is not sent, and the reason."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The result of a case."""

    case: Case
    result: CalloutResult
    verdict: Verdict
    """The verdict on the last attempt, with masked evidence and claims."""

    @property
    def missing_claims(self) -> tuple[str, ...]:
        """Return the names of claims in the recorded answer that this answer lacks."""
        if self.case.recorded is None or not self.verdict.accepted:
            return ()
        return tuple(sorted(set(self.case.recorded.claims) - set(self.verdict.claims)))

    @property
    def passed(self) -> bool:
        """Return whether Entra would accept the answer and no recorded claim is missing."""
        return self.verdict.accepted and not self.missing_claims

    @property
    def elapsed_ms(self) -> float:
        """Return the time of all attempts."""
        return sum(attempt.elapsed_ms for attempt in self.result.attempts)

    @property
    def problem(self) -> str:
        """Return why the case failed, on one line; empty if it passed."""
        failure = self.verdict.first_failure
        if failure is not None:
            return f"{failure.id}  {failure.title}: {failure.evidence}"
        if self.missing_claims:
            names = ", ".join(self.missing_claims)
            return f"claims in the recorded answer are missing now: {names}"
        return ""


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of a folder, in the order of their files' names."""

    cases: tuple[Case, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """The result of a suite."""

    url: str
    """Masked."""
    results: tuple[CaseResult, ...]
    skipped: tuple[Skipped, ...]

    @property
    def failed(self) -> int:
        """Return how many cases failed."""
        return sum(not each.passed for each in self.results)

    @property
    def exit_code(self) -> ExitCode:
        """Return the command's exit code."""
        return ExitCode.NOT_FINE if self.failed else ExitCode.FINE

    def headline(self) -> str:
        """Return how many cases passed, in one line."""
        callouts = "1 callout" if len(self.results) == 1 else f"{len(self.results)} callouts"
        line = f"{callouts}: {len(self.results) - self.failed} passed, {self.failed} failed"
        return line + (f"; {len(self.skipped)} skipped" if self.skipped else "")


def read_suite(folder: Path) -> Suite:
    """Return the callouts in the ``.json`` files of `folder`, without its subfolders.

    An exchange that `tap` or `call` saved is sent as it was recorded, unless it is not a callout;
    the callout that `tap` saves with it is the same. Every other file must be a callout or a
    gateway event. Raises `OperatorError` before anything is sent, naming each unusable file.
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
        message = f"{folder}: nothing was sent; correct these files, or move them to another folder"
        raise OperatorError(message, lines=lines)
    if not cases:
        message = (
            f"{folder}: contains no callouts; expected NAME.json files, each a callout, a gateway"
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
    """Send the cases one after the other with `send`; call `on_case` with each name first.

    `send` waits for `wait_ms`. `url` is shown as given. Answers are masked as in `tap`, because
    many people can read a pipeline's report.
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
    """The file does not contain a callout; the message describes what it contains."""


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
    """Return the exchange that `tap` saved with a file's callout, if any."""
    return name.removesuffix(_CALLOUT) + _EXCHANGE if name.endswith(_CALLOUT) else None


def _read_case(path: Path) -> Case | Skipped:
    raw = _read(path)
    try:
        document = json.loads(raw)
    except ValueError as error:
        raise _UnusableError(_not_json(error)) from None
    except RecursionError:
        message = "the JSON is nested too deeply for a callout"
        raise _UnusableError(message) from None
    if isinstance(document, dict) and "request" in document:
        return _recorded_case(path.name, document)
    callout = callout_in(document)
    if not isinstance(callout, dict):
        found = "a gateway event without a callout" if callout is None else "other JSON"
        message = f"expected a callout, which is a JSON object; found {found}"
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
        message = f"larger than {SAVED_BYTES_MAX} bytes; a callout has a few kilobytes"
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
        return Skipped(name, "not a callout: the method is not POST")
    try:
        is_callout = is_token_issuance(json.loads(request.content))
    except (ValueError, RecursionError):
        is_callout = False
    if not is_callout:
        return Skipped(name, "not a Token Issuance Start callout")
    return Case(name, request.content, _recorded_verdict(document.get("verdict")))


def _recorded_verdict(document: Any) -> RecordedVerdict | None:
    """Return the verdict in an exchange's file, or ``None`` if it was not judged."""
    match document:
        case {"verdict": "accepted", "claims": {**claims}}:
            return RecordedVerdict(accepted=True, entra_code=None, claims=tuple(map(str, claims)))
        case {"verdict": "rejected", "entra_code": int(code)}:
            return RecordedVerdict(accepted=False, entra_code=code, claims=())
    return None
