"""The table's schema, read from the template that creates the real one."""

from pathlib import Path
from typing import Any

import yaml

from claimsctl.errors import OperatorError

_TABLE = "AWS::DynamoDB::Table"


class _TemplateLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags; what they compute does not matter here."""


_TemplateLoader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def table_schema(template: Path) -> dict[str, Any]:
    """Arguments for DynamoDB's CreateTable, but for the name: the template's keys and billing.

    Raises `OperatorError` when the template holds no table.
    """
    document = yaml.load(template.read_text("utf-8"), Loader=_TemplateLoader)  # noqa: S506  # is Safe
    for resource in document["Resources"].values():
        if resource["Type"] == _TABLE:
            properties = resource["Properties"]
            return {
                name: properties[name]
                for name in ("AttributeDefinitions", "KeySchema", "BillingMode")
            }
    message = f"{template}: no resource of type {_TABLE}"
    raise OperatorError(message)
