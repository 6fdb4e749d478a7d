"""The page in a real browser: live, masked, and self-contained."""

import json
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from claimsctl.entra.callout import body_of
from claimsctl.entra.client import send_callout
from claimsctl.judge.attempt import Attempt
from claimsctl.judge.judge import judge
from claimsctl.judge.saved_answer import read_saved_answer

from tests.endpoints import JSON, Received, Reply, endpoint
from tests.judge.answers import body_with_claims
from tests.tap.browser import Browser, browser
from tests.tap.tap_process import TapProcess, tapping

OTHER_ACTION = "microsoft.graph.tokenIssuanceStart.continue"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhcGk6Ly94In0.S0meS1gnature"
SECRETS = ("Geheimrat", "casey@contoso.com", "S0meS1gnature", "k3y0ff", "30.51.176.110", "c00kie")
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
EVIL = "<img src=//evil.example/x onerror=alert(1)>"


def _respond(received: Received) -> Reply:
    if "bad" in received.path:
        return Reply(body=body_with_claims({"title": "Geheimrat", "age": 41}, OTHER_ACTION))
    if "evil" in received.path:
        return Reply(500, EVIL.encode(), {"content-type": EVIL, "set-cookie": "c00kie"})
    return Reply(body=body_with_claims({"title": "Geheimrat"}), headers=JSON)


@pytest.fixture(scope="module")
def stack() -> Iterator[ExitStack]:
    """What lasts as long as this module's tests."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def tap(stack: ExitStack, tmp_path_factory: pytest.TempPathFactory) -> TapProcess:
    """A tap before a service of many kinds."""
    service = stack.enter_context(endpoint(_respond))
    url = service.url.removesuffix("/callout")
    return stack.enter_context(tapping(tmp_path_factory.mktemp("tap"), url))


@pytest.fixture(scope="module")
def chromium(stack: ExitStack, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A browser."""
    return stack.enter_context(browser(tmp_path_factory.mktemp("browser")))


def _call(tap: TapProcess, path: str) -> Attempt:
    body = json.dumps(body_of("member") | {"mark": path}).encode()
    headers = JSON | {"authorization": f"Bearer {TOKEN}", "cookie": "c00kie"}
    url = f"http://127.0.0.1:{tap.port}/{path}?code=k3y0ff"
    return send_callout(url, body, headers, 20_000, NO_TLS)


def _rows(chromium: Browser) -> int:
    return int(chromium.run("document.querySelectorAll('#rows tr').length"))


def _open_list(tap: TapProcess, chromium: Browser) -> None:
    """The page with the exchanges so far: they come with the first message, after the opening."""
    chromium.open(tap.page)
    chromium.wait_for("document.getElementById('live').dataset.state === 'live'")
    chromium.wait_for("document.getElementById('upstream').textContent")


def _open_newest(tap: TapProcess, chromium: Browser, path: str) -> str:
    """The details of a new exchange, as text and markup."""
    _open_list(tap, chromium)
    before = _rows(chromium)
    _call(tap, path)
    chromium.wait_for(f"document.querySelectorAll('#rows tr').length > {before}")
    chromium.run("document.querySelector('#rows tr').click()")
    chromium.wait_for(f"document.getElementById('details').innerText.includes('/{path}')")
    return str(chromium.run("document.documentElement.outerHTML"))


def test_the_list_is_live(tap: TapProcess, chromium: Browser) -> None:
    """A new exchange appears at the top of the list by itself."""
    _open_list(tap, chromium)
    for path, shown in (("good", "accepted"), ("bad", "rejected 1003012")):
        before = _rows(chromium)
        _call(tap, path)
        chromium.wait_for(f"document.querySelectorAll('#rows tr').length === {before + 1}")
        newest = str(chromium.run("document.querySelector('#rows tr').innerText"))
        assert shown in newest
        assert body_of("member")["data"]["authenticationContext"]["user"]["id"] in newest
    assert "1 rejected" in chromium.text()


def test_a_click_shows_request_answer_and_findings(tap: TapProcess, chromium: Browser) -> None:
    """Findings with their place, the token decoded, timing, both bodies; Escape closes it."""
    _open_newest(tap, chromium, "bad")
    shown = str(chromium.run("document.getElementById('details').innerText"))
    for expected in (
        "The action type is not valid", "RSP007", "/data/actions/0/@odata.type",
        '"aud": "api://x"', "first byte", '"type": "microsoft.graph.authenticationEvent',
        "code=******", "1003012", "signature is neither shown",
    ):  # fmt: skip
        assert expected in shown
    assert f'"{OTHER_ACTION}"' == chromium.run(
        "document.querySelector('.finding mark').textContent"
    )
    chromium.run("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}))")
    assert chromium.run("document.getElementById('details').hidden") is True


