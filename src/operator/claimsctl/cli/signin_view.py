"""The terminal view of ``claimsctl entra signin``."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from claimsctl.signin.joined import Sources
from claimsctl.signin.summary import Row, Summary
from claimsctl.signin.verdicts import CalloutVerdict, Stage, stage_of, verdict_on
from claimsctl.text import escaped

_ROWS_MAX = 20
_CAUSES_MAX = 20
_SILENT_MAX = 10
_STYLES = {
    Stage.ACCEPTED: "green",
    Stage.UNKNOWN: "yellow",
}
_WORDS = {
    Stage.NEVER_CALLED: "never called",
    Stage.NO_ANSWER: "called, no answer",
    Stage.REFUSED_BY_ENDPOINT: "refused by the endpoint",
    Stage.REFUSED_BY_ENTRA: "answer refused by Entra",
    Stage.ACCEPTED: "accepted",
    Stage.UNKNOWN: "not recorded",
}


def summary_view(summary: Summary, sources: Sources, *, show_users: bool) -> RenderableType:
    """Return the callouts, the totals, what to do, and the apps without callouts."""
    if not summary.callouts:
        return Group(*_nothing(summary))
    rows = summary.rows()
    shown = rows if len(rows) <= _ROWS_MAX else (summary.failures() or rows)[-_ROWS_MAX:]
    parts: list[RenderableType] = [*_callouts(shown, sources, show_users=show_users)]
    if len(shown) < summary.callouts:
        more = f"the newest {len(shown)} of {summary.callouts} callouts"
        parts.append(Text(f"{more}; for more, add --json", style="dim"))
    if summary.callouts == 1:
        parts += _verdict_lines(verdict_on(rows[0].sign_in, rows[0].callout))
        return Group(*parts)
    return Group(*parts, Text(""), *_sums(summary), *_causes(summary), *_silence(summary))


def _nothing(summary: Summary) -> Iterator[Text]:
    if not summary.sign_ins:
        yield Text("No sign-in has this correlation id.", style="bold red")
        yield Text("  do        Check the time and the tenant. Records arrive after some minutes.")
        return
    listed = sum(app.sign_ins for app in summary.apps.values())
    which = "" if listed == summary.sign_ins else f" ({listed} with event listeners)"
    head = f"{_counted(summary.sign_ins, 'sign-in')}{which}; none has a token issuance callout"
    yield Text(head, style="bold red")
    yield Text(
        "  Entra did not call: no listener names these applications, or no new token was issued."
    )
    yield Text(
        "  do        Check that an onTokenIssuanceStartListener names the app that the token is"
        " for, and sign in again: cached tokens and sessions cause no callout."
    )
    yield from _silence(summary)


def _callouts(rows: Sequence[Row], sources: Sources, *, show_users: bool) -> Iterator[Text]:
    headings = ["when", "app", "correlation id", "attempts", "status", "code", "verdict"]
    lines = [[Text(name, style="dim") for name in [*headings, *(["user"] if show_users else [])]]]
    for row in rows:
        sign_in, callout = row.sign_in, row.callout
        cells = [
            row.at + "Z" if row.at else "?",
            sign_in.app_name or sign_in.app_id,
            sign_in.correlation_id,
            _number(callout.attempts),
            _number(callout.status),
            _number(callout.code),
        ]
        line = [Text(escaped(cell)) for cell in cells]
        line.append(_word(stage_of(sign_in, callout)))
        lines.append([*line, Text(escaped(sign_in.user))] if show_users else line)
    heading, *aligned = _aligned(lines)
    yield heading
    for row, shown in zip(rows, aligned, strict=True):
        yield shown
        for sentence in sources.conclusions(row):
            yield Text(escaped(f"  {sentence}"), style="dim")


def _word(stage: Stage) -> Text:
    return Text(_WORDS[stage], style=_STYLES.get(stage, "red"))


def _aligned(lines: Sequence[Sequence[Text]]) -> Iterator[Text]:
    """Yield the cells in columns, never wrapped, so that ids can be copied."""
    widths = [max(cell.cell_len for cell in column) for column in zip(*lines, strict=True)]
    for line in lines:
        shown = Text()
        for cell, width in zip(line, widths, strict=True):
            shown.append_text(cell).append(" " * (width - cell.cell_len + 2))
        shown.rstrip()
        yield shown


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _number(value: int | None) -> str:
    return "—" if value is None else str(value)


def _verdict_lines(verdict: CalloutVerdict) -> Iterator[Text]:
    yield Text("")
    yield Text(escaped(verdict.sentence), style="bold")
    if verdict.do:
        yield Text("  do        ", style="dim").append(escaped(verdict.do), style="default")
    if verdict.code is not None:
        yield Text(f"  more      claimsctl explain {verdict.code}", style="dim")


def _sums(summary: Summary) -> Iterator[Text]:
    callouts, sign_ins = (
        _counted(summary.callouts, "callout"),
        _counted(summary.sign_ins, "sign-in"),
    )
    head = f"{callouts} in {sign_ins}"
    if summary.first:
        head += f", {summary.first}Z to {summary.last}Z"
    yield Text(head, style="bold")
    headings = ("verdict", "status", "code", "app", "callouts", "rate", "first", "last")
    lines = [[Text(name, style="dim") for name in headings]]
    for group in summary.by_cause()[:_CAUSES_MAX]:
        key = group.key
        cells = (
            _number(key.status),
            _number(key.code),
            summary.apps[key.app_id].name or key.app_id,
            str(group.count),
            f"{group.count / summary.callouts:.1%}",
            f"{group.first}Z" if group.first else "?",
            f"{group.last}Z" if group.last else "?",
        )
        lines.append([_word(key.stage), *(Text(escaped(cell)) for cell in cells)])
    yield from _aligned(lines)
    if (more := len(summary.groups) - _CAUSES_MAX) > 0:
        yield Text(f"and {more} more groups; for all, add --json", style="dim")


def _causes(summary: Summary) -> Iterator[Text]:
    """Yield one verdict for each kind of failure, across apps."""
    shown: set[tuple[Stage, int | None, int | None]] = set()
    for group in summary.by_cause():
        key = group.key
        way = (key.stage, key.code, key.status)
        if key.stage is Stage.ACCEPTED or way in shown or len(shown) >= _CAUSES_MAX:
            continue
        shown.add(way)
        yield from _verdict_lines(verdict_on(group.sign_in, group.callout))


def _silence(summary: Summary) -> Iterator[Text]:
    silent = list(summary.silent_apps())
    if silent:
        yield Text("")
        yield Text("apps whose sign-ins have no callout", style="bold")
    for id_, app in silent[:_SILENT_MAX]:
        yield Text(escaped(f"  {app.name or id_}  {id_}  {_counted(app.sign_ins, 'sign-in')}"))
    if (more := len(silent) - _SILENT_MAX) > 0:
        yield Text(f"  and {more} more; for all, add --json", style="dim")
