"""Options that several commands have, each with the environment variable that stands for it."""

import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from claims_provider.contract.identifiers import canonical_address, canonical_guid

from claimsctl.errors import OperatorError


def guid(value: str | None) -> str | None:
    """The GUID that an option gives, if it is given."""
    try:
        return None if value is None else canonical_guid(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _user(value: str) -> str:
    try:
        return canonical_address(value) if "@" in value else canonical_guid(value)
    except ValueError as error:
        message = f"{error}, found {value!r}"
        raise typer.BadParameter(message) from None


def _user_or_none(value: str | None) -> str | None:
    return None if value is None else _user(value)


def url_or_none(value: str | None) -> str | None:
    """The http or https URL that an option gives, if it is given."""
    if value is None:
        return None
    with suppress(ValueError):  # a port out of range, brackets that do not close
        url = urlsplit(value)
        blank = any(character.isspace() for character in value)
        if url.scheme in {"http", "https"} and url.hostname and url.port != 0 and not blank:
            return value
    message = f"expected a URL such as http://127.0.0.1:8000, found {value!r}"
    raise typer.BadParameter(message)


def host_names(values: list[str] | None) -> list[str]:
    """The host names that an option gives, in lower case."""
    for value in values or ():
        if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", value):
            message = (
                f"expected a host name without scheme, port or path, such as"
                f" claims-test.example, found {value!r}"
            )
            raise typer.BadParameter(message)
    return [value.lower() for value in values or ()]


def account_or_none(value: str | None) -> str | None:
    """The id of an AWS account that an option gives, if it is given."""
    if value is None or re.fullmatch("[0-9]{12}", value):
        return value
    message = f"expected an account's id, twelve digits, found {value!r}"
    raise typer.BadParameter(message)


def callout_url(value: str) -> str:
    """The URL of an endpoint, http for one on this machine: one that can be called as it stands."""
    import httpx2  # noqa: PLC0415  # here, since most commands make no HTTP call

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


def read_input(path: Path, bytes_max: int = -1) -> bytes:
    """The bytes of the file at `path`, at most `bytes_max`; ``-``: standard input.

    Raises `OperatorError`.
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
        "--tenant", help="Tenant id (GUID).", envvar="TENANT_ID", callback=guid, show_default=False
    ),
]
EndpointUrl = Annotated[
    str | None,
    typer.Option(
        "--endpoint-url",
        help="A DynamoDB endpoint to use instead of the embedded one.",
        envvar="AWS_ENDPOINT_URL_DYNAMODB",
        callback=url_or_none,
        show_default=False,
    ),
]
TableName = Annotated[
    str | None,
    typer.Option("--table", help="Table name.", envvar="TABLE_NAME", show_default=False),
]
Stack = Annotated[
    str | None,
    typer.Option(
        "--stack",
        help="The stack whose table it is, by its output TableName.",
        envvar="STACK_NAME",
        show_default=False,
    ),
]
TenantOfUser = Annotated[
    str,
    typer.Option(
        "--tenant", help="The user's tenant id (GUID).", envvar="TENANT_ID", callback=guid
    ),
]
User = Annotated[
    str, typer.Argument(metavar="USER", help="Object id, or an address.", callback=_user)
]
UserOption = Annotated[
    str | None,
    typer.Option(
        "--user", help="Object id, or an address.", callback=_user_or_none, show_default=False
    ),
]
App = Annotated[
    str | None,
    typer.Option("--app", help="App id (GUID).", callback=guid, show_default=False),
]
AllowedHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--host",
        help="A host name that requests may have in Host, such as a tunnel's public one; may"
        " repeat.",
        envvar="ALLOWED_HOSTS",
        callback=host_names,
        show_default=False,
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
