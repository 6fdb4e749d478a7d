"""An issuer's keys: which count, how long they are kept, within which bounds they are fetched."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from claimsctl.emulator import issuer_keys as module
from claimsctl.emulator.issuer_keys import (
    BYTES_MAX,
    REFETCH_SECONDS,
    RETRY_SECONDS,
    IssuerKeys,
    fetch_key_set,
    keys_at,
    usable_keys,
)
from claimsctl.errors import OperatorError

from tests.key_servers import key_set
from tests.openid_provider import OpenIdProvider, openid_provider
from tests.tokens import NOW, issuer_key, other_key

TWO_HOURS = 7200
OLD = key_set(issuer_key())
NEW = key_set(issuer_key(), other_key())
OLD_IDS = {issuer_key().kid}
NEW_IDS = {issuer_key().kid, other_key().kid}


class _Publisher:
    def __init__(self, *key_sets: bytes) -> None:
        self.key_sets = list(key_sets)
        self.asked = 0

    def __call__(self) -> bytes:
        self.asked += 1
        if not self.key_sets:
            message = "nothing to publish"
            raise OperatorError(message)
        return self.key_sets.pop(0)


@pytest.mark.parametrize(
    ("later", "fetches"), [(0, 1), (TWO_HOURS - 1, 1), (TWO_HOURS, 2), (-1, 2)]
)
def test_they_are_used_for_two_hours(later: int, fetches: int) -> None:
    """Then they are fetched anew; so they are when the clock has been put back."""
    publisher = _Publisher(OLD, NEW)
    keys = IssuerKeys(publisher)
    assert OLD_IDS == set(keys.current(NOW))
    assert (OLD_IDS if fetches == 1 else NEW_IDS) == set(keys.current(NOW + later))
    assert fetches == publisher.asked


def test_a_gateway_does_not_fetch_for_an_unknown_id() -> None:
    """A key must be published two hours before it signs, as far as AWS documents it."""
    publisher = _Publisher(OLD, NEW)
    keys = IssuerKeys(publisher)
    keys.current(NOW)
    assert OLD_IDS == set(keys.current(NOW + 100, other_key().kid))
    assert 1 == publisher.asked


def test_a_failed_fetch_is_tried_again() -> None:
    """Nothing is cached of it."""
    publisher = _Publisher()
    keys = IssuerKeys(publisher)
    with pytest.raises(OperatorError):
        keys.current(NOW)
    publisher.key_sets.append(OLD)
    assert OLD_IDS == set(keys.current(NOW))


def _third_party(monkeypatch: pytest.MonkeyPatch, publisher: _Publisher) -> IssuerKeys:
    monkeypatch.setattr(module, "fetch_key_set", lambda _: publisher())
    return keys_at("https://issuer.example.com/keys")


def test_an_unknown_id_fetches_a_third_partys_keys_once_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A rotated key is found without a restart; a flood of made-up ids is one fetch a minute."""
    publisher = _Publisher(OLD, OLD, NEW)
    keys = _third_party(monkeypatch, publisher)
    keys.current(NOW)
    for second in range(REFETCH_SECONDS):
        assert OLD_IDS == set(keys.current(NOW + second, f"made-up-{second}"))
    assert 1 == publisher.asked
    assert OLD_IDS == set(keys.current(NOW + REFETCH_SECONDS, other_key().kid))
    assert NEW_IDS == set(keys.current(NOW + 2 * REFETCH_SECONDS, other_key().kid))
    assert 3 == publisher.asked


