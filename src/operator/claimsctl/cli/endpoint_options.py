"""Options about an endpoint: how often it is called, and with which token."""

import os
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from claimsctl.cli.console import stderr
from claimsctl.entra.key_file import kept_key, key_path
from claimsctl.entra.network import RETRIES_MAX, is_loopback
from claimsctl.entra.token_claims import TokenProfile, TokenVersion, authority_of
from claimsctl.entra.tokens import mint
from claimsctl.errors import OperatorError
from claimsctl.text import escaped


class TokenSource(StrEnum):
    """Where the bearer token comes from."""

    LOCAL = "local"
    CLIENT_CREDENTIALS = "client-credentials"


TokenVersionOption = Annotated[
    TokenVersion,
    typer.Option(
        "--token-version",
        help="The app registration's requestedAccessTokenVersion.",
        envvar="TOKEN_VERSION",
    ),
]
Retries = Annotated[
    int,
    typer.Option(
        help="How often to retry a callout (the custom authentication extension's maximumRetries).",
        envvar="ENTRA_RETRIES",
        min=0,
        max=RETRIES_MAX,
    ),
]
BearerToken = Annotated[
    str | None,
    typer.Option(
        "--token",
        help="The bearer token to send.",
        envvar="CALLOUT_TOKEN",
        show_default=False,
    ),
]
TokenFrom = Annotated[
    TokenSource | None,
    typer.Option(
        "--token-from",
        help="Where to get a bearer token. local: a test token that claimsctl serve accepts."
        " client-credentials: from Entra, for an app that the endpoint allows as a test caller;"
        " requires --client-id, --identifier-uri, and the test caller's client secret in"
        " AZURE_CLIENT_SECRET.",
        show_default=False,
    ),
]
ClientId = Annotated[
    str | None,
    typer.Option(
        "--client-id",
        help="The application (client) id of the test caller.",
        envvar="AZURE_CLIENT_ID",
        show_default=False,
    ),
]
IdentifierUri = Annotated[
    str | None,
    typer.Option(
        "--identifier-uri",
        help="The application ID URI of the endpoint's app registration, such as api://….",
        envvar="IDENTIFIER_URI",
        show_default=False,
    ),
]
Authority = Annotated[
    str | None,
    typer.Option(
        "--authority",
        help="The authority that issues tokens, such as https://host/tenant in a national cloud.",
        envvar="ENTRA_AUTHORITY",
        show_default="the tenant's in the global cloud",
    ),
]

InsecureHttp = Annotated[
    bool,
    typer.Option(
        "--insecure-http",
        help="Allow tokens and secrets to be sent to another machine over unencrypted HTTP, where"
        " anyone on the network path can read and use them.",
        envvar="CALLOUT_INSECURE_HTTP",
    ),
]


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """The given options for requesting a token from the tenant."""

    client_id: str | None
    identifier_uri: str | None
    authority: str | None


def chosen_bearer(
    url: str,
    token: str | None,
    source: TokenSource | None,
    profile: TokenProfile,
    credentials: ClientCredentials,
    *,
    insecure_http: bool,
) -> str | None:
    """Return the token to call `url` with: `token`, or one from `source`, or ``None``.

    Raises `OperatorError`, before anything is sent, when it would be sent unencrypted to another
    machine and `insecure_http` does not allow that.
    """
    if token is not None or source is None:
        return given_bearer(url, token, insecure_http=insecure_http)
    _check_transport(url, "the bearer token", allowed=insecure_http)
    if source is TokenSource.LOCAL:
        return mint(profile.claims(int(time.time())), kept_key(key_path()))
    return _from_the_tenant(profile, credentials, insecure_http=insecure_http)


def given_bearer(url: str, token: str | None, *, insecure_http: bool) -> str | None:
    """Return `token` if it may be sent to `url`. Raises `OperatorError` like `chosen_bearer`."""
    if token is not None:
        _check_transport(url, "the bearer token", allowed=insecure_http)
    return token


def _check_transport(url: str, secret: str, *, allowed: bool) -> None:
    """Raise `OperatorError`, or warn if `allowed`, when `secret` would be sent unencrypted.

    The URL is parsed by the library that makes the call, since another parser might see another
    host.
    """
    import httpx2  # noqa: PLC0415  # not needed without a token

    try:
        read = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        message = f"{url}: {error}; expected a URL such as https://host/tenant"
        raise OperatorError(message) from None
    host = read.raw_host.decode("ascii")
    if read.scheme == "https" or is_loopback(host):
        return
    path = f"to {host} over unencrypted {read.scheme}, readable by anyone on the network path"
    if not allowed:
        message = f"{secret} would be sent {path}; nothing was sent. Use an https URL"
        raise OperatorError(message)
    warning = f"--insecure-http: {secret} is sent {path}"
    stderr().print(escaped(warning), style="yellow", markup=False)


def _from_the_tenant(
    profile: TokenProfile, credentials: ClientCredentials, *, insecure_http: bool
) -> str:
    # Imported here because it loads an HTTP client, which a local token does not need.
    from claimsctl.entra.credentials import client_credentials_token  # noqa: PLC0415

    given = {
        "--client-id (AZURE_CLIENT_ID)": credentials.client_id,
        # Not a command-line option: other users of the machine can read command lines.
        "AZURE_CLIENT_SECRET in the environment": os.environ.get("AZURE_CLIENT_SECRET"),
        "--identifier-uri (IDENTIFIER_URI)": credentials.identifier_uri,
    }
    if missing := [name for name, value in given.items() if not value]:
        message = f"--token-from client-credentials requires {', '.join(missing)}"
        raise OperatorError(message)
    authority = credentials.authority or authority_of(profile.tenant_id, profile.kind)
    _check_transport(authority, "the client secret", allowed=insecure_http)
    return client_credentials_token(
        authority,
        *(str(value) for value in given.values()),
    )
