"""Options that several commands have, each with the environment variable that stands for it."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import httpx2
import typer
from claims_provider.contract.identifiers import canonical_guid
from claims_provider.settings import CallerVerification

from claimsctl.entra.play import RETRIES_MAX
from claimsctl.entra.token_claims import TenantKind, TokenVersion


def _guid(value: str | None) -> str | None:
    try:
        return None if value is None else canonical_guid(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _url(value: str | None) -> str | None:
    if value is None:
        return None
    with suppress(ValueError):  # a port out of range, brackets that do not close
        url = urlsplit(value)
        blank = any(character.isspace() for character in value)
        if url.scheme in {"http", "https"} and url.hostname and url.port != 0 and not blank:
            return value
    message = f"expected a URL such as http://127.0.0.1:8000, found {value!r}"
    raise typer.BadParameter(message)


def callout_url(value: str) -> str:
    """The URL of an endpoint, http for one on this machine: one that can be called as it stands."""
    with suppress(ValueError, httpx2.InvalidURL):
        url = urlsplit(value)
        blank = any(character.isspace() for character in value)
        has_host = url.hostname and httpx2.URL(value).raw_host
        if url.scheme in {"http", "https"} and has_host and url.port != 0 and not blank:
            return value
    message = f"expected a URL such as https://host/callout, found {value!r}"
    raise typer.BadParameter(message)


def input_file(value: str) -> Path:
    """The path that an argument gives; an empty one would be the working directory."""
    if not value:
        message = "empty; expected a file, or - for standard input"
        raise typer.BadParameter(message)
    return Path(value)


ClaimsFile = Annotated[
    Path | None,
    typer.Option(
        "--claims",
        help="Claims for the embedded table: CSV or JSON lines.",
        show_default=False,
    ),
]
Tenant = Annotated[
    str | None,
    typer.Option(
        "--tenant", help="Tenant id (GUID).", envvar="TENANT_ID", callback=_guid, show_default=False
    ),
]
EndpointUrl = Annotated[
    str | None,
    typer.Option(
        "--endpoint-url",
        help="A DynamoDB endpoint to use instead of the embedded one.",
        envvar="AWS_ENDPOINT_URL_DYNAMODB",
        callback=_url,
        show_default=False,
    ),
]
TableName = Annotated[
    str | None,
    typer.Option("--table", help="Table name.", envvar="TABLE_NAME", show_default=False),
]
Verification = Annotated[
    CallerVerification,
    typer.Option("--caller-verification", help="As in the template.", envvar="CALLER_VERIFICATION"),
]
Kind = Annotated[
    TenantKind, typer.Option("--tenant-kind", help="As in the template.", envvar="TENANT_KIND")
]
Version = Annotated[
    TokenVersion,
    typer.Option(
        "--token-version",
        help="The app registration's requestedAccessTokenVersion.",
        envvar="TOKEN_VERSION",
    ),
]
WaitMs = Annotated[
    int,
    typer.Option(
        "--timeout-ms",
        help="Entra's wait: the extension's timeoutInMilliseconds.",
        envvar="ENTRA_WAIT_MS",
        min=200,
        max=2000,
    ),
]
Retries = Annotated[
    int,
    typer.Option(help="Entra's maximumRetries.", envvar="ENTRA_RETRIES", min=0, max=RETRIES_MAX),
]
