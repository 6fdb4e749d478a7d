"""``claimsctl tap``."""

import signal
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from claimsctl.cli.console import stderr, stdout
from claimsctl.cli.endpoint_options import InsecureHttp, given_bearer
from claimsctl.cli.options import AllowedHosts, WaitMs, callout_url, input_file
from claimsctl.emulator.loopback import HOST, bind
from claimsctl.entra.network import public_trust
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.tap.exchanges import ExchangeFolder, ExchangeOutcome, History, ShownExchange
from claimsctl.tap.masked_text import ProseMask, mask_target
from claimsctl.tap.page.server import Page, served
from claimsctl.tap.supervisor import Forwarder, collect, forwarder
from claimsctl.tap.upstream import Upstream, parse_upstream
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
    """A listing of exchanges, one line for each when it ends."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._headed = False

    def show(self, shown: ShownExchange) -> None:
        """Print an exchange that has ended, and again if its answer arrives late."""
        if shown.outcome is ExchangeOutcome.WAITING:
            return
        if not self._headed:
            self._console.print(Text(HEADING, style="dim"))
            self._headed = True
        for line in lines(shown):
            self._console.print(line)


def lines(shown: ShownExchange) -> list[Text]:
    """Return the exchange's line, then why Entra would refuse it or why it is not judged."""
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
    """Return a number of bytes as text, such as ``1.2 kB``."""
    return f"{count} B" if count < _KILO else f"{count / _KILO:.1f} kB"


def summary(counts: dict[ExchangeOutcome, int], dropped: int) -> str:
    """Summarize the recorded exchanges in one line."""
    recorded = sum(counts.values())
    present = [outcome for outcome in ExchangeOutcome if counts[outcome]]
    parts = ", ".join(f"{counts[each]} {each.value.replace('-', ' ')}" for each in present)
    exchanges = "1 exchange" if recorded == 1 else f"{recorded} exchanges"
    line = f"{exchanges}: {parts}" if recorded else "no exchanges recorded"
    return line + (f"; {dropped} more arrived too fast to be recorded" if dropped else "")


def _url_or_none(value: str | None) -> str | None:
    return None if value is None else callout_url(value)


