"""Options that several commands share, each with the environment variable that sets it."""

import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from claims_provider.contract.identifiers import canonical_address, canonical_guid

from claimsctl.errors import OperatorError
from claimsctl.text import in_quotes


def guid(value: str | None) -> str | None:
    """Check the GUID given to an option, if any, and return it in canonical form."""
    try:
        return None if value is None else canonical_guid(value)
    except ValueError as error:
        message = f"{error}; found {in_quotes(value or '')}"
        raise typer.BadParameter(message) from None


def _user(value: str) -> str:
    try:
        return canonical_address(value) if "@" in value else canonical_guid(value)
    except ValueError as error:
        choice = "" if "@" in value else ", or an address with @"
        message = f"{error}{choice}; found {in_quotes(value)}"
        raise typer.BadParameter(message) from None


def user_or_none(value: str | None) -> str | None:
    """Check the object id or address given to an option, if any."""
    return None if value is None else _user(value)


def url_or_none(value: str | None) -> str | None:
    """Check the http or https URL given to an option, if any."""
    if value is None:
        return None
    with suppress(ValueError):  # urlsplit: a port out of range, an unclosed bracket
        url = urlsplit(value)
        blank = any(character.isspace() for character in value)
        if url.scheme in {"http", "https"} and url.hostname and url.port != 0 and not blank:
            return value
    message = f"expected a URL such as http://127.0.0.1:8000; found {in_quotes(value)}"
    raise typer.BadParameter(message)


def host_names(values: list[str] | None) -> list[str]:
    """Check the host names given to an option, and return them in lower case."""
    for value in values or ():
        if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", value):
            message = (
                f"expected a host name without a scheme, port or path, such as"
                f" claims-test.example; found {in_quotes(value)}"
            )
            raise typer.BadParameter(message)
    return [value.lower() for value in values or ()]


def account_or_none(value: str | None) -> str | None:
    """Check the AWS account id given to an option, if any."""
    if value is None or re.fullmatch("[0-9]{12}", value):
        return value
    message = f"expected a 12-digit AWS account id; found {in_quotes(value)}"
    raise typer.BadParameter(message)


def callout_url(value: str) -> str:
    """Check the URL of an endpoint to call."""
    import httpx2  # noqa: PLC0415  # most commands make no HTTP call

    with suppress(ValueError, httpx2.InvalidURL):
        url = urlsplit(value)
        blank = any(character.isspace() for character in value)
        has_host = url.hostname and httpx2.URL(value).raw_host
        if url.scheme in {"http", "https"} and has_host and url.port != 0 and not blank:
            return value
    message = (
        f"expected an http or https URL such as https://host/callout; found {in_quotes(value)}"
    )
    raise typer.BadParameter(message)


def input_file(value: str) -> Path:
    """Check the path given to an argument: ``Path("")`` would be the working directory."""
    if not value:
        message = "expected a file name, or - for standard input; found an empty string"
        raise typer.BadParameter(message)
    return Path(value)


def read_input(path: Path, bytes_max: int = -1) -> bytes:
    """Read at most `bytes_max` bytes of the file at `path`, or of standard input for ``-``.

    Raises `OperatorError` when the file cannot be read.
    """
    try:
        if str(path) == "-":
            return sys.stdin.buffer.read(bytes_max)
        with path.open("rb") as file:
            return file.read(bytes_max)
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise OperatorError(message) from None


Tenant = Annotated[
    str | None,
    typer.Option(
        "--tenant",
        help="The tenant id (a GUID).",
        envvar="TENANT_ID",
        callback=guid,
        show_default=False,
    ),
]


def _endpoint_url(otherwise: str) -> Any:
    """Return the option, whose default is `otherwise` if no table in AWS is named."""
    return typer.Option(
        "--endpoint-url",
        help="The DynamoDB endpoint URL, such as http://localhost:8000.",
        envvar="AWS_ENDPOINT_URL_DYNAMODB",
        callback=url_or_none,
        show_default=otherwise,
    )


EndpointUrl = Annotated[
    str | None,
    _endpoint_url("AWS with --table or --stack; otherwise the table of a running claimsctl serve"),
]
LocalEndpointUrl = Annotated[
    str | None, _endpoint_url("AWS with --table; otherwise an embedded DynamoDB")
]
TableName = Annotated[
    str | None,
    typer.Option("--table", help="The table name.", envvar="TABLE_NAME", show_default=False),
]
Stack = Annotated[
    str | None,
    typer.Option(
        "--stack",
        help="The CloudFormation stack whose table to use (its output TableName).",
        envvar="STACK_NAME",
        show_default=False,
    ),
]
TenantOfUser = Annotated[
    str,
    typer.Option(
        "--tenant", help="The user's tenant id (a GUID).", envvar="TENANT_ID", callback=guid
    ),
]
User = Annotated[
    str, typer.Argument(metavar="USER", help="The user's object id or address.", callback=_user)
]
UserOption = Annotated[
    str | None,
    typer.Option(
        "--user",
        help="The user's object id or address.",
        callback=user_or_none,
        show_default=False,
    ),
]
App = Annotated[
    str | None,
    typer.Option(
        "--app",
        help="The app, by its application (client) id (a GUID).",
        callback=guid,
        show_default=False,
    ),
]
AllowedHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--host",
        help="A host name to accept in the Host header, such as a tunnel's public name."
        " Repeatable.",
        envvar="ALLOWED_HOSTS",
        callback=host_names,
        show_default=False,
    ),
]
WaitMs = Annotated[
    int,
    typer.Option(
        "--timeout-ms",
        help="How long Entra waits for an answer, in milliseconds (the custom authentication"
        " extension's timeoutInMilliseconds).",
        envvar="ENTRA_WAIT_MS",
        min=200,
        max=2000,
    ),
]
