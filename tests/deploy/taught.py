"""Types that moto's CloudFormation does not make by itself, made by the services' own APIs."""

from functools import cache
from typing import Any

import boto3.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel

from tests.deploy.resource_types import RESOURCE_TYPES, ResourceType


class _Resource:
    """A resource that a service's API has made; the calls go to ``AWS_ENDPOINT_URL``."""

    kind: ResourceType

    def __init__(
        self, type_: str, logical_id: str, name: str, properties: dict[str, Any], **place: str
    ) -> None:
        self.type, self.logical_resource_id = type_, logical_id
        self._name, self._properties, self._place = name, properties, place
        self._made = self._make(properties)

    @property
    def physical_resource_id(self) -> str:
        return str(self._made[self.kind.reference])

    def get_cfn_attribute(self, name: str) -> Any:
        """What ``Fn::GetAtt`` stands for; moto leaves out what is not implemented."""
        if name not in self._made:
            told = f"{self.type} has no {name} here"
            raise NotImplementedError(told)
        return self._made[name]

    def change(self, properties: dict[str, Any]) -> None:
        """Change what was made, or make it anew, if its properties are others than before."""
        if properties == self._properties:
            return
        if self.kind.update:
            request = self.kind.request(properties, self._name)
            self._made |= request | self._call(self.kind.update, self._identity() | request)
        else:
            self.delete()
            self._made = self._make(properties)
        self._properties = properties

    def delete(self, *_: str) -> None:
        """Remove it, if it is not kept, and did not go with what it belongs to.

        moto removes a stack's resources in any order.
        """
        if self.kind.delete:
            plural = {self.kind.plural: [self.physical_resource_id]}
            try:
                self._call(self.kind.delete, plural if self.kind.plural else self._identity())
            except ValidationError as refusal:
                if "NotFound" not in str(refusal):
                    raise

    def is_created(self) -> bool:
        """Always: a refusal was raised."""
        return True

    def _make(self, properties: dict[str, Any]) -> dict[str, Any]:
        request = self.kind.request(properties, self._name)
        made = request | self._call(self.kind.create, request)
        # What services call Id, CloudFormation calls by the type's name.
        made = {self.kind.reference: made.get("Id")} | made
        return made | (
            {"Arn": self.kind.arn.format(**made, **self._place)} if self.kind.arn else {}
        )

    def _identity(self) -> dict[str, Any]:
        return {member: self._made[member] for member in self.kind.identity}

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(_client(self.kind.service), operation)(**request)
        except (BotoCoreError, ClientError) as refusal:
            told = f"{self.logical_resource_id} ({self.type}): {refusal}"
            raise ValidationError(self.logical_resource_id, told) from refusal
        return answer


@cache
def _client(service: str) -> Any:
    return boto3.session.Session().client(
        service,  # type: ignore[call-overload]  # any
        config=Config(retries={"total_max_attempts": 1}),
    )


def teach() -> list[type[CloudFormationModel]]:
    """The classes by which moto finds the types; it forgets them when the caller does."""
    return [_class_of(type_, kind) for type_, kind in RESOURCE_TYPES.items()]


def _class_of(type_: str, kind: ResourceType) -> type[CloudFormationModel]:
    def create(
        cls: Any, /, name: str, resource: dict[str, Any], account: str, region: str, **known: Any
    ) -> Any:
        return cls(
            type_, known["LogicalId"], name, resource["Properties"], account=account, region=region
        )

    def update(
        cls: Any, /, original_resource: Any, cloudformation_json: dict[str, Any], **_: Any
    ) -> Any:
        original_resource.change(cloudformation_json["Properties"])
        return original_resource

    members = {
        "kind": kind,
        "cloudformation_name_type": staticmethod(lambda: kind.name),
        "cloudformation_type": staticmethod(lambda: type_),
        "has_cfn_attr": classmethod(lambda cls, attr: True),
        "create_from_cloudformation_json": classmethod(create),
        "update_from_cloudformation_json": classmethod(update),
    }
    return type(type_.rpartition(":")[2], (_Resource, CloudFormationModel), members)
