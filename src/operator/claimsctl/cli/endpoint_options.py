"""Options about an endpoint: how often it is called, and with whose token."""

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
    typer.Option(help="Entra's maximumRetries.", envvar="ENTRA_RETRIES", min=0, max=RETRIES_MAX),
]
BearerToken = Annotated[
    str | None,
    typer.Option("--token", help="A bearer token.", envvar="CALLOUT_TOKEN", show_default=False),
]
TokenFrom = Annotated[
    TokenSource | None,
    typer.Option(
        "--token-from",
        help="local: as claimsctl serve takes it. client-credentials: from the tenant, for an app "
        "that the endpoint lists as its test caller; its secret is AZURE_CLIENT_SECRET.",
        show_default=False,
    ),
]
ClientId = Annotated[
    str | None,
    typer.Option(
        "--client-id",
        help="The test caller's application id.",
        envvar="AZURE_CLIENT_ID",
        show_default=False,
    ),
]
IdentifierUri = Annotated[
    str | None,
    typer.Option(
        "--identifier-uri",
        help="The endpoint's identifier URI, api://….",
        envvar="IDENTIFIER_URI",
        show_default=False,
    ),
]
Authority = Annotated[
    str | None,
    typer.Option(
        "--authority",
        help="Who gives tokens, in a national cloud: https://host/tenant.",
        envvar="ENTRA_AUTHORITY",
        show_default=False,
    ),
]

InsecureHttp = Annotated[
    bool,
    typer.Option(
        "--insecure-http",
        help="Send tokens and secrets over plain http to another machine: anybody on the way can"
        " read and use them.",
        envvar="CALLOUT_INSECURE_HTTP",
    ),
]

JUnit = Annotated[
    bool, typer.Option("--junit", help="The suite's report as JUnit's XML, for pipelines.")
]


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What a token of the tenant is asked for with, as far as it was given."""

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
    """The token to call `url` with: as given, or from `source`; ``None`` for none.

    Raises `OperatorError`, before anything is sent, when it would go over plain http to another
    machine and `insecure_http` does not allow that.
    """
    if token is not None or source is None:
        return given_bearer(url, token, insecure_http=insecure_http)
    _check_transport(url, "the bearer token", allowed=insecure_http)
    if source is TokenSource.LOCAL:
        return mint(profile.claims(int(time.time())), kept_key(key_path()))
    return _from_the_tenant(profile, credentials, insecure_http=insecure_http)


def given_bearer(url: str, token: str | None, *, insecure_http: bool) -> str | None:
    """`token`, if it may go to `url`. Raises `OperatorError` as `chosen_bearer` does."""
    if token is not None:
        _check_transport(url, "the bearer token", allowed=insecure_http)
    return token


def _check_transport(url: str, secret: str, *, allowed: bool) -> None:
    """Raise `OperatorError` when `secret` would cross a network unencrypted; if `allowed`, say so.

    The URL is read by the library that makes the call: two readers may see two hosts.
    """
    import httpx2  # noqa: PLC0415  # an HTTP client, which no token needs

    try:
        read = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        message = f"{url}: {error}; expected a URL such as https://host/tenant"
        raise OperatorError(message) from None
    host = read.raw_host.decode("ascii")
    if read.scheme == "https" or is_loopback(host):
        return
    danger = f"{secret} would go to {host} over plain {read.scheme}, for anybody on the way to use"
    if not allowed:
        message = f"{danger}: nothing was sent. Call it by https, or force it with --insecure-http"
        raise OperatorError(message)
    stderr().print(escaped(f"--insecure-http: {danger}"), style="yellow", markup=False)


def _from_the_tenant(
    profile: TokenProfile, credentials: ClientCredentials, *, insecure_http: bool
) -> str:
    # Imported here: an HTTP client, which is not needed to make a token.
    from claimsctl.entra.credentials import client_credentials_token  # noqa: PLC0415

    given = {
        "--client-id (AZURE_CLIENT_ID)": credentials.client_id,
        # No option of the command line, which everybody on the machine can read.
        "AZURE_CLIENT_SECRET in the environment": os.environ.get("AZURE_CLIENT_SECRET"),
        "--identifier-uri (IDENTIFIER_URI)": credentials.identifier_uri,
    }
    if missing := [name for name, value in given.items() if not value]:
        message = f"--token-from client-credentials needs {', '.join(missing)}"
        raise OperatorError(message)
    authority = credentials.authority or authority_of(profile.tenant_id, profile.kind)
    _check_transport(authority, "the client's secret", allowed=insecure_http)
    return client_credentials_token(
        authority,
        *(str(value) for value in given.values()),
    )
