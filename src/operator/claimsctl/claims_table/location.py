"""The table that `claimsctl claims …` uses: by name, of a stack, or of a running `serve`."""

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from claimsctl.claims_table.errors import UNREADABLE_ANSWER
from claimsctl.errors import OperatorError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
from pathlib import Path
from typing import Any

import yaml

EMBEDDED_TABLE = "claims"
AWS_SETTINGS = "check --endpoint-url, AWS_DEFAULT_REGION, AWS_PROFILE and ~/.aws"
LOCAL_REGION = "us-east-1"
"""The region of a local DynamoDB when none is configured."""
_NO_REGION = (
    "no AWS region is configured; set AWS_DEFAULT_REGION to the {}'s region, or set region in the"
    " profile in ~/.aws/config"
)
_LOOPBACK = ("http://127.", "http://localhost", "http://[::1]")
EMBEDDED_ENDPOINT = "http://127.0.0.1:8788"
"""The default address of `claimsctl serve`'s table: the port after its own."""

_OUTPUT = "TableName"
"""The output of template.yaml that names the stack's table."""

_TIMEOUT_SECONDS = 10
_PROBE_SECONDS = 1
_STACK_MISSING = "ValidationError"
"""DescribeStacks' error code for a stack that does not exist."""


class NoTableError(OperatorError):
    """No option names a table, and no `serve` is running."""


