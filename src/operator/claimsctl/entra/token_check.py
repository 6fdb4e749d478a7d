"""Compare a bearer token with what Entra sends to an endpoint; explain each difference.

Sources: Entra's access token reference; for the issuers of external tenants, incident reports. The
signature is not checked here.
"""

import json
import time
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from claims_provider.contract.identifiers import AUTHENTICATION_EVENTS_APP_ID

from claimsctl.entra.token_claims import TenantKind, TokenVersion, issuer_of
from claimsctl.judge.finding import shortened

_LEEWAY_SECONDS: Final = 300
_PARTS: Final = 3
_SECONDS_MAX: Final = 253402300800
"""The year 10000, the end of Python's calendar."""
_SHOWN_CHARACTERS: Final = 200
_VERSIONS: Final = {"1.0": TokenVersion.V1, "2.0": TokenVersion.V2}
_ALGORITHM: Final = "RS256"


class Outcome(StrEnum):
    """The result of comparing a part of the token."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    """Not checked, because there is nothing to compare with."""


@dataclass(frozen=True, slots=True)
class TokenFinding:
    """The result for one part of a token."""

    part: str
    """The claim, or ``token``, ``signature``, ``alg``."""
    outcome: Outcome
    found: str
    expected: str = ""
    cause: str = ""
    cure: str = ""

    def document(self) -> dict[str, str]:
        """Return the finding as a JSON object."""
        return {
            "part": self.part, "outcome": self.outcome.value, "found": self.found,
            "expected": self.expected, "cause": self.cause, "cure": self.cure,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expected:
    """The endpoint's configuration; ``None`` means unknown, and the token's own value counts."""

    tenant_id: str | None = None
    kind: TenantKind | None = None
    audience: str | None = None
    """Exactly this value."""
    app_id: str | None = None
    """The app registration: its GUID in a v2 token, its identifier URI in a v1 token."""
    version: TokenVersion | None = None


@dataclass(frozen=True, slots=True)
class ReadToken:
    """Header and claims of a token."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]


def bare_token(text: str) -> str:
    """Return the token from pasted text: a header, ``Bearer`` and a token, quotes, or JSON."""
    text = text.strip()
    if text.startswith("{"):
        with suppress(ValueError, RecursionError, KeyError):
            text = str(json.loads(text)["access_token"])
    text = text.strip("\"'").strip()
    for prefix in ("authorization:", "bearer "):
        if text[: len(prefix)].lower() == prefix:
            text = text[len(prefix) :].strip()
    return text


def read_token(token: str) -> ReadToken | None:
    """Return the unverified header and claims, or ``None`` if it is not a JSON Web Token."""
    parts = token.split(".")
    if len(parts) != _PARTS:
        return None
    header, claims = _json_object(parts[0]), _json_object(parts[1])
    return None if header is None or claims is None else ReadToken(header, claims)


def check_token(token: str, expected: Expected, now: float | None = None) -> list[TokenFinding]:
    """Yield a finding for each part that the endpoint checks, in the same order."""
    read = read_token(token)
    if read is None:
        return [
            TokenFinding(
                "token",
                Outcome.FAIL,
                f"not a JSON Web Token: {_size(token)}",
                "three parts separated by dots: header, claims, signature",
                "It may be truncated, a placeholder or another kind of token.",
                "Copy the whole token, without quotes and line breaks.",
            )
        ]
    claims = read.claims
    return [
        _algorithm(read.header),
        _version(claims, expected.version),
        _issuer(claims, expected),
        _tenant(claims, expected),
        _audience(claims, expected),
        _caller(claims),
        *_times(claims, time.time() if now is None else now),
    ]


def _size(token: str) -> str:
    parts = token.count(".") + 1
    return f"{parts} {'part' if parts == 1 else 'parts'}, {len(token)} characters"


def _algorithm(header: Mapping[str, Any]) -> TokenFinding:
    found = str(header.get("alg"))
    if found == _ALGORITHM and header.get("kid"):
        return TokenFinding("alg", Outcome.OK, f"{found}, kid {_shown(header['kid'])}")
    return TokenFinding(
        "alg",
        Outcome.FAIL,
        f"alg {_shown(header.get('alg'))}, kid {_shown(header.get('kid'))}",
        f"{_ALGORITHM} with a kid",
        "Entra signs with RS256 and names its key.",
        "Use a token that Entra issued.",
    )


def _version(claims: Mapping[str, Any], expected: TokenVersion | None) -> TokenFinding:
    found = claims.get("ver")
    version = _VERSIONS.get(str(found))
    if version is not None and expected is not None and version is not expected:
        wanted = next(name for name, each in _VERSIONS.items() if each is expected)
        return TokenFinding(
            "ver",
            Outcome.FAIL,
            _shown(found),
            wanted,
            "requestedAccessTokenVersion of the API's app registration makes the version.",
            f"Set it to {expected.value}, or let the endpoint expect {found} with its issuer and"
            " audience.",
        )
    if version is not None and version in (expected, TokenVersion.V2):
        return TokenFinding("ver", Outcome.OK, str(found))
    if version is not None:
        return TokenFinding(
            "ver",
            Outcome.WARN,
            "1.0",
            "2.0, unless the endpoint is configured for v1 tokens",
            "requestedAccessTokenVersion of the API's app registration is not 2.",
            "Set requestedAccessTokenVersion to 2 if no other API relies on v1 tokens of this app.",
        )
    return TokenFinding(
        "ver",
        Outcome.FAIL,
        _shown(found),
        "1.0 or 2.0",
        "This is not an Entra access token.",
        "Use an access token for the API's app registration.",
    )


