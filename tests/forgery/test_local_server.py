"""Forged tokens against a running `claimsctl serve`, over HTTP, in both modes that verify."""

import http.client
import time
from collections.abc import Iterator

import pytest
from claimsctl.entra.tokens import mint

from tests.cli.command import MEMBER, SECONDS
from tests.cli.server_process import HOST, ServerProcess, serving
from tests.forgery.conftest import Tally
from tests.forgery.corpus import SEED, TOKENS, forged_tokens

BODY = MEMBER.read_bytes()


@pytest.fixture(scope="module", params=["gateway", "function"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A server in either mode."""
    home = tmp_path_factory.mktemp("forged")
    with serving(home, "--caller-verification", request.param) as server:
        yield server


class Line:
    """One connection, made anew where the server has cut it for a header that was too large."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=SECONDS)

    def status(self, authorization: str) -> int | None:
        """What a caller gets; ``None`` for a header that HTTP cannot carry."""
        headers = {"content-type": "application/json", "authorization": authorization}
        try:
            self._connection.request("POST", "/callout", BODY, headers)
            answer = self._connection.getresponse()
            answer.read()
        except (UnicodeEncodeError, ValueError):
            self._connection.close()
            return None
        except (http.client.HTTPException, OSError):
            self._connection.close()
            return 401  # cut off: nobody gets in that way
        if answer.status == 400:  # the server refuses to read such a header
            self._connection.close()
            return 401
        return answer.status

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@pytest.mark.timeout(1800)
def test_claimsctl_serve(server: ServerProcess, tally: Tally) -> None:
    """Of thousands of forged tokens none gets claims over HTTP, and every good one does."""
    line, key = Line(server.port), server.key
    for number, forged in enumerate(forged_tokens(TOKENS, key, SEED + 2)):
        status = line.status(forged.authorization)
        if status is not None:
            tally.count_forged(forged.kind, status)
        if number % 10 == 0:
            good = mint(server.profile.claims(int(time.time())), key)
            tally.count_good(line.status(f"Bearer {good}") or 0)
    line.close()
    tally.check()
    assert tally.forged.total() > 0.9 * TOKENS
