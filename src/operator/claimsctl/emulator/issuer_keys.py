"""Read and cache the public keys of an issuer."""

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import jwt

from claimsctl.entra.client import send_callout
from claimsctl.errors import OperatorError
from claimsctl.judge.body import BODY_BYTES_MAX

GATEWAY_SECONDS: Final = 2 * 60 * 60
"""API Gateway "can cache the public key for two hours" (developer guide, JWT authorizers)."""

REFETCH_SECONDS: Final = 60
"""The minimum time between two fetches for an unknown key id."""

RETRY_SECONDS: Final = 2
"""The minimum time between two fetches while there are no keys."""

FETCH_MS: Final = 5000
"""The longest time for fetching a URL, from the name lookup to the last byte."""

BYTES_MAX: Final = BODY_BYTES_MAX
"""The largest key set, from a file or a URL."""

KEY_BITS_MIN: Final = 2048
_OK = 200
_RSA_SIGNATURES = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})

Keys = Mapping[str, jwt.PyJWK]
"""Keys by id."""


class IssuerKeys:
    """The keys of one issuer, fetched when needed. Thread-safe."""

    def __init__(
        self,
        fetch: Callable[[], bytes],
        keep_seconds: float = GATEWAY_SECONDS,
        refetch_seconds: float | None = None,
        retry_seconds: float = 0,
        where: str = "the issuer's keys",
    ) -> None:
        """`fetch` returns a JSON Web Key Set, or raises `OperatorError`; errors name `where`.

        Keys are used for `keep_seconds`; zero reads them for each token. An unknown key id causes
        a new fetch, at most every `refetch_seconds`, or never if that is ``None``. The developer
        guide does not say whether a real gateway does so. After a failure, the next attempt is
        `retry_seconds` later.
        """
        self.fetch = fetch
        self._keep_seconds = keep_seconds
        self._refetch_seconds = refetch_seconds
        self._retry_seconds = retry_seconds
        self._where = where
        self._lock = threading.Lock()
        self._keys: Keys = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._failure = ""

    def current(self, now: float, kid: object = None) -> Keys:
        """Return the valid keys at `now` (epoch seconds), for a token that names `kid`.

        Raises `OperatorError` if there are none.
        """
        with self._lock:
            if _is_past(self._fetched_at, self._keep_seconds, now):
                self._renew(now)
            elif (
                self._refetch_seconds is not None
                and isinstance(kid, str)
                and kid not in self._keys
                and _is_past(self._tried_at, self._refetch_seconds, now)
            ):
                with suppress(OperatorError):  # the cached keys are still valid
                    self._renew(now)
            return self._keys

    def _renew(self, now: float) -> None:
        if self._failure and not _is_past(self._tried_at, self._retry_seconds, now):
            raise OperatorError(self._failure)
        self._tried_at = now
        try:
            self._keys = usable_keys(self.fetch(), self._where)
        except OperatorError as error:
            self._failure = str(error)
            raise
        self._failure = ""
        self._fetched_at = now


def _is_past(moment: float | None, seconds: float, now: float) -> bool:
    return (
        moment is None or not 0 <= now - moment < seconds
    )  # before `moment` if the clock was set back


def usable_keys(key_set: bytes, where: str) -> dict[str, jwt.PyJWK]:
    """Return the keys of a JSON Web Key Set (RFC 7517) that may have signed a token, by id.

    These are RSA keys of at least 2048 bits that have an id. If ``use``, ``key_ops`` or ``alg`` is
    present, it must allow verifying signatures. A key without ``alg`` is for RS256. Raises
    `OperatorError`, which names `where`, if `key_set` is not a key set or has no such key.
    """
    try:
        entries = json.loads(key_set)["keys"]
    except (ValueError, RecursionError, KeyError, TypeError):
        entries = None
    if not isinstance(entries, list):
        message = f'{where}: expected a JSON Web Key Set: {{"keys": [...]}}'
        raise OperatorError(message)
    keys: dict[str, jwt.PyJWK] = {}
    for entry in entries:
        if isinstance(entry, dict) and _verifies_signatures(entry):
            with suppress(jwt.PyJWTError, ValueError, TypeError):
                key = jwt.PyJWK(entry)
                if key.key.key_size >= KEY_BITS_MIN:
                    keys.setdefault(entry["kid"], key)
    if not keys:
        message = (
            f"{where}: expected an RSA key with an id (kid) for verifying signatures, found none in"
            f" {len(entries)} keys"
        )
        raise OperatorError(message)
    return keys


def _verifies_signatures(jwk: Mapping[str, Any]) -> bool:
    operations = jwk.get("key_ops", ["verify"])
    algorithm = jwk.get("alg", "RS256")
    return (
        jwk.get("kty") == "RSA"
        and isinstance(jwk.get("kid"), str)
        and jwk.get("use", "sig") == "sig"
        and (isinstance(operations, list) and "verify" in operations)
        and (isinstance(algorithm, str) and algorithm in _RSA_SIGNATURES)
    )


def keys_at(where: str) -> IssuerKeys:
    """Return the keys of the key set at `where`, a URL or the path of a file.

    A file is read for each token. A URL is fetched every two hours, and for an unknown key id.
    """
    if is_url(where):
        return IssuerKeys(
            partial(fetch_key_set, where),
            refetch_seconds=REFETCH_SECONDS,
            retry_seconds=RETRY_SECONDS,
            where=where,
        )
    return IssuerKeys(partial(read_key_file, Path(where)), keep_seconds=0, where=where)


def is_url(where: str) -> bool:
    """Return whether a key set is at a URL and not in a file."""
    return where.startswith(("http://", "https://"))


def read_key_file(path: Path) -> bytes:
    """Return the bytes of the file `path`. Raises `OperatorError` if unreadable or too long."""
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise OperatorError(message) from None
    if len(content) > BYTES_MAX:
        message = f"{path}: expected a key set of at most {BYTES_MAX} bytes, found more"
        raise OperatorError(message)
    return content


def fetch_key_set(url: str) -> bytes:
    """Return the body at `url`, without redirects or proxies, within `FETCH_MS` and `BYTES_MAX`.

    Raises `OperatorError`, which describes what was received instead.
    """
    attempt = send_callout(url, b"", {"accept": "application/json"}, FETCH_MS, method="GET")
    if attempt.answer is None:
        reason = attempt.no_answer.detail if attempt.no_answer else "no answer"
        message = f"{url}: the key set cannot be fetched: {reason}"
        raise OperatorError(message)
    if attempt.answer.status != _OK:
        message = f"{url}: expected a key set with status 200, found status {attempt.answer.status}"
        raise OperatorError(message)
    return attempt.answer.body
