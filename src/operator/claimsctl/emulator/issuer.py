"""The issuers whose tokens the local endpoint accepts: the local issuer, or a third party.

The local issuer publishes the same documents as Entra, on the loopback interface and at the same
paths. ``issuer`` in them is Entra's real issuer, because tokens are compared with it as in a
deployment; only ``jwks_uri`` is local. Sources: OpenID Connect Discovery 1.0; Microsoft's reference
of the OpenID Connect protocol.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from claims_provider.contract import issuers
from claims_provider.deadline import Deadline
from claims_provider.inbound.caller import Caller, ExpectedCaller, GatewayVerifier, Verifier
from claims_provider.inbound.http_event import HttpCall
from claims_provider.inbound.key_set import KeyServerError
from claims_provider.settings import CallerVerification, Settings

from claimsctl.emulator.authorizer import JwtAuthorizer
from claimsctl.emulator.issuer_keys import IssuerKeys
from claimsctl.entra.token_claims import TenantKind, TokenVersion, issuer_of
from claimsctl.entra.tokens import ALGORITHM, SigningKey
from claimsctl.errors import OperatorError

_PREFIX = {TokenVersion.V1: "", TokenVersion.V2: "v2.0/"}
_START_MS = 2000
"""How long a function that verifies tokens waits at its start for a third party's keys."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """The local issuer of a tenant's tokens."""

    tenant_id: str
    kind: TenantKind
    key: Callable[[], SigningKey]
    """Returns the current signing key; called each time, so that a new key is published at once."""

    def discovery_path(self, version: TokenVersion) -> str:
        """Return the path of a token version's discovery document."""
        return f"/{self.tenant_id}/{_PREFIX[version]}.well-known/openid-configuration"

    def keys_path(self, version: TokenVersion) -> str:
        """Return the path of a token version's key set; both versions have the same keys."""
        return f"/{self.tenant_id}/discovery/{_PREFIX[version]}keys"

    def discovery(self, version: TokenVersion, base_url: str) -> dict[str, Any]:
        """Return the discovery document of a token version, published below `base_url`."""
        return {
            "issuer": issuer_of(self.tenant_id, self.kind, version),
            "jwks_uri": f"{base_url}{self.keys_path(version)}",
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "subject_types_supported": ["pairwise"],
        }

    def key_set(self) -> dict[str, Any]:
        """Return the valid keys, as a JSON Web Key Set.

        Raises `OperatorError` if the key cannot be read.
        """
        return {"keys": [self.key().jwk()]}

    def fetch_keys(self, keys_url: str) -> bytes:  # noqa: ARG002  # one key for all its issuers
        """Return the answer of Entra's key server at `keys_url`. Raises as `key_set` does."""
        return json.dumps(self.key_set()).encode()

    def authorizer(self, settings: Settings) -> JwtAuthorizer | None:
        """Return the gateway's authorizer as in template.yaml, or ``None`` if the route has none.

        It is configured like the function, and only gateway mode has one.
        """
        if settings.caller_verification is not CallerVerification.GATEWAY:
            return None
        (expected,) = settings.token_issuer
        keys = IssuerKeys(lambda: self.fetch_keys(""))
        return JwtAuthorizer(expected, frozenset(settings.token_audiences), keys)


NO_CALLER = "none"
"""Stands for the caller of a token without one: some emulators of Entra omit ``azp``."""


@dataclass(frozen=True, slots=True)
class _NamelessCallers:
    """Gateway mode's checks, for tokens with or without the claim that names the caller."""

    checks: GatewayVerifier

    def verify(self, call: HttpCall, deadline: Deadline) -> Caller:
        """Return the caller. Raises `CallerRefused`."""
        claims = call.authorizer_claims
        if claims is not None and not claims.keys() & {"azp", "appid"}:
            named = {**claims, "azp": NO_CALLER, "appid": NO_CALLER}
            call = replace(call, authorizer_claims=named)
        return self.checks.verify(call, deadline)

    def renew(self) -> None:
        """Do nothing: all values are configured."""


@dataclass(frozen=True, slots=True)
class ThirdPartyIssuer:
    """An issuer other than Entra whose tokens the endpoint accepts on this machine.

    A deployed function accepts Entra's issuers only, and its settings refuse any other. Here the
    function gets a verifier with the same checks for this issuer.
    """

    url: str
    """``iss``, compared character by character."""
    tenant_id: str
    """``tid``."""
    audiences: frozenset[str]
    callers: frozenset[str]
    """App ids accepted in ``azp`` (``appid`` in v1 tokens), in addition to Entra's own; `NO_CALLER`
    also accepts tokens without that claim, in gateway mode."""
    keys: IssuerKeys

    def authorizer(self, mode: CallerVerification) -> JwtAuthorizer | None:
        """Return the gateway's authorizer for this issuer, or ``None`` if the route has none."""
        if mode is not CallerVerification.GATEWAY:
            return None
        return JwtAuthorizer(self.url, self.audiences, self.keys)

    def verifier(self, mode: CallerVerification) -> Verifier:
        """Return the function's own checks for this issuer. `mode` is ``gateway`` or ``function``.

        Raises `OperatorError` for `NO_CALLER` in function mode, whose checks have no exception.
        """
        expected = ExpectedCaller(
            tenant_id=self.tenant_id,
            issuer=self.url,
            audiences=self.audiences,
            test_app_ids=self.callers,
            test_until=math.inf,
        )
        if mode is CallerVerification.GATEWAY:
            checks = GatewayVerifier(expected)
            return _NamelessCallers(checks) if NO_CALLER in self.callers else checks
        if NO_CALLER in self.callers:
            message = f"--caller {NO_CALLER} requires --caller-verification gateway"
            raise OperatorError(message)
        # Imported here: only this mode verifies tokens in the function.
        from claims_provider.inbound.signing_keys import SigningKeys  # noqa: PLC0415
        from claims_provider.inbound.token import TokenVerifier, TrustedIssuer  # noqa: PLC0415

        source = issuers.Issuer(self.url, keys_url=self.url, tenant_id=self.tenant_id)
        trusted = TrustedIssuer(expected, SigningKeys(source, self._fetch_for_function))
        return TokenVerifier((trusted,), Deadline.after_ms(_START_MS))

    def _fetch_for_function(self, _: str) -> bytes:
        try:
            return self.keys.fetch()
        except OperatorError as error:
            raise KeyServerError(str(error)) from None
