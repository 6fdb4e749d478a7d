"""Cold start: settings, client, what to verify, put together once."""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, cast

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

from claims_provider.ca_certificates import SharedCaCertificates
from claims_provider.claims.store import ClaimsStore
from claims_provider.deadline import Deadline, budget_ms
from claims_provider.handler import CalloutHandler
from claims_provider.inbound.caller import ExpectedCaller, GatewayVerifier, NoVerification, Verifier
from claims_provider.settings import CallerVerification, Settings, read_settings
from claims_provider.telemetry import Telemetry

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from claims_provider.inbound.signing_keys import FetchKeys

CONTAINER_CREDENTIALS: Final = "AWS_CONTAINER_CREDENTIALS_FULL_URI"

_ATTEMPT_SHARE = 0.4
"""Part of the budget that one connect or one read may take, so that a second attempt fits in: a
connection that died while the environment was frozen hangs until its time-out."""

PUBLISH_MS: Final = 6000
"""What fetching keys may take before a snapshot: longer than a fetch, so that none is left open."""

_USER_AGENT = f"entra-claims-provider Botocore/{botocore.__version__}"
"""The reader's name in CloudTrail's data events."""


def build_handler(
    environment: Mapping[str, str] = os.environ,
    fetch_keys: "FetchKeys | None" = None,
    verifier: Verifier | None = None,
) -> CalloutHandler:
    """The handler that `environment` configures. Raises `SettingsError`.

    For one machine, where there is no Entra: `fetch_keys` stands for the issuers' key servers,
    `verifier` for what the settings choose. No setting reaches either.
    """
    settings = read_settings(environment)
    budget = budget_ms(settings.entra_wait_ms)
    is_for_snapshot = environment.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"
    # Nobody waits while a version is published: fetching what the snapshot holds may take longer.
    keys_ms = PUBLISH_MS if is_for_snapshot else budget
    verifier = verifier or verifier_of(settings, keys_ms, fetch_keys)
    store = ClaimsStore(settings.table_name, _connector(budget))
    telemetry = Telemetry(environment.get("AWS_LAMBDA_FUNCTION_NAME", "local"))
    if is_for_snapshot:
        # Imported here: no other cold start needs it.
        from claims_provider.snapshot import SnapshotHooks  # noqa: PLC0415

        SnapshotHooks(verifier, store, telemetry).register()
    return CalloutHandler(
        settings=settings,
        verifier=verifier,
        store=store,
        telemetry=telemetry,
        budget_ms=budget,
    )


def verifier_of(settings: Settings, keys_ms: int, fetch_keys: "FetchKeys | None") -> Verifier:
    """The check that the caller is Entra, as `settings` choose it.

    `keys_ms` (milliseconds) is what fetching the issuers' keys may take now.
    """
    match settings.caller_verification:
        case CallerVerification.NONE:
            return NoVerification(settings.tenant_id[0])
        case CallerVerification.GATEWAY:
            (tenant_id,), (issuer,) = settings.tenant_id, settings.token_issuer
            return GatewayVerifier(_expected(settings, tenant_id, issuer))
        case CallerVerification.FUNCTION:
            return _token_verifier(settings, keys_ms, fetch_keys)


def _expected(settings: Settings, tenant_id: str, issuer: str) -> ExpectedCaller:
    return ExpectedCaller(
        tenant_id=tenant_id,
        issuer=issuer,
        audiences=frozenset(settings.token_audiences),
        test_app_ids=settings.test_caller_app_ids,
        test_until=settings.test_callers_until,
    )


def _token_verifier(settings: Settings, keys_ms: int, fetch_keys: "FetchKeys | None") -> Verifier:
    # Imported here: a JWT library costs a cold start 40 ms, which gateway mode need not pay.
    import ssl  # noqa: PLC0415
    from urllib.parse import urlsplit  # noqa: PLC0415

    from claims_provider.inbound.key_server import KeyServer  # noqa: PLC0415
    from claims_provider.inbound.signing_keys import SigningKeys  # noqa: PLC0415
    from claims_provider.inbound.token import TokenVerifier, TrustedIssuer  # noqa: PLC0415

    hosts = frozenset(str(urlsplit(issuer.keys_url).hostname) for issuer in settings.issuers)
    fetch = fetch_keys or KeyServer(ssl.create_default_context(), hosts)
    issuers = tuple(
        TrustedIssuer(
            _expected(settings, issuer.tenant_id, issuer.url),
            SigningKeys(issuer, fetch),
        )
        for issuer in settings.issuers
    )
    return TokenVerifier(issuers, Deadline.after_ms(keys_ms))


def _connector(budget: int) -> "Callable[[], DynamoDBClient]":
    share = budget * _ATTEMPT_SHARE / 1000
    config = Config(
        connect_timeout=share,
        read_timeout=share,
        retries={"total_max_attempts": 1, "mode": "standard"},
        tcp_keepalive=True,
        # What botocore would find out anew for each call, a seventh of what the call costs: who is
        # calling, and whether keys that are all made by `layers_of` are keys.
        user_agent=_USER_AGENT,
        parameter_validation=False,
    )

    # Reading the service's description is nearly all that a client costs: it is read once, where
    # it is, and not looked for in folders that a function has not.
    descriptions = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    ca_certificates = SharedCaCertificates()

    # A session each: a credential refresh that hangs holds a lock of its session for ever.
    def connect() -> "DynamoDBClient":
        session = botocore.session.Session()
        session.register_component("data_loader", descriptions)
        if CONTAINER_CREDENTIALS in os.environ:
            # Imported here: Lambda has them under SnapStart only.
            from claims_provider.credentials import retry_soon  # noqa: PLC0415

            retry_soon(session)
        client = cast("DynamoDBClient", session.create_client("dynamodb", config=config))
        if client.meta.endpoint_url.startswith("https:"):
            ca_certificates.share_with(client)
        return client

    return connect
