"""Issuers' key servers that live in this process."""

import json
import threading
import time
from collections.abc import Sequence

from claims_provider.inbound.key_set import KeyServerError
from claimsctl.entra.tokens import SigningKey


def key_set(*keys: SigningKey) -> bytes:
    """A key server's answer."""
    return json.dumps({"keys": [key.jwk() for key in keys]}).encode()


class FakeKeyServer:
    """Answers with a key set; counts how often it was asked."""

    def __init__(self, *keys: SigningKey) -> None:
        self.keys: Sequence[SigningKey] = keys
        self.asked: list[str] = []
        self.failure: Exception | None = None
        self.hangs = threading.Event()
        self.hangs.set()
        self.seconds = 0.0

    def __call__(self, url: str) -> bytes:
        """The keys of now."""
        hangs = self.hangs
        self.asked.append(url)
        time.sleep(self.seconds)
        hangs.wait(60)
        if self.failure is not None:
            raise self.failure
        return key_set(*self.keys)

    def fail(self) -> None:
        """From now on the server is out of order."""
        self.failure = KeyServerError("the key server answers with status 500")


class Clock:
    """Epoch seconds that a test moves on."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        """The time it is."""
        return self.now
