"""Chromium without a window, led through its DevTools protocol over a pair of pipes."""

import json
import os
import select
import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ENGINE_MISSING

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_SECONDS = 60
_OPTIONS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",  # tests run as root in CI
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

_HAND_OVER = 'exec "$0" "$@" 3<&0 4>&1 </dev/null >&2'
"""The protocol's pipes are 3 and 4."""


class Browser:
    """One page."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back = to, back
        self._received = b""
        self._last = 0
        self._session: str | None = None
        self._loaded = False
        self.requested: list[str] = []
        """Every URL that the page has asked for."""
        self.errors: list[str] = []
        """Errors and refused loads on the console."""

    def attach(self) -> None:
        """Open a page and listen to what it does."""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._ask(f"{domain}.enable")

    def open(self, url: str, *, width: int = 1280, height: int = 860, dark: bool = False) -> None:
        """Go to `url`, on a screen of that size."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])
        self._loaded = False
        self._ask("Page.navigate", url=url)
        while not self._loaded:
            self._handle(self._next())

    def run(self, script: str) -> Any:
        """What `script` evaluates to."""
        result = self._ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait_for(self, script: str) -> Any:
        """What `script` evaluates to once that is true."""
        give_up_at = time.monotonic() + _SECONDS
        while not (value := self.run(script)):
            assert time.monotonic() < give_up_at, (script, self.text(), self.errors)
            time.sleep(0.05)
        return value

    def text(self) -> str:
        """All that the page shows."""
        return str(self.run("document.body ? document.body.innerText : ''"))

    def picture(self, path: Path) -> None:
        """The whole page as a PNG."""
        shot = self._ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(b64decode(shot["data"]))

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") == self._last:
                assert "error" not in message, (method, message)
                result: dict[str, Any] = message["result"]
                return result
            self._handle(message)

    def _handle(self, message: dict[str, Any]) -> None:
        match message:
            case {"method": "Network.requestWillBeSent", "params": {"request": {"url": url}}}:
                self.requested.append(url)
            case {"method": "Log.entryAdded", "params": {"entry": {"text": text}}}:
                self.errors.append(text)
            case {"method": "Page.loadEventFired"}:
                self._loaded = True
            case {"method": "Runtime.exceptionThrown", "params": {"exceptionDetails": details}}:
                self.errors.append(str(details))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._received:
            ready, _, _ = select.select([self._back], [], [], _SECONDS)
            assert ready, "the browser says nothing"
            part = os.read(self._back, 1 << 20)
            assert part, "the browser has ended"
            self._received += part
        raw, _, self._received = self._received.partition(b"\0")
        message: dict[str, Any] = json.loads(raw)
        return message


@contextmanager
def browser(home: Path) -> Iterator[Browser]:
    """A browser with its files in `home`; skips where there is none."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip(f"{ENGINE_MISSING} chromium")
    its_in, to = os.pipe()
    back, its_out = os.pipe()
    with (home / "browser.log").open("wb") as log:
        process = subprocess.Popen(
            ["sh", "-c", _HAND_OVER, program, *_OPTIONS, f"--user-data-dir={home / 'browser'}"],
            stdin=its_in,
            stdout=its_out,
            stderr=log,
            env={"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"},
        )
        os.close(its_in)
        os.close(its_out)
        try:
            led = Browser(to, back)
            led.attach()
            yield led
        finally:
            process.kill()
            process.wait()
            os.close(to)
            os.close(back)
