"""``claimsctl tap``."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from claimsctl.cli.console import stderr, stdout
from claimsctl.cli.options import WaitMs, callout_url
from claimsctl.cli.tap_view import Listing, summary
from claimsctl.emulator.loopback import HOST, bind
from claimsctl.entra.network import public_trust
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.tap.exchanges import ExchangeFolder, ExchangeOutcome, History, ShownExchange
from claimsctl.tap.page.server import Page, served
from claimsctl.tap.redaction import mask_target
from claimsctl.tap.supervisor import Forwarder, collect, forwarder
from claimsctl.tap.upstream import Upstream, parse_upstream
from claimsctl.text import escaped


def tap(
    upstream: Annotated[
        str,
        typer.Option(
            help="The real service: its scheme, host and port; paths are those of the requests.",
            envvar="TAP_UPSTREAM",
            callback=callout_url,
            show_default=False,
        ),
    ],
    port: Annotated[
        int,
        typer.Option(
            help="Port on 127.0.0.1 to point the tunnel at.", envvar="PORT", min=1, max=65535
        ),
    ] = 8790,
    page_port: Annotated[
        int,
        typer.Option(
            help="Port on 127.0.0.1 of the page.", envvar="TAP_PAGE_PORT", min=1, max=65535
        ),
    ] = 8791,
    timeout_ms: WaitMs = 1000,
    save: Annotated[
        Path | None,
        typer.Option(
            help="ExchangeFolder to write every exchange to, and its callout.",
            metavar="DIR",
            envvar="TAP_SAVE",
            show_default=False,
        ),
    ] = None,
    unmask: Annotated[
        bool, typer.Option(help="Show and keep tokens, personal data and claim values whole.")
    ] = False,
) -> None:
    """Forward Entra's callouts to the real service unchanged, and show each one judged.

    For a second extension and a test application, behind a tunnel of your own: never for production
    traffic. Ends on Ctrl-C; exit code 1 when Entra would have refused an answer.
    """
    service = parse_upstream(upstream)
    if port == page_port or (service.host in {HOST, "localhost"} and service.port == port):
        message = "--port, --page-port and the upstream's port must differ"
        raise OperatorError(message)
    public_trust()  # reports what is wrong with it at the start
    folder = None if save is None else ExchangeFolder(save, service)
    history = History()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does, cleanly
    with bind(port) as listener, bind(page_port, "--page-port") as page_listener:
        listener.listen()
        page = Page(history, service, timeout_ms, page_port)
        with forwarder(listener, service) as forwarding, served(page, page_listener):
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
    """Show and save exchanges until interrupted; returns whether one could not be saved."""
    listing = Listing(stdout())
    failed = False

    def show(shown: ShownExchange) -> None:
        nonlocal failed
        try:
            if folder is not None and shown.outcome is not ExchangeOutcome.WAITING:
                folder.save(shown)
        except OSError as error:
            if not failed:
                told = escaped(f"claimsctl: --save: {error.strerror}")
                stderr().print(told, style="red", markup=False)
            failed = True
        listing.show(shown)  # last: what is listed is saved, even if an interrupt follows

    try:
        collect(forwarding.recorded(), history, wait_ms, show, unmask=unmask)
    except KeyboardInterrupt:
        collect(forwarding.stop(), history, wait_ms, show, unmask=unmask)
    return failed


def _greet(upstream: str, service: Upstream, port: int, page: Page, *, unmask: bool) -> None:
    path = mask_target(upstream).partition("://")[2].partition("/")[2]
    console = stderr()
    lines = (
        "For a second extension and a test application: never for production traffic.",
        f"Forwarding http://{HOST}:{port} to {service.origin}; Ctrl-C ends it.",
        f"Target URL of the second extension: https://<your tunnel's host>/{path}",
        f"Page: {page.url}",
        "Secrets, personal data and claim values are shown whole (--unmask)."
        if unmask
        else "Secrets, personal data and claim values are masked; --unmask shows them.",
    )
    for line in lines:
        console.print(escaped(line), markup=False)