@dataclass(frozen=True, slots=True)
class TableLocation:
    """The name of a claims table and its endpoint (``None``: DynamoDB in AWS)."""

    name: str
    endpoint_url: str | None

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which the function reads this table.

        A local DynamoDB accepts any credentials, so placeholders are set where there are none, and
        proxies are not used for it. Raises `OperatorError` as `region` does.
        """
        variables = {"TABLE_NAME": self.name, "AWS_DEFAULT_REGION": self.region}
        if self.endpoint_url:
            variables["AWS_ENDPOINT_URL_DYNAMODB"] = self.endpoint_url
            variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "false"
        if self._is_local:
            variables |= {
                "no_proxy": "*",
                "AWS_ACCESS_KEY_ID": os.environ.get("AWS_ACCESS_KEY_ID", "local"),
                "AWS_SECRET_ACCESS_KEY": os.environ.get("AWS_SECRET_ACCESS_KEY", "local"),
            }
        return variables

    @property
    def region(self) -> str:
        """The AWS region of the table; a local DynamoDB keeps tables by region too.

        Raises `OperatorError` when none is configured for a remote table, or the SDK's
        configuration is unreadable.
        """
        try:
            region = sdk_region()
        except BotoCoreError as error:
            message = f"table {self.name}: {error} ({AWS_SETTINGS})"
            raise OperatorError(message) from None
        if region is None and self._is_local:
            return LOCAL_REGION
        if region is None:
            message = f"table {self.name}: {_NO_REGION.format('table')}"
            raise OperatorError(message)
        return region

    def client(self, config: Config | None = None) -> "DynamoDBClient":
        """Return a client with longer time-outs than the function's; `config` overrides defaults.

        Raises `OperatorError` when the endpoint, the region or the AWS SDK's configuration is
        invalid.
        """
        variables = self.environment
        try:
            return boto3.session.Session().client(
                "dynamodb",
                endpoint_url=self.endpoint_url,
                region_name=variables["AWS_DEFAULT_REGION"],
                aws_access_key_id=variables.get("AWS_ACCESS_KEY_ID"),
                aws_secret_access_key=variables.get("AWS_SECRET_ACCESS_KEY"),
                config=Config(
                    connect_timeout=_TIMEOUT_SECONDS,
                    read_timeout=_TIMEOUT_SECONDS,
                    proxies={} if self._is_local else None,
                ).merge(config or Config()),
            )
        except (BotoCoreError, ValueError) as error:
            message = f"table {self.name}: {error} ({AWS_SETTINGS})"
            raise OperatorError(message) from None

    @property
    def _is_local(self) -> bool:
        return self.endpoint_url is not None and self.endpoint_url.startswith(_LOOPBACK)


def sdk_region() -> str | None:
    """Return the configured region, or ``None``.

    The order is ``AWS_DEFAULT_REGION``, ``AWS_REGION`` (which boto3 does not read, unlike the AWS
    CLI and the other SDKs), and the region of the profile. Raises ``BotoCoreError`` when the SDK's
    files cannot be read or do not contain the profile.
    """
    named = os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION")
    return named or botocore.session.Session().get_scoped_config().get("region")


def named_table(table: str | None, stack: str | None, endpoint_url: str | None) -> TableLocation:
    """Return the table that the options name; without options, that of a running `serve`.

    Raises `OperatorError` when options are mutually exclusive, or when the stack or its output does
    not exist; `NoTableError` when no table is named and no `serve` is running.
    """
    if stack is not None:
        if other := _excluded_by_stack(table, endpoint_url):
            message = f"--stack {stack} and {other} are mutually exclusive: remove one of them"
            raise OperatorError(message)
        return TableLocation(_table_of(stack), None)
    if table or endpoint_url:
        return TableLocation(table or EMBEDDED_TABLE, endpoint_url)
    if not _answers(EMBEDDED_ENDPOINT):
        message = (
            "no table is named. For a table in AWS, add --table NAME or --stack NAME. For a local"
            f" test table, start claimsctl serve (nothing answers at {EMBEDDED_ENDPOINT})"
        )
        raise NoTableError(message)
    return TableLocation(EMBEDDED_TABLE, EMBEDDED_ENDPOINT)


def _excluded_by_stack(table: str | None, endpoint_url: str | None) -> str | None:
    if table:
        return f"--table {table} (or TABLE_NAME)"
    if endpoint_url:  # a stack's table is in AWS
        return f"--endpoint-url {endpoint_url} (or AWS_ENDPOINT_URL_DYNAMODB)"
    return None


def _table_of(stack: str) -> str:
    region = url = None
    try:
        region = sdk_region()
        if region is None:
            raise _no_table(stack, _NO_REGION.format("stack"))
        client = boto3.session.Session().client(
            "cloudformation",
            region_name=region,
            config=Config(connect_timeout=_TIMEOUT_SECONDS, read_timeout=_TIMEOUT_SECONDS),
        )
        url = client.meta.endpoint_url
        stacks = client.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        found = error.response.get("Error", {})
        reason = str(error)
        if found.get("Code") == _STACK_MISSING and "does not exist" in found.get("Message", ""):
            reason = f"no such stack in region {region} of this account"
        raise _no_table(stack, reason) from None
    except BotoCoreError as error:
        raise _no_table(stack, f"{error} (check AWS_PROFILE and ~/.aws)") from None
    except UNREADABLE_ANSWER as error:
        reason = (
            f"{url} does not answer as CloudFormation does; check the endpoint URL"
            if url
            else f"{error}"
        )
        raise _no_table(stack, reason) from None
    outputs: dict[str, str] = {
        output.get("OutputKey", ""): output.get("OutputValue", "")
        for found_stack in stacks
        for output in found_stack.get("Outputs", [])
    }
    if name := outputs.get(_OUTPUT):
        return name
    found_names = ", ".join(sorted(outputs)) or "none"
    reason = f"no output {_OUTPUT} (outputs: {found_names}); name the table with --table"
    raise _no_table(stack, reason)


def _no_table(stack: str, reason: str) -> OperatorError:
    return OperatorError(f"stack {stack}: {reason}")


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port), _PROBE_SECONDS).close()
    except OSError:
        return False
    return True


_TABLE = "AWS::DynamoDB::Table"
_SCHEMA = ("AttributeDefinitions", "KeySchema", "BillingMode")


class _TemplateLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, whose values are not needed here."""


_TemplateLoader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def table_schema(template: Path) -> dict[str, Any]:
    """Return the template's arguments for CreateTable: attributes, keys and billing mode.

    Raises `OperatorError` when the template cannot be read or has no table with all three.
    """
    document = _read(template)
    resources = document.get("Resources") if isinstance(document, dict) else None
    for resource in resources.values() if isinstance(resources, dict) else ():
        if isinstance(resource, dict) and resource.get("Type") == _TABLE:
            properties = resource.get("Properties") or {}
            schema = {name: properties.get(name) for name in _SCHEMA}
            if missing := [name for name, value in schema.items() if not value]:
                message = f"{template}: the table has no {', '.join(missing)}"
                raise OperatorError(message)
            return schema
    message = f"{template}: no resource of type {_TABLE}"
    raise OperatorError(message)


def _read(template: Path) -> object:
    try:
        return yaml.load(template.read_text("utf-8"), Loader=_TemplateLoader)  # noqa: S506  # is Safe
    except OSError as error:
        message = f"{template}: cannot be read: {error.strerror}"
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        message = f"{template}: not valid YAML: {' '.join(str(error).split())}"
    raise OperatorError(message)