@pytest.mark.parametrize("kid", [issuer_key().kid, None, 7], ids=["known", "none", "number"])
def test_what_is_no_unknown_id_fetches_nothing(
    kid: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a known key nor a header without an id."""
    publisher = _Publisher(OLD, NEW)
    keys = _third_party(monkeypatch, publisher)
    keys.current(NOW)
    keys.current(NOW + 2 * REFETCH_SECONDS, kid)
    assert 1 == publisher.asked


def test_a_third_partys_last_keys_count_while_it_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fetch for an unknown id that fails changes nothing."""
    publisher = _Publisher(OLD)
    keys = _third_party(monkeypatch, publisher)
    keys.current(NOW)
    assert OLD_IDS == set(keys.current(NOW + REFETCH_SECONDS, other_key().kid))
    assert OLD_IDS == set(keys.current(NOW + REFETCH_SECONDS + 1, other_key().kid))
    assert 2 == publisher.asked


def test_a_third_party_that_starts_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """While there are no keys it is asked every two seconds, whatever comes in between."""
    publisher = _Publisher()
    keys = _third_party(monkeypatch, publisher)
    for later in (0, 1, RETRY_SECONDS - 0.1):
        with pytest.raises(OperatorError, match="nothing to publish"):
            keys.current(NOW + later)
    assert 1 == publisher.asked
    publisher.key_sets.append(OLD)
    assert OLD_IDS == set(keys.current(NOW + RETRY_SECONDS))


def test_a_file_is_read_for_each_token(tmp_path: Path) -> None:
    """A changed file counts at once, and so does one that is gone."""
    path = tmp_path / "jwks.json"
    keys = keys_at(str(path))
    with pytest.raises(OperatorError, match=r"jwks\.json: cannot be read: No such file"):
        keys.current(NOW)
    path.write_bytes(OLD)
    assert OLD_IDS == set(keys.current(NOW))
    path.write_bytes(NEW)
    assert NEW_IDS == set(keys.current(NOW))
    path.write_bytes(b" " * (BYTES_MAX + 1))
    with pytest.raises(OperatorError, match="at most 131072 bytes, found more"):
        keys.current(NOW)


def _jwk(**changes: Any) -> dict[str, Any]:
    return {name: v for name, v in {**issuer_key().jwk(), **changes}.items() if v is not None}


@pytest.mark.parametrize(
    ("changes", "algorithm"),
    [
        ({}, "RS256"), ({"use": None}, "RS256"), ({"alg": None}, "RS256"),
        ({"alg": "PS384"}, "PS384"),
        ({"key_ops": ["verify"]}, "RS256"), ({"key_ops": ["sign", "verify"], "use": None}, "RS256"),
        ({"issuer": "https://issuer.example.com"}, "RS256"),
    ],
)  # fmt: skip
def test_keys_that_verify_signatures(changes: dict[str, Any], algorithm: str) -> None:
    """What a key does not say about its use is no objection; without alg it is one for RS256."""
    (key,) = usable_keys(json.dumps({"keys": [_jwk(**changes)]}).encode(), "here").values()
    assert algorithm == key.algorithm_name


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"}, {"use": 7}, {"key_ops": ["encrypt"]}, {"key_ops": []},
        {"key_ops": "verify"}, {"kty": "EC"}, {"kty": None}, {"kid": None}, {"kid": 7},
        {"alg": "RSA-OAEP"},
        {"alg": "HS256"}, {"alg": ["RS256"]}, {"n": None}, {"n": "!"}, {"e": 3},
        {"n": "u1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0"},
    ],
)  # fmt: skip
def test_keys_that_do_not_count(changes: dict[str, Any]) -> None:
    """For encryption, of another kind, without an id, unreadable or too short: passed over."""
    both = json.dumps({"keys": [_jwk(**changes), other_key().jwk(), 7]}).encode()
    assert {other_key().kid} == set(usable_keys(both, "here"))
    alone = json.dumps({"keys": [_jwk(**changes)]}).encode()
    with pytest.raises(OperatorError, match=r"here: .* RSA key .* found none in 1 keys"):
        usable_keys(alone, "here")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"7", b'{"keys": 7}', b'{"keys": {}}', b"[" * 100_000, b"\xff"]
)
def test_what_is_no_key_set(body: bytes) -> None:
    """Anything else is an error."""
    with pytest.raises(OperatorError, match="here: expected a JSON Web Key Set"):
        usable_keys(body, "here")


def test_the_first_of_two_keys_with_one_id_counts() -> None:
    """A key that is appended later does not replace one that is known."""
    second = {**other_key().jwk(), "kid": issuer_key().kid}
    found = usable_keys(json.dumps({"keys": [issuer_key().jwk(), second]}).encode(), "here")
    assert issuer_key().jwk()["n"] == found[issuer_key().kid]._jwk_data["n"]


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    """A provider that publishes its keys."""
    with openid_provider() as provider:
        yield provider


def test_a_key_set_is_fetched(provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """From http on this machine, whatever proxies the environment names."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert key_set(provider.key) == fetch_key_set(provider.keys_url)


@pytest.mark.parametrize("status", [301, 302, 307, 401, 404, 500])
def test_no_redirect_is_followed(provider: OpenIdProvider, status: int) -> None:
    """Keys come from where the operator says, or not at all."""
    provider.status = status
    provider.headers = {"location": provider.keys_url}
    with pytest.raises(OperatorError, match=f"with status 200, found status {status}"):
        fetch_key_set(provider.keys_url)
    assert 1 == len(provider.asked)


def test_a_key_set_has_a_size(provider: OpenIdProvider) -> None:
    """More than 128 KiB from a URL is none."""
    provider.body = b" " * (BYTES_MAX + 1)
    with pytest.raises(OperatorError, match="larger than 131072 bytes"):
        fetch_key_set(provider.keys_url)


def test_a_fetch_has_an_end(provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """The timeout for a slow answer is the same as for no answer."""
    monkeypatch.setattr(module, "FETCH_MS", 300)
    provider.drip_seconds = 0.1
    began = time.monotonic()
    with pytest.raises(OperatorError, match="the key set cannot be fetched: "):
        fetch_key_set(provider.keys_url)
    assert time.monotonic() - began < 3
    provider.drip_seconds = 0


def test_nobody_there() -> None:
    """The reason is in the message."""
    with pytest.raises(
        OperatorError, match=r"http://127\.0\.0\.1:1/keys: the key set cannot be fetched: "
    ):
        fetch_key_set("http://127.0.0.1:1/keys")
