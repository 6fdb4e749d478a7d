"""How CloudFormation's resource types are made by the services' own APIs.

moto has these services, but its CloudFormation skips the types, silently, or makes one that nothing
else can refer to (a Lambda version). CloudFormation calls the same operations with the same
members, and botocore refuses a member that an operation does not have.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ResourceType:
    """The operations of a service that make, change and remove one type."""

    service: str
    create: str
    identity: tuple[str, ...]
    """The members by which the other operations know a resource, from the request or its answer."""
    reference: str
    """The member that CloudFormation's ``Ref`` stands for."""
    update: str = ""
    """Empty where a change replaces the resource."""
    delete: str = ""
    """Empty where the resource is kept, or moto cannot remove it."""
    name: str = ""
    """The property that CloudFormation makes up where it is not given."""
    apart: frozenset[str] = frozenset()
    """Properties that CloudFormation hands to other operations, which are not called here."""
    plural: str = ""
    """The member by which `delete` knows it, where that takes a list of names."""
    camel: bool = False
    """Whether the service's members begin with a lower-case letter."""
    arn: str = ""
    """What ``Fn::GetAtt`` makes of ``Arn``, where no answer has it."""

    def request(self, properties: Mapping[str, Any], name: str) -> dict[str, Any]:
        """What `create` is asked for, for a resource with these properties."""
        members = {key: value for key, value in properties.items() if key not in self.apart}
        if self.name:
            members.setdefault(self.name, name)
        return camel(members) if self.camel else members


def camel(members: Mapping[str, Any]) -> dict[str, Any]:
    """The same with names that begin in lower case; a metric filter's dimensions become a map."""
    return {
        f"{name[0].lower()}{name[1:]}": {pair["Key"]: pair["Value"] for pair in value}
        if name == "Dimensions"
        else _camel(value)
        for name, value in members.items()
    }


def _camel(value: Any) -> Any:
    if isinstance(value, list):
        return [_camel(item) for item in value]
    return camel(value) if isinstance(value, Mapping) else value


def _gateway(noun: str, identity: tuple[str, ...], *, update: bool = True) -> ResourceType:
    return ResourceType(
        "apigatewayv2",
        f"create_{noun}",
        identity,
        identity[-1],
        f"update_{noun}" if update else "",
        f"delete_{noun}",
    )


RESOURCE_TYPES: Mapping[str, ResourceType] = {
    "AWS::ApiGatewayV2::Api": _gateway("api", ("ApiId",)),
    "AWS::ApiGatewayV2::Authorizer": _gateway("authorizer", ("ApiId", "AuthorizerId")),
    "AWS::ApiGatewayV2::Integration": _gateway("integration", ("ApiId", "IntegrationId")),
    "AWS::ApiGatewayV2::Route": _gateway("route", ("ApiId", "RouteId")),
    # moto cannot change these three: made anew.
    "AWS::ApiGatewayV2::Stage": _gateway("stage", ("ApiId", "StageName"), update=False),
    "AWS::ApiGatewayV2::DomainName": _gateway("domain_name", ("DomainName",), update=False),
    "AWS::ApiGatewayV2::ApiMapping": _gateway(
        "api_mapping", ("DomainName", "ApiMappingId"), update=False
    ),
    "AWS::AppConfig::Application": ResourceType(
        "appconfig",
        "create_application",
        ("ApplicationId",),
        "ApplicationId",
        "update_application",
        "delete_application",
    ),
    "AWS::AppConfig::ConfigurationProfile": ResourceType(
        "appconfig",
        "create_configuration_profile",
        ("ApplicationId", "ConfigurationProfileId"),
        "ConfigurationProfileId",
        "update_configuration_profile",
        "delete_configuration_profile",
    ),
    # The only way to another one is the next one. The old one is removed, here not: moto would give
    # its number again.
    "AWS::AppConfig::HostedConfigurationVersion": ResourceType(
        "appconfig",
        "create_hosted_configuration_version",
        ("ApplicationId", "ConfigurationProfileId", "VersionNumber"),
        "VersionNumber",
    ),
    "AWS::CloudWatch::Alarm": ResourceType(
        "cloudwatch",
        "put_metric_alarm",
        ("AlarmName",),
        "AlarmName",
        "put_metric_alarm",
        "delete_alarms",
        name="AlarmName",
        plural="AlarmNames",
        arn="arn:aws:cloudwatch:{region}:{account}:alarm:{AlarmName}",
    ),
    # moto's own has another Ref than its name.
    "AWS::CloudWatch::Dashboard": ResourceType(
        "cloudwatch",
        "put_dashboard",
        ("DashboardName",),
        "DashboardName",
        "put_dashboard",
        "delete_dashboards",
        name="DashboardName",
        plural="DashboardNames",
    ),
    "AWS::CodeDeploy::Application": ResourceType(
        "codedeploy",
        "create_application",
        ("applicationName",),
        "applicationName",
        name="ApplicationName",
        camel=True,
    ),
    "AWS::CodeDeploy::DeploymentGroup": ResourceType(
        "codedeploy",
        "create_deployment_group",
        ("applicationName", "deploymentGroupName"),
        "deploymentGroupName",
        name="DeploymentGroupName",
        camel=True,
    ),
    # The only way to a new version is another one; SAM keeps the old.
    "AWS::Lambda::Version": ResourceType(
        "lambda",
        "publish_version",
        ("FunctionName",),
        "FunctionArn",
        apart=frozenset({"ProvisionedConcurrencyConfig", "RuntimePolicy"}),
    ),
    "AWS::Lambda::Alias": ResourceType(
        "lambda",
        "create_alias",
        ("FunctionName", "Name"),
        "AliasArn",
        "update_alias",
        "delete_alias",
        apart=frozenset({"ProvisionedConcurrencyConfig"}),
    ),
    "AWS::Logs::MetricFilter": ResourceType(
        "logs",
        "put_metric_filter",
        ("logGroupName", "filterName"),
        "filterName",
        "put_metric_filter",
        "delete_metric_filter",
        name="FilterName",
        camel=True,
    ),
}