def _issuer(claims: Mapping[str, Any], expected: Expected) -> TokenFinding:
    found, version = claims.get("iss"), _VERSIONS.get(str(claims.get("ver")), TokenVersion.V2)
    tenant = expected.tenant_id or shortened(str(claims.get("tid")))
    kinds = list(TenantKind) if expected.kind is None else [expected.kind]
    right = list(dict.fromkeys(issuer_of(tenant, kind, version) for kind in kinds))
    if found in right:
        return TokenFinding("iss", Outcome.OK, str(found))
    wanted = " or ".join(right)
    others = {
        issuer_of(tenant, kind, each): (kind, each) for kind in TenantKind for each in TokenVersion
    }
    cause, cure = (
        "The token is from another tenant or another issuer.",
        f"Check the tenant: its issuer is {wanted}.",
    )
    if isinstance(found, str) and found in others:
        kind, _ = others[found]
        cause = f"The tenant's kind is {kind.value}, or the token has another version."
        cure = f"Expect {found} (TenantKind {kind.value}), and fetch the keys from that host."
    elif isinstance(found, str) and found.endswith(f".ciamlogin.com/{tenant}/v2.0"):
        cause = "The issuer's host contains the tenant's name; Entra uses the tenant's GUID."
        cure = f"Expect {wanted}, even if the metadata is fetched by the tenant's name."
    return TokenFinding("iss", Outcome.FAIL, _shown(found), wanted, cause, cure)


def _tenant(claims: Mapping[str, Any], expected: Expected) -> TokenFinding:
    found = claims.get("tid")
    if expected.tenant_id is None:
        return TokenFinding(
            "tid",
            Outcome.SKIP,
            _shown(found),
            "",
            "",
            "Use --tenant to give the tenant to compare with.",
        )
    if found == expected.tenant_id:
        return TokenFinding("tid", Outcome.OK, _shown(found))
    return TokenFinding(
        "tid",
        Outcome.FAIL,
        _shown(found),
        expected.tenant_id,
        "The token is from another tenant.",
        "Get the token from this tenant, or correct TenantId.",
    )


def _audience(claims: Mapping[str, Any], expected: Expected) -> TokenFinding:
    found = claims.get("aud")
    is_v1 = claims.get("ver") == "1.0"
    form = "the identifier URI api://{host}/{appId}" if is_v1 else "the app's client id (a GUID)"
    wanted = expected.audience or form.replace("{appId}", expected.app_id or "{appId}")
    if expected.audience is None and expected.app_id is None:
        return TokenFinding(
            "aud",
            Outcome.SKIP,
            _shown(found),
            form,
            "",
            "Use --app or --audience to give what the endpoint accepts.",
        )
    if found == expected.audience or (
        expected.audience is None
        and isinstance(found, str)
        and _is_of(found.lower(), str(expected.app_id), is_v1=is_v1)
    ):
        return TokenFinding("aud", Outcome.OK, _shown(found))
    cause = "The token is for another app registration."
    own = expected.audience or str(expected.app_id)
    if isinstance(found, str) and found and (found in own or own in found):
        cause = "A v2 token's audience is the app's GUID; a v1 token's is the api:// URI."
    return TokenFinding(
        "aud",
        Outcome.FAIL,
        _shown(found),
        wanted,
        cause,
        "Make the endpoint accept only the GUID and the api:// URI of its own app.",
    )


def _is_of(audience: str, app_id: str, *, is_v1: bool) -> bool:
    if is_v1:
        return audience.startswith("api://") and audience.endswith(f"/{app_id}")
    return audience == app_id


def _caller(claims: Mapping[str, Any]) -> TokenFinding:
    name = "appid" if claims.get("ver") == "1.0" else "azp"
    found = claims.get(name)
    if found == AUTHENTICATION_EVENTS_APP_ID:
        return TokenFinding(name, Outcome.OK, f"{found}, Entra's authentication events service")
    return TokenFinding(
        name,
        Outcome.FAIL,
        _shown(found),
        AUTHENTICATION_EVENTS_APP_ID,
        "Another app requested the token; Entra's own token names its events service.",
        "For a test, make the endpoint accept this app for a limited time (TEST_CALLER_APP_IDS).",
    )


def _times(claims: Mapping[str, Any], now: float) -> Iterator[TokenFinding]:
    for name in ("nbf", "exp"):
        at = claims.get(name)
        if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at < _SECONDS_MAX:
            yield TokenFinding(
                name, Outcome.FAIL, _shown(at), "a time in epoch seconds", "", "Use Entra's token."
            )
            continue
        text = _moment(at)
        is_right = at <= now + _LEEWAY_SECONDS if name == "nbf" else at > now
        if is_right:
            yield TokenFinding(name, Outcome.OK, text)
        elif name == "exp":
            yield TokenFinding(
                name, Outcome.FAIL, text, f"later than {_moment(now)}", "The token has expired.",
                "Get a new token.",
            )  # fmt: skip
        else:
            yield TokenFinding(
                name, Outcome.FAIL, text, f"at most {_moment(now)}", "The token is not valid yet.",
                "Correct this machine's clock.",
            )  # fmt: skip


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def _shown(value: Any) -> str:
    if value is None:
        return "missing"
    return shortened(value if isinstance(value, str) else json.dumps(value), _SHOWN_CHARACTERS)


def _json_object(part: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (Error, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
