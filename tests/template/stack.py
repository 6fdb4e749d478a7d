"""One deployment of the template: transformed, its functions worked out for given parameters."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.template.intrinsics import Intrinsics
from tests.template.sam import TEMPLATE, transform

REQUIRED = {
    "TenantId": "aaaabbbb-0000-cccc-1111-dddd2222eeee",
    "AppId": "11112222-bbbb-3333-cccc-4444dddd5555",
}
PSEUDO_PARAMETERS = {
    "AWS::Region": "eu-central-1",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::Partition": "aws",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "stack",
}


class RefusedError(Exception):
    """CloudFormation would not take a parameter's value."""


class Stack:
    """The resources that CloudFormation would create; a reference gives the logical id.

    Raises `RefusedError` for parameters that the template does not allow.
    """

    def __init__(self, template: Path = TEMPLATE, /, **parameters: str) -> None:
        given = REQUIRED | parameters
        # One transform for all: it looks at no parameter, as a test in test_versions says.
        self.template = transform(str(template), json.dumps(REQUIRED))
        declared = self.template["Parameters"]
        defaults = {
            name: str(parameter["Default"])
            for name, parameter in declared.items()
            if "Default" in parameter
        }
        self.parameters: Mapping[str, str] = defaults | given
        for name, value in self.parameters.items():
            _check(name, declared[name], value)
        logical_ids = {name: name for name in self.template["Resources"]}
        self._intrinsics = Intrinsics(
            self.template, {**PSEUDO_PARAMETERS, **logical_ids, **self.parameters}
        )

    def of_type(self, type_: str) -> dict[str, Any]:
        """Resources of a type by logical id."""
        return {
            name: self._intrinsics.resolve(resource)
            for name, resource in self.template["Resources"].items()
            if resource["Type"] == type_ and self._exists(resource)
        }

    def one(self, type_: str) -> Any:
        """Properties of the only resource of a type."""
        ((_, resource),) = self.of_type(type_).items()
        return resource["Properties"]

    def environment(self) -> dict[str, str]:
        """The function's environment variables."""
        variables: dict[str, str] = self.one("AWS::Lambda::Function")["Environment"]["Variables"]
        return variables

    def outputs(self) -> dict[str, str]:
        """The stack's outputs."""
        return {
            name: self._intrinsics.resolve(output["Value"])
            for name, output in self.template["Outputs"].items()
            if self._exists(output)
        }

    def _exists(self, declared: Mapping[str, Any]) -> bool:
        return "Condition" not in declared or self._intrinsics.holds(declared["Condition"])


def _check(name: str, declared: Mapping[str, Any], value: str) -> None:
    allowed = declared.get("AllowedValues")
    if not (
        (allowed is None or value in map(str, allowed))
        and re.fullmatch(declared.get("AllowedPattern", "(?s).*"), value)
        and len(value) <= declared.get("MaxLength", len(value))
        and ("MinValue" not in declared or declared["MinValue"] <= float(value))
        and ("MaxValue" not in declared or float(value) <= declared["MaxValue"])
    ):
        raise RefusedError(name)
