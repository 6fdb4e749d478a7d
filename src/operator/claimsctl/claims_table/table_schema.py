"""The table's schema, read from the template that creates the real one."""

from pathlib import Path
from typing import Any

import yaml

from claimsctl.errors import OperatorError

_TABLE = "AWS::DynamoDB::Table"
_SCHEMA = ("AttributeDefinitions", "KeySchema", "BillingMode")


class _TemplateLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags; what they compute does not matter here."""


_TemplateLoader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def table_schema(template: Path) -> dict[str, Any]:
    """Arguments for DynamoDB's CreateTable, but for the name: the template's keys and billing.

    Raises `OperatorError` when the template cannot be read or holds no table that says all three.
    """
    document = _read(template)
    resources = document.get("Resources") if isinstance(document, dict) else None
    for resource in resources.values() if isinstance(resources, dict) else ():
        if isinstance(resource, dict) and resource.get("Type") == _TABLE:
            properties = resource.get("Properties") or {}
            schema = {name: properties.get(name) for name in _SCHEMA}
            if missing := [name for name, value in schema.items() if not value]:
                message = f"{template}: the table does not say its {', '.join(missing)}"
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
        message = f"{template}: not YAML: {' '.join(str(error).split())}"
    raise OperatorError(message)
