"""Cold start: create the settings, the client and the verifier once."""

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
"""The part of the budget for one connect or read, so that there is time for a second attempt: a
connection that died while the environment was frozen hangs until its timeout."""

PUBLISH_MS: Final = 6000
"""The time for fetching keys before a snapshot: longer than one fetch, so that none stays open."""

_USER_AGENT = f"entra-claims-provider Botocore/{botocore.__version__}"
"""The function's name in CloudTrail data events."""


def build_handler(
    environment: Mapping[str, str] = os.environ,
    fetch_keys: "FetchKeys | None" = None,
    verifier: Verifier | None = None,
) -> CalloutHandler:
    """Return the handler that `environment` configures. Raises `SettingsError`.

    For a local machine without Entra: `fetch_keys` replaces the issuers' key servers, and
    `verifier` replaces the one that the settings choose. No setting can set either.
    """
    settings = read_settings(environment)
    budget = budget_ms(settings.entra_wait_ms)
    is_for_snapshot = environment.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"
    # No caller waits while a version is published, so fetching the keys may take longer.
    keys_ms = PUBLISH_MS if is_for_snapshot else budget
    verifier = verifier or verifier_of(settings, keys_ms, fetch_keys)
    store = ClaimsStore(settings.table_name, _connector(budget))
    telemetry = Telemetry(environment.get("AWS_LAMBDA_FUNCTION_NAME", "local"))
    if is_for_snapshot:
        # Imported here because no other cold start needs it.
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
    """Return the check that the caller is Entra, as `settings` choose it.

    `keys_ms` (milliseconds) is the time limit for fetching the issuers' keys now.
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
    # Imported here because a JWT library adds 40 ms to a cold start; gateway mode does not need it.
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
        # botocore would determine these for each call, at a seventh of the call's cost: the user
        # agent, and whether keys, which `layers_of` always makes, are valid.
        user_agent=_USER_AGENT,
        parameter_validation=False,
    )

    # Most of a client's cost is reading the service description. It is read once from its known
    # location, without searching folders that do not exist in Lambda.
    descriptions = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    ca_certificates = SharedCaCertificates()

    # One session for each client, because a hanging credential refresh holds its session's lock.
    def connect() -> "DynamoDBClient":
        session = botocore.session.Session()
        session.register_component("data_loader", descriptions)
        if CONTAINER_CREDENTIALS in os.environ:
            # Imported here because Lambda uses them with SnapStart only.
            from claims_provider.credentials import retry_soon  # noqa: PLC0415

            retry_soon(session)
        client = cast("DynamoDBClient", session.create_client("dynamodb", config=config))
        if client.meta.endpoint_url.startswith("https:"):
            ca_certificates.share_with(client)
        return client

    return connect
