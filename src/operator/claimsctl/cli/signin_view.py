"""What ``claimsctl entra signin`` shows: a table of callouts, what to do, the sums, the silence."""

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
    """All that is known of the callouts in a file."""
    if not summary.callouts:
        return Group(*_nothing(summary))
    rows = summary.rows()
    shown = rows if len(rows) <= _ROWS_MAX else (summary.failures() or rows)[-_ROWS_MAX:]
    parts: list[RenderableType] = [*_callouts(shown, sources, show_users=show_users)]
    if len(shown) < summary.callouts:
        more = f"the newest {len(shown)} of {summary.callouts} callouts"
        parts.append(Text(f"{more}; --json has more of them", style="dim"))
    if summary.callouts == 1:
        parts += _verdict_lines(verdict_on(rows[0].sign_in, rows[0].callout))
        return Group(*parts)
    return Group(*parts, Text(""), *_sums(summary), *_causes(summary), *_silence(summary))


def _nothing(summary: Summary) -> Iterator[Text]:
    if not summary.sign_ins:
        yield Text("no sign-in with that correlation id", style="bold red")
        yield Text("  do        Records arrive minutes late; look at the time and the tenant.")
        return
    listed = sum(app.sign_ins for app in summary.apps.values())
    which = "" if listed == summary.sign_ins else f", of which {listed} list their event listeners"
    head = f"{summary.sign_ins} sign-ins{which}, and no token issuance callout in any of them"
    yield Text(head, style="bold red")
    yield Text(
        "  Entra did not try: no listener names these applications, or no token was issued anew."
    )
    yield Text(
        "  do        Check that an onTokenIssuanceStartListener names the app that the token is"
        " for, and sign in anew: cached tokens and sessions bring no callout."
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
    """The lines' cells in columns; none is wrapped, since ids are copied from here."""
    widths = [max(cell.cell_len for cell in column) for column in zip(*lines, strict=True)]
    for line in lines:
        shown = Text()
        for cell, width in zip(line, widths, strict=True):
            shown.append_text(cell).append(" " * (width - cell.cell_len + 2))
        shown.rstrip()
        yield shown


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
    head = f"{summary.callouts} callouts in {summary.sign_ins} sign-ins"
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
        yield Text(f"and {more} more groups: --json has them", style="dim")


def _causes(summary: Summary) -> Iterator[Text]:
    """One verdict for each way to fail, whichever the app."""
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
        yield Text("apps whose sign-ins hold no callout at all", style="bold")
    for id_, app in silent[:_SILENT_MAX]:
        yield Text(escaped(f"  {app.name or id_}  {id_}  {app.sign_ins} sign-ins"))
    if (more := len(silent) - _SILENT_MAX) > 0:
        yield Text(f"  and {more} more: --json has them", style="dim")