@pytest.mark.parametrize("path", ["good", "bad"])
def test_nothing_secret_is_in_the_page(tap: TapProcess, chromium: Browser, path: str) -> None:
    """The DOM contains no claim value, user's identity, signature, key or cookie."""
    markup = _open_newest(tap, chromium, path)
    assert "********" in markup
    for secret in SECRETS:
        assert secret not in markup


@pytest.mark.parametrize("path", ["good", "bad"])
def test_a_download_is_masked_and_can_be_judged(
    tap: TapProcess, chromium: Browser, path: str
) -> None:
    """The downloads are an exchange with the real one's verdict, and its callout."""
    _open_newest(tap, chromium, path)
    exchange, callout = (
        httpx2.get(url)
        for url in chromium.run("[...document.querySelectorAll('.actions a')].map(a => a.href)")
    )
    for download in (exchange, callout):
        assert 200 == download.status_code
        assert "attachment" in download.headers["content-disposition"]
        for secret in SECRETS:
            assert secret not in download.text
    verdict = judge(read_saved_answer(exchange.content).answer)
    assert (None if path == "good" else 1003012) == verdict.entra_code
    assert path == callout.json()["mark"].replace("*", "") or "*" in callout.json()["mark"]


def test_what_a_service_sends_is_never_markup(tap: TapProcess, chromium: Browser) -> None:
    """An HTML answer is shown as text, and not loaded or run."""
    before = len(chromium.requested)
    markup = _open_newest(tap, chromium, "evil")
    assert "&lt;img src=" in markup
    assert 0 == chromium.run("document.querySelectorAll('img').length")
    assert not [url for url in chromium.requested[before:] if "evil.example" in url]


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
def test_it_fits_the_screen(
    tap: TapProcess, chromium: Browser, tmp_path: Path, width: int, *, dark: bool
) -> None:
    """The page fits the screen, light and dark, including on a phone, and is not empty."""
    _call(tap, "bad")
    chromium.open(tap.page, width=width, dark=dark)
    chromium.wait_for("document.querySelectorAll('#rows tr').length > 0")
    chromium.run("document.querySelector('#rows tr').click()")
    chromium.wait_for("document.querySelector('.finding') !== null")
    assert chromium.run("document.documentElement.scrollWidth") <= width
    ground = chromium.run("getComputedStyle(document.body).backgroundColor.match(/\\d+/g)[0] < 128")
    assert dark is ground
    chromium.picture(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 20_000


def test_no_request_leaves_this_machine(tap: TapProcess, chromium: Browser) -> None:
    """All requests of the page went to its own address, without errors."""
    _open_newest(tap, chromium, "good")
    own = f"127.0.0.1:{tap.page_port}"
    asked = {urlsplit(url).netloc for url in chromium.requested if not url.startswith("data:")}
    assert {own} == asked
    assert [] == chromium.errors


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("", {}, 200),
        ("", {"host": "localhost:PORT"}, 200),
        ("", {"host": "evil.example:PORT"}, 403),
        ("exchanges/1", {"host": "evil.example"}, 403),
        ("exchanges/1", {"origin": "http://evil.example"}, 403),
        ("exchanges/1", {"origin": "null"}, 403),
        ("exchanges/1", {"origin": "http://127.0.0.1:PORT"}, 200),
        ("exchanges/999", {}, 404),
        ("exchanges/999/exchange.json", {}, 404),
    ],
)
def test_another_site_cannot_reach_it(
    tap: TapProcess, path: str, headers: dict[str, str], expected: int
) -> None:
    """A foreign Host or Origin is refused."""
    _call(tap, "good")
    tap.wait_for("accepted")
    sent = {name: value.replace("PORT", str(tap.page_port)) for name, value in headers.items()}
    answer = httpx2.get(tap.page + path, headers=sent)
    assert expected == answer.status_code
    if expected == 200:
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("path", ["/", "/exchanges/1", "/guessed-guessed-guessed/"])
def test_without_its_secret_there_is_nothing(tap: TapProcess, path: str) -> None:
    """The address cannot be guessed."""
    assert 404 == httpx2.get(f"http://127.0.0.1:{tap.page_port}{path}").status_code
