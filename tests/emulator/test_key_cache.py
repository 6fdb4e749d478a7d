"""The gateway's cache of an issuer's keys: two hours, come what may."""

from typing import Any

import pytest
from claimsctl.emulator.authorizer import KeyCache
from claimsctl.errors import OperatorError

from tests.tokens import NOW, issuer_key, other_key

TWO_HOURS = 7200


class _Publisher:
    def __init__(self, *key_sets: dict[str, Any]) -> None:
        self.key_sets = list(key_sets)

    def __call__(self) -> dict[str, Any]:
        if not self.key_sets:
            message = "nothing to publish"
            raise OperatorError(message)
        return self.key_sets.pop(0)


OLD = {"keys": [issuer_key().jwk()]}
NEW = {"keys": [issuer_key().jwk(), other_key().jwk()]}


@pytest.mark.parametrize(
    ("later", "fetches"), [(0, 1), (TWO_HOURS - 1, 1), (TWO_HOURS, 2), (-1, 2)]
)
def test_they_are_used_for_two_hours(later: int, fetches: int) -> None:
    """Then they are fetched anew; so they are when the clock has been put back."""
    publisher = _Publisher(OLD, NEW)
    cache = KeyCache(publisher)
    assert {issuer_key().kid} == set(cache.keys(NOW))
    expected = {issuer_key().kid} if fetches == 1 else {issuer_key().kid, other_key().kid}
    assert expected == set(cache.keys(NOW + later))
    assert 2 - fetches == len(publisher.key_sets)


def test_a_failed_fetch_is_tried_again() -> None:
    """Nothing is cached of it."""
    publisher = _Publisher()
    cache = KeyCache(publisher)
    with pytest.raises(OperatorError):
        cache.keys(NOW)
    publisher.key_sets.append(OLD)
    assert {issuer_key().kid} == set(cache.keys(NOW))


def test_only_rsa_keys_for_signatures_count() -> None:
    """A key for encryption or of another kind is not one to verify with."""
    jwk = issuer_key().jwk()
    others = [{**jwk, "kid": "enc", "use": "enc"}, {"kty": "EC", "use": "sig", "kid": "ec"}]
    assert {jwk["kid"]} == set(KeyCache(lambda: {"keys": [*others, jwk]}).keys(NOW))
