"""A stack in moto: what was asked for, with the names that came to be, and what is there."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from tests.deploy.cloud import Cloud
from tests.deploy.readers import READERS
from tests.template.intrinsics import Intrinsics
from tests.template.stack import PSEUDO_PARAMETERS

_ATTRIBUTES = {
    "Arn": ("Arn", "logGroupArn", "RoleArn", "TableArn", "FunctionArn", "AlarmArn", "TopicArn"),
    "Version": ("Version",),
    "VersionNumber": ("VersionNumber",),
}


class Deployed:
    """The resources of a stack that exist, by logical id, as they are when this is made."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        self._cloud = cloud
        formation = cloud.client("cloudformation")
        (stack,) = formation.describe_stacks(StackName=name)["Stacks"]
        self.status: str = stack["StackStatus"]
        self.outputs = {
            output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])
        }
        self.template: Any = formation.get_template(StackName=name)["TemplateBody"]
        found = formation.describe_stack_resources(StackName=name)["StackResources"]
        # moto lists what its condition forbids, without a type.
        # And a permission has no name there.
        self.references: Mapping[str, str] = {
            resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
            for resource in found
            if resource.get("ResourceType")
        }
        parameters = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
        names = {**PSEUDO_PARAMETERS, "AWS::StackName": name, **parameters, **self.references}
        self._intrinsics = Intrinsics(self.template, names, self._attribute)
        self.read = cache(self._read)
        for logical_id in self.references:
            self.read(logical_id)

    def type_of(self, name: str) -> str:
        """A resource's type."""
        type_: str = self.template["Resources"][name]["Type"]
        return type_

    def of_type(self, type_: str) -> list[str]:
        """The logical ids of the resources of a type."""
        return [name for name in self.references if self.type_of(name) == type_]

    def one(self, type_: str) -> Any:
        """What is there of the only resource of a type."""
        (name,) = self.of_type(type_)
        return self.read(name)

    def properties(self, name: str) -> Any:
        """What the template asks for."""
        return self._intrinsics.resolve(self.template["Resources"][name].get("Properties", {}))

    def asked_outputs(self) -> dict[str, Any]:
        """What the template's outputs come to."""
        return {
            name: self._intrinsics.resolve(output["Value"])
            for name, output in self.template["Outputs"].items()
            if self.is_asked_for(output)
        }

    def is_asked_for(self, declared: Mapping[str, Any]) -> bool:
        """Whether the condition of a resource or an output is met."""
        return "Condition" not in declared or self._intrinsics.holds(declared["Condition"])

    def _read(self, name: str) -> Any:
        reader = READERS[self.type_of(name)]
        return reader(self._cloud, self.references[name], self.properties(name))

    def _attribute(self, name: str, attribute: str) -> Any:
        found = self.read(name)
        members = [member for member in _ATTRIBUTES.get(attribute, ()) if member in found]
        return found[members[0]] if members else f"{name}.{attribute}"