def tap(
    url: Annotated[
        str | None,
        typer.Argument(
            callback=_url_or_none,
            help="With --replay: the target URL to send the callouts to.",
            show_default=False,
        ),
    ] = None,
    upstream: Annotated[
        str | None,
        typer.Option(
            help="The URL of the real service. Required without --replay. Only its scheme, host and"
            " port are used: the path comes from each request.",
            envvar="TAP_UPSTREAM",
            callback=_url_or_none,
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int,
        typer.Option(
            help="The port at 127.0.0.1 that receives callouts from the tunnel.",
            envvar="PORT",
            min=1,
            max=65535,
        ),
    ] = 8790,
    page_port: Annotated[
        int,
        typer.Option(
            help="The port at 127.0.0.1 of the web page that shows the exchanges.",
            envvar="TAP_PAGE_PORT",
            min=1,
            max=65535,
        ),
    ] = 8791,
    host: AllowedHosts = None,
    timeout_ms: WaitMs = 1000,
    save: Annotated[
        Path | None,
        typer.Option(
            help="A folder to save each exchange and its callout in.",
            metavar="DIR",
            envvar="TAP_SAVE",
            show_default=False,
        ),
    ] = None,
    unmask: Annotated[
        bool,
        typer.Option(
            help="Do not mask tokens, personal data and claim values in the terminal, on the page"
            " and in saved files. Anyone who reads them can use the tokens.",
            show_default=False,
        ),
    ] = False,
    replay: Annotated[
        Path | None,
        typer.Option(
            parser=input_file,
            help="Send the callouts saved in a folder to URL as a regression suite, and exit.",
            metavar="DIR",
            show_default=False,
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            help="With --replay: the bearer token to send.",
            envvar="CALLOUT_TOKEN",
            show_default=False,
        ),
    ] = None,
    insecure_http: InsecureHttp = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --replay: print the suite's report as JSON.")
    ] = False,
    as_junit: Annotated[
        bool,
        typer.Option("--junit", help="With --replay: print the suite's report as JUnit XML."),
    ] = False,
) -> None:
    """Forward Entra's callouts, unchanged except for the Host header, and judge each answer.

    A callout is the request that Entra sends to the endpoint before it issues a token. Callouts go
    to the real service at --upstream. Use this command with a second custom authentication
    extension and a test application, behind your own tunnel; never with production traffic.

    Rejects requests with an Origin or Sec-Fetch header, because a web page may have sent them. With
    --host, also rejects requests for other hosts. Press Ctrl-C to stop. Exit code 1 when Entra
    would have refused an answer, 3 when an exchange could not be saved.

    With --replay DIR URL, nothing is forwarded: the callouts that --save wrote to DIR are sent to
    URL. Exit code 1 when Entra would refuse an answer, or a recorded claim is missing from it.
    """
    if replay is not None:
        if url is None:
            message = "--replay requires the target URL: claimsctl tap --replay DIR URL"
            raise OperatorError(message)
        from claimsctl.cli.replay import run_folder  # noqa: PLC0415  # not needed to forward

        bearer = given_bearer(url, token, insecure_http=insecure_http)
        code = run_folder(
            replay, url, lambda _: bearer, wait_ms=timeout_ms, as_json=as_json, as_junit=as_junit
        )
        raise typer.Exit(code)
    if url is not None or as_json or as_junit:
        message = (
            "URL, --json and --junit require --replay DIR; to name the real service, use"
            " --upstream URL"
        )
        raise OperatorError(message)
    if upstream is None:
        message = (
            "Missing option '--upstream' (env var: 'TAP_UPSTREAM'), the URL of the real service. To"
            " send saved callouts, use claimsctl tap --replay DIR URL"
        )
        raise OperatorError(message)
    service = parse_upstream(upstream)
    if port == page_port or (service.host in {HOST, "localhost"} and service.port == port):
        message = "--port, --page-port and the port of a local --upstream must be different"
        raise OperatorError(message)
    public_trust()  # report unusable CA certificates at start-up
    folder = None if save is None else ExchangeFolder(save, service)
    history = History()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop cleanly, as for Ctrl-C
    with bind(port) as listener, bind(page_port, "--page-port") as page_listener:
        listener.listen()
        page = Page(history, service, timeout_ms, page_port)
        with (
            forwarder(listener, service, frozenset(host or ())) as forwarding,
            served(page, page_listener),
        ):
            _greet(upstream, service, port, page, unmask=unmask)
            failed = _watch(forwarding, history, folder, timeout_ms, unmask=unmask)
    stderr().print(summary(history.counts(), history.dropped), markup=False)
    if history.counts()[ExchangeOutcome.REJECTED]:
        raise typer.Exit(ExitCode.NOT_FINE)
    raise typer.Exit(ExitCode.PARTLY_DONE if failed else ExitCode.FINE)


def _watch(
    forwarding: Forwarder,
    history: History,
    folder: ExchangeFolder | None,
    wait_ms: int,
    *,
    unmask: bool,
) -> bool:
    """Show and save exchanges until interrupted; return whether one could not be saved."""
    listing = Listing(stdout())
    failed = False

    def show(shown: ShownExchange) -> None:
        nonlocal failed
        try:
            if folder is not None and shown.outcome is not ExchangeOutcome.WAITING:
                folder.save(shown)
        except OSError as error:
            if not failed:
                message = escaped(
                    f"claimsctl: --save: an exchange cannot be saved: {error.strerror}"
                )
                stderr().print(message, style="red", markup=False)
            failed = True
        listing.show(shown)  # last, so that whatever is listed has been saved

    try:
        collect(forwarding.recorded(), history, wait_ms, show, unmask=unmask)
    except KeyboardInterrupt:
        collect(forwarding.stop(), history, wait_ms, show, unmask=unmask)
    return failed


def _greet(upstream: str, service: Upstream, port: int, page: Page, *, unmask: bool) -> None:
    path = mask_target(upstream, ProseMask()).partition("://")[2].partition("/")[2]
    console = stderr()
    lines = (
        "Use a second extension and a test application only, never production traffic.",
        f"Forwarding http://{HOST}:{port} to {service.origin}. Press Ctrl-C to stop.",
        f"Target URL for the second extension: https://<your tunnel's host>/{path}",
        f"Page: {page.url}",
        "Secrets, personal data and claim values are shown unmasked (--unmask)."
        if unmask
        else "Secrets, personal data and claim values are masked; --unmask shows them.",
    )
    for line in lines:
        console.print(escaped(line), markup=False)
