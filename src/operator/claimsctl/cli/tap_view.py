"""The list in the terminal: a line an exchange, as it ends; what went wrong below it."""

from typing import Final

from rich.console import Console
from rich.text import Text

from claimsctl.tap.exchanges import Examined, Outcome
from claimsctl.text import escaped

_STYLES: Final = {
    Outcome.ACCEPTED: "green",
    Outcome.REJECTED: "bold red",
    Outcome.NOT_JUDGED: "dim",
    Outcome.WAITING: "yellow",
}
_GUID_CHARACTERS: Final = 36
_KILO: Final = 1000
HEADING: Final = (
    f"{'time':12}  {'#':>4}  {'status':6}  {'verdict':10}  {'ms':>7}  {'sent':>7}  {'answer':>7}"
    f"  {'user id':{_GUID_CHARACTERS}}  correlation id"
)


class Listing:
    """Prints what is worth a line: each end, and once that an exchange takes long."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._headed = False

    def show(self, examined: Examined) -> None:
        """One exchange, at its end; a late answer, once more."""
        if examined.outcome is Outcome.WAITING:
            return
        if not self._headed:
            self._console.print(Text(HEADING, style="dim"))
            self._headed = True
        for line in lines(examined):
            self._console.print(line)


def lines(examined: Examined) -> list[Text]:
    """The exchange, and below it why Entra would refuse the answer, or why it is not judged."""
    sighting, failure = examined.sighting, examined.failure
    style = _STYLES[examined.outcome]
    status = "—" if sighting.no_answer or sighting.status is None else str(sighting.status)
    code = str(failure.entra_code) if failure else examined.outcome.value.replace("-", " ")
    line = Text().append(f"{examined.at.astimezone():%H:%M:%S.%f}"[:12], style="dim")
    line.append(f"  {sighting.number:4}  ", style="dim")
    line.append(f"{status:6}  ", style="default")
    line.append(f"{code:10}", style=style)
    line.append(f"  {sighting.total_ms:7.0f}", style="default")
    sizes = f"  {size(sighting.request.body_bytes):>7}  {size(sighting.answer.body_bytes):>7}"
    line.append(sizes, style="dim")
    user = escaped(examined.user_id) or "—"
    line.append(f"  {user:{_GUID_CHARACTERS}}", style="default")
    line.append(f"  {escaped(examined.correlation_id) or '—'}", style="dim")
    below = [f"{failure.id}  {failure.title}: {failure.evidence}"] if failure else []
    below += [examined.reason] if examined.reason else []
    if examined.outcome is Outcome.NOT_JUDGED and sighting.no_answer:
        below.append(sighting.no_answer.detail)
    indent = " " * 20
    return [line, *(Text(indent + escaped(text), style=style) for text in below)]


def size(count: int) -> str:
    """Bytes for people."""
    return f"{count} B" if count < _KILO else f"{count / _KILO:.1f} kB"


def summary(counts: dict[Outcome, int], untold: int) -> str:
    """What has passed, in one line."""
    told = sum(counts.values())
    parts = [f"{counts[outcome]} {outcome.value.replace('-', ' ')}" for outcome in Outcome]
    shown = ", ".join(part for part in parts if not part.startswith("0 "))
    exchanges = "1 exchange" if told == 1 else f"{told} exchanges"
    line = f"{exchanges}: {shown}" if told else "nothing has come"
    return line + (f"; {untold} more came too fast to be recorded" if untold else "")
