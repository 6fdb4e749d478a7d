"""The configuration file ``entra.toml``: the tenant, the endpoint, the applications to enrich."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlsplit

from claims_provider.contract.identifiers import canonical_guid
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from claimsctl.entra.network import RETRIES_MAX
from claimsctl.entra.token_claims import TenantKind
from claimsctl.errors import OperatorError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

WAIT_MS_MIN: Final = 200
WAIT_MS_MAX: Final = 2000
"""``timeoutInMilliseconds``, by Graph's reference of customExtensionClientConfiguration."""

_MESSAGES: Final = {
    "missing": "missing",
    "extra_forbidden": "unknown key",
    "tuple_type": "expected a list of tables: [[applications]]",
    "string_type": "expected a string",
    "string_too_short": "empty",
    "int_type": "expected a whole number",
    "model_type": "expected a table",
}


class TokenKind(StrEnum):
    """The token of an application that receives the claims."""

    ACCESS = "access"
    ID = "id"
    SAML = "saml"


def is_target_url(value: str) -> bool:
    """Return whether Entra calls a URL such as `value`: https, with a fully qualified host."""
    with suppress(ValueError):  # a port out of range, brackets that do not close
        parts = urlsplit(value)
        is_whole = "." in (parts.hostname or "") and parts.port != 0
        blank = any(character.isspace() for character in value)
        return parts.scheme == "https" and is_whole and not blank and "@" not in parts.netloc
    return False


def target_url(value: str) -> str:
    """Check and return a URL that Entra calls. Raises `ValueError`."""
    if not is_target_url(value):
        message = "expected https://, a fully qualified host and a path"
        raise ValueError(message)
    return value


def host_of(url: str) -> str:
    """Return a URL's host in lower case, without a port; empty for an invalid URL."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _unique_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", value):
        message = "expected 1 to 64 letters, digits, dots, hyphens and underscores"
        raise ValueError(message)
    return value


Text = Annotated[str, Field(min_length=1)]
Guid = Annotated[str, AfterValidator(canonical_guid)]
TargetUrl = Annotated[str, AfterValidator(target_url)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Tenant(_Table):
    """``[tenant]``."""

    id: Guid
    kind: Annotated[TenantKind, Field(strict=False)] = TenantKind.EXTERNAL


class Endpoint(_Table):
    """``[endpoint]``: the URL, or the stack that has it; the app registration, if it exists."""

    target_url: TargetUrl | None = None
    stack: Text | None = None
    app_id: Guid | None = None
    name: Annotated[str, AfterValidator(_unique_name)] = "claims-provider"
    """The unique name of the objects to create; each endpoint of a tenant needs another name."""


class Application(_Table):
    """``[[applications]]`` and ``[test]``: the audience of the tokens that get claims."""

    app_id: Guid
    token: Annotated[TokenKind, Field(strict=False)] = TokenKind.ID
    user_flow: Text | None = None
    """The display name of the application's user flow, in an external tenant."""


class TestApplication(Application):
    """``[test]``: the application for which the listener is created first."""

    __test__ = False
    redirect_uri: str = "https://jwt.ms"


class Callout(_Table):
    """``[callout]``: how long Entra waits, in milliseconds, and how often it retries."""

    wait_ms: Annotated[int, Field(ge=WAIT_MS_MIN, le=WAIT_MS_MAX)] = WAIT_MS_MAX
    retries: Annotated[int, Field(ge=0, le=RETRIES_MAX)] = RETRIES_MAX


class Config(_Table):
    """The whole file."""

    tenant: Tenant
    endpoint: Endpoint = Endpoint()
    test: TestApplication
    applications: tuple[Application, ...] = Field(default=(), strict=False)
    callout: Callout = Callout()

    @property
    def audiences(self) -> tuple[Application, ...]:
        """The applications to enrich without duplicates, the test application first."""
        others = [one for one in self.applications if one.app_id != self.test.app_id]
        return (self.test, *others)

    @property
    def target_url(self) -> str:
        """The target URL; `read_config` requires a URL or a stack."""
        return self.endpoint.target_url or "https://{stack.host}/callout"

    @property
    def host(self) -> str:
        """The target URL's host without a port, as in the identifier URI."""
        return host_of(self.target_url)


def read_config(path: Path, stack: str | None = None) -> Config:
    """Return the configuration in the file at `path`.

    `stack` overrides the file's target URL and stack. Raises `OperatorError` with every problem, by
    line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        document = tomllib.loads(text)
    except OSError as error:
        message = (
            f"{path}: cannot be read: {error.strerror}; docs/tenant.md shows what it must contain"
        )
        raise OperatorError(message) from None
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and TOMLDecodeError too
        message = f"{path}: not valid TOML: {error}"
        raise OperatorError(message) from None
    problems: list[str] = []
    config = None
    try:
        config = Config.model_validate(document)
    except ValidationError as error:
        problems = [_problem(path, text, one["loc"], _said(one)) for one in error.errors()]
    if config is not None:
        endpoint = config.endpoint
        if stack is not None:
            endpoint = endpoint.model_copy(update={"target_url": None, "stack": stack})
            config = config.model_copy(update={"endpoint": endpoint})
        if (endpoint.target_url is None) == (endpoint.stack is None):
            message = "expected one of target_url and stack"
            problems.append(_problem(path, text, ("endpoint",), message))
        ids = [one.app_id for one in config.applications]
        problems += [
            _problem(path, text, ("applications", number, "token"), "[test] has another token")
            for number, one in enumerate(config.applications)
            if one.app_id == config.test.app_id and one.token is not config.test.token
        ]
        problems += [
            _problem(path, text, ("applications", number, "app_id"), "appears more than once")
            for number, app_id in enumerate(ids)
            if app_id in ids[:number]
        ]
    if config is None or problems:
        count = len(problems)
        message = f"{path}: {'1 problem' if count == 1 else f'{count} problems'}"
        raise OperatorError(message, lines=problems)
    return config


def _problem(path: Path, text: str, where: tuple[int | str, ...], message: str) -> str:
    key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in where)
    return f"{path}:{_line_of(text, where)}: {key.lstrip('.')}: {message}"


def _said(error: "ErrorDetails") -> str:
    """Return the problem of a value, without pydantic's wording."""
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    return _MESSAGES.get(error["type"], message)


def _line_of(text: str, where: tuple[int | str, ...]) -> int:
    """Return the line of the key; of its table if the key is missing; 1 if both are missing."""
    line = 1
    for number, path in _statements(text):
        if path == where:
            return number
        if path == where[: len(path)]:
            line = number
    return line


def _statements(text: str) -> Iterator[tuple[int, tuple[int | str, ...]]]:
    """Yield the line and the full key of each table and value; tables of a list have a number.

    `text` is valid TOML. A statement ends where the text read so far is valid TOML.
    """
    table: tuple[int | str, ...] = ()
    counts: Counter[tuple[int | str, ...]] = Counter()
    begin, pending = 1, ""
    for number, line in enumerate(text.split("\n"), start=1):
        pending = f"{pending}\n{line}" if pending else line
        try:
            found = tomllib.loads(pending)
        except tomllib.TOMLDecodeError:
            continue
        keys: list[int | str] = []
        value: Any = found
        while isinstance(value, dict) and len(value) == 1:
            ((key, value),) = value.items()
            keys.append(key)
        if pending.lstrip().startswith("["):
            if isinstance(value, list):
                counts[tuple(keys)] += 1
                keys.append(counts[tuple(keys)] - 1)
            table = tuple(keys)
            yield begin, table
        elif keys:
            yield begin, (*table, *keys)
        begin, pending = number + 1, ""
