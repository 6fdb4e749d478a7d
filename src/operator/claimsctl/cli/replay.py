"""A folder of callouts as a regression suite: for ``claimsctl call --event DIR`` and ``tap``."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from rich.text import Text

from claimsctl.cli.console import stderr, stdout
from claimsctl.emulator.events import tenant_of
from claimsctl.entra.callout import set_fields
from claimsctl.entra.callout_check import callout_problems
from claimsctl.entra.client import CalloutResult, make_callout
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.tap.masked_text import ProseMask, mask_target
from claimsctl.tap.replay import Case, CaseResult, Suite, SuiteReport, read_suite, run_suite
from claimsctl.tap.replay_formats import document, junit
from claimsctl.text import escaped

_INDENT = " " * 10
_PROBLEMS_SHOWN = 20
HEADING = f"{'result':8}  {'status':6}  {'verdict':8}  {'recorded':8}  {'ms':>6}  callout"


def run_folder(
    folder: Path,
    url: str,
    bearer_of: Callable[[str], str | None],
    *,
    wait_ms: int,
    retries: int = 0,
    changes: Sequence[str] = (),
    as_json: bool,
    as_junit: bool,
) -> ExitCode:
    """Send every callout in `folder` to `url`, and show each result.

    `bearer_of` returns the token for a tenant; `changes` is as for `set_fields`. Raises
    `OperatorError`, before anything is sent, for a folder that cannot be used.
    """
    if as_json and as_junit:
        message = "--json and --junit are mutually exclusive"
        raise OperatorError(message)
    suite = read_suite(folder)
    if changes:
        suite = replace(suite, cases=tuple(_changed(case, changes) for case in suite.cases))
    _check_callouts(folder, suite)
    token_for = cache(bearer_of)
    for case in suite.cases:  # before any callout, so that a missing token is reported first
        token_for(tenant_of(case.callout))

    def send(case: Case) -> CalloutResult:
        headers = {"content-type": "application/json"}
        token = token_for(tenant_of(case.callout))
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        return make_callout(url, case.body, headers, wait_ms, retries)

    with stderr().status("") as status:  # shown on a terminal only
        report = run_suite(
            mask_target(url, ProseMask()),
            suite,
            send,
            wait_ms,
            on_case=lambda name: status.update(f"{escaped(name)} …"),
        )
    if as_json:
        sys.stdout.write(json.dumps(document(report), indent=2) + "\n")
    elif as_junit:
        sys.stdout.write(junit(report))
    else:
        for line in report_lines(report):
            stdout().print(line)
    stderr().print(report.headline(), markup=False)
    return report.exit_code


def _check_callouts(folder: Path, suite: Suite) -> None:
    """Raise `OperatorError` for callouts, other than recorded ones, that Entra would not send."""
    problems = [
        f"{case.name}: {problem}"
        for case in suite.cases
        if case.recorded is None
        for problem in callout_problems(case.callout)
    ]
    if problems:
        more = len(problems) - _PROBLEMS_SHOWN
        lines = problems[:_PROBLEMS_SHOWN] + ([f"and {more} more"] if more > 0 else [])
        message = f"{folder}: contains callouts that Entra would not send; nothing was sent"
        raise OperatorError(message, lines=lines)


def _changed(case: Case, changes: Sequence[str]) -> Case:
    callout = case.callout
    set_fields(callout, changes)
    return replace(case, body=json.dumps(callout).encode())


def report_lines(report: SuiteReport) -> Iterator[Text]:
    """Yield one line for each callout, followed by why it failed; then those not sent."""
    yield Text(HEADING, style="dim")
    for result in report.results:
        yield from _lines(result)
    for skipped in report.skipped:
        line = f"{'skipped':8}  {'—':6}  {'—':8}  {'—':8}  {'—':>6}  {escaped(skipped.name)}"
        yield Text(line, style="dim")
        yield Text(_INDENT + escaped(skipped.reason), style="dim")


def _lines(result: CaseResult) -> Iterator[Text]:
    answer, recorded = result.result.last.answer, result.case.recorded
    style = "green" if result.passed else "bold red"
    was = "—" if recorded is None else str(recorded.entra_code or "accepted")
    line = Text(f"{'passed' if result.passed else 'failed':8}", style=style)
    line.append(f"  {'—' if answer is None else answer.status!s:6}", style="default")
    line.append(f"  {result.verdict.entra_code or 'accepted'!s:8}", style=style)
    line.append(f"  {was:8}", style="dim")
    line.append(f"  {result.elapsed_ms:6.0f}  {escaped(result.case.name)}", style="default")
    yield line
    finding = result.verdict.first_failure
    below = [result.problem, f"→ {finding.hint}" if finding is not None else ""]
    for text in filter(None, below):
        yield Text(_INDENT + escaped(text), style="red")
