"""The list in the terminal: a line for each exchange as it ends, and below it what is wrong."""

from typing import Final

from rich.console import Console
from rich.text import Text

from claimsctl.tap.exchanges import ExchangeOutcome, ShownExchange
from claimsctl.text import escaped

_STYLES: Final = {
    ExchangeOutcome.ACCEPTED: "green",
    ExchangeOutcome.REJECTED: "bold red",
    ExchangeOutcome.NOT_JUDGED: "dim",
    ExchangeOutcome.WAITING: "yellow",
}
_GUID_CHARACTERS: Final = 36
_KILO: Final = 1000
HEADING: Final = (
    f"{'time':12}  {'#':>4}  {'status':6}  {'verdict':10}  {'ms':>7}  {'sent':>7}  {'answer':>7}"
    f"  {'user id':{_GUID_CHARACTERS}}  correlation id"
)


class Listing:
    """Prints each exchange when it ends."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._headed = False

    def show(self, shown: ShownExchange) -> None:
        """Print an exchange that has ended; one whose answer comes late is printed again."""
        if shown.outcome is ExchangeOutcome.WAITING:
            return
        if not self._headed:
            self._console.print(Text(HEADING, style="dim"))
            self._headed = True
        for line in lines(shown):
            self._console.print(line)


def lines(shown: ShownExchange) -> list[Text]:
    """The exchange, and below it why Entra would refuse the answer, or why it is not judged."""
    exchange, failure = shown.exchange, shown.failure
    style = _STYLES[shown.outcome]
    status = "—" if exchange.no_answer or exchange.status is None else str(exchange.status)
    code = str(failure.entra_code) if failure else shown.outcome.value.replace("-", " ")
    line = Text().append(f"{shown.at.astimezone():%H:%M:%S.%f}"[:12], style="dim")
    line.append(f"  {exchange.number:4}  ", style="dim")
    line.append(f"{status:6}  ", style="default")
    line.append(f"{code:10}", style=style)
    line.append(f"  {exchange.total_ms:7.0f}", style="default")
    sizes = f"  {size(exchange.request.body_bytes):>7}  {size(exchange.answer.body_bytes):>7}"
    line.append(sizes, style="dim")
    user = escaped(shown.user_id) or "—"
    line.append(f"  {user:{_GUID_CHARACTERS}}", style="default")
    line.append(f"  {escaped(shown.correlation_id) or '—'}", style="dim")
    below = [f"{failure.id}  {failure.title}: {failure.evidence}"] if failure else []
    below += [shown.reason] if shown.reason else []
    if shown.outcome is ExchangeOutcome.NOT_JUDGED and exchange.no_answer:
        below.append(exchange.no_answer.detail)
    indent = " " * 20
    return [line, *(Text(indent + escaped(text), style=style) for text in below)]


def size(count: int) -> str:
    """Bytes for people."""
    return f"{count} B" if count < _KILO else f"{count / _KILO:.1f} kB"


def summary(counts: dict[ExchangeOutcome, int], dropped: int) -> str:
    """What has passed, in one line."""
    recorded = sum(counts.values())
    present = [outcome for outcome in ExchangeOutcome if counts[outcome]]
    parts = ", ".join(f"{counts[each]} {each.value.replace('-', ' ')}" for each in present)
    exchanges = "1 exchange" if recorded == 1 else f"{recorded} exchanges"
    line = f"{exchanges}: {parts}" if recorded else "nothing has come"
    return line + (f"; {dropped} more came too fast to be recorded" if dropped else "")
