"""`claimsctl tap` as a separate process."""

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cli.command import CLAIMSCTL, SECONDS, variables
from tests.cli.server_process import free_port


@dataclass(frozen=True, slots=True)
class TapProcess:
    """A tap that listens on `port`, its page at `page`."""

    process: subprocess.Popen[bytes]
    port: int
    page_port: int
    home: Path

    @property
    def out(self) -> str:
        """What it has listed so far."""
        return (self.home / "out").read_text("utf-8")

    @property
    def err(self) -> str:
        """Its standard error so far."""
        return (self.home / "err").read_text("utf-8")

    @property
    def page(self) -> str:
        """The page's address."""
        (url,) = re.findall(
            r"^Page: (http://127\.0\.0\.1:\d+/[\w-]{20,}/)$", self.err, re.MULTILINE
        )
        return str(url)

    def wait_for(self, shown: str) -> None:
        """Till it lists `shown`."""
        give_up_at = time.monotonic() + SECONDS
        while shown not in self.out:
            assert time.monotonic() < give_up_at, (shown, self.out, self.err)
            time.sleep(0.05)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code after a signal that ends background jobs too."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


@contextmanager
def tapping(
    home: Path, url: str, *options: str, script: Path | None = None, **environment: str
) -> Iterator[TapProcess]:
    """A tap before `url`, in `home`, for as long as the context lasts."""
    port, page_port = free_port(), free_port()
    ports = ("--port", str(port), "--page-port", str(page_port))
    with (home / "out").open("wb") as out, (home / "err").open("wb") as err:
        process = subprocess.Popen(
            [script or CLAIMSCTL, "tap", "--upstream", url, *ports, *options],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=home,
            env=variables(home, **environment),
        )
    tap = TapProcess(process, port, page_port, home)
    try:
        give_up_at = time.monotonic() + SECONDS
        while not re.search(r"^Secrets", tap.err, re.MULTILINE):  # the last line of the greeting
            if process.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError(tap.err)
            time.sleep(0.05)
        yield tap
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
