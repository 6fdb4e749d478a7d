"""What the services say of a resource of each type, by the names of CloudFormation's properties."""

import ast
import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.deploy.cloud import Cloud

Reader = Callable[[Cloud, str, Mapping[str, Any]], Any]
"""A cloud, what ``Ref`` stands for, and the properties asked for → what is there."""


def _gateway(noun: str, member: str, *parents: str) -> Reader:
    def read(cloud: Cloud, reference: str, properties: Mapping[str, Any]) -> Any:
        place = {parent: properties[parent] for parent in parents}
        operation = getattr(cloud.client("apigatewayv2"), f"get_{noun}")
        return place | operation(**place, **{member: reference})

    return read


def _role(cloud: Cloud, name: str, _: Mapping[str, Any]) -> Any:
    iam = cloud.client("iam")
    names = iam.list_role_policies(RoleName=name)["PolicyNames"]
    policies = [iam.get_role_policy(RoleName=name, PolicyName=policy) for policy in names]
    # moto keeps a policy of a stack as Python prints it.
    documents = [ast.literal_eval(policy["PolicyDocument"]) for policy in policies]
    return iam.get_role(RoleName=name)["Role"] | {
        "Policies": [
            {"PolicyName": policy["PolicyName"], "PolicyDocument": document}
            for policy, document in zip(policies, documents, strict=True)
        ]
    }


def _permission(cloud: Cloud, _: str, properties: Mapping[str, Any]) -> Any:
    policy = cloud.client("lambda").get_policy(FunctionName=properties["FunctionName"])["Policy"]
    (statement,) = json.loads(policy)["Statement"]
    return statement | {
        "Principal": statement["Principal"]["Service"],
        "SourceArn": statement["Condition"]["ArnLike"]["AWS:SourceArn"],
    }


def _alias(cloud: Cloud, _: str, properties: Mapping[str, Any]) -> Any:
    place = {name: properties[name] for name in ("FunctionName", "Name")}
    return place | cloud.client("lambda").get_alias(**place)


def _topic(cloud: Cloud, arn: str, _: Mapping[str, Any]) -> Any:
    found = cloud.client("sns").list_subscriptions_by_topic(TopicArn=arn)
    return {"TopicArn": arn, "Subscription": found["Subscriptions"]}


def _table(cloud: Cloud, name: str, _: Mapping[str, Any]) -> Any:
    table = cloud.client("dynamodb").describe_table(TableName=name)["Table"]
    return table | {"BillingMode": table["BillingModeSummary"]["BillingMode"]}


def _configuration(cloud: Cloud, number: str, properties: Mapping[str, Any]) -> Any:
    place = {name: properties[name] for name in ("ApplicationId", "ConfigurationProfileId")}
    operation = cloud.client("appconfig").get_hosted_configuration_version
    found = operation(**place, VersionNumber=int(number))
    return found | {"Content": found["Content"].read().decode()}


READERS: Mapping[str, Reader] = {
    "AWS::ApiGatewayV2::Api": _gateway("api", "ApiId"),
    "AWS::ApiGatewayV2::ApiMapping": _gateway("api_mapping", "ApiMappingId", "DomainName"),
    "AWS::ApiGatewayV2::Authorizer": _gateway("authorizer", "AuthorizerId", "ApiId"),
    "AWS::ApiGatewayV2::DomainName": _gateway("domain_name", "DomainName"),
    "AWS::ApiGatewayV2::Integration": _gateway("integration", "IntegrationId", "ApiId"),
    "AWS::ApiGatewayV2::Route": _gateway("route", "RouteId", "ApiId"),
    "AWS::ApiGatewayV2::Stage": _gateway("stage", "StageName", "ApiId"),
    "AWS::AppConfig::Application": lambda cloud, id_, _: cloud.client("appconfig").get_application(
        ApplicationId=id_
    ),
    "AWS::AppConfig::ConfigurationProfile": lambda cloud, id_, asked: cloud.client(
        "appconfig"
    ).get_configuration_profile(ApplicationId=asked["ApplicationId"], ConfigurationProfileId=id_),
    "AWS::AppConfig::HostedConfigurationVersion": _configuration,
    "AWS::CloudWatch::Alarm": lambda cloud, name, _: cloud.client("cloudwatch").describe_alarms(
        AlarmNames=[name]
    )["MetricAlarms"][0],
    "AWS::CloudWatch::Dashboard": lambda cloud, name, _: cloud.client("cloudwatch").get_dashboard(
        DashboardName=name
    ),
    "AWS::CodeDeploy::Application": lambda cloud, name, _: cloud.client(
        "codedeploy"
    ).get_application(applicationName=name)["application"],
    "AWS::CodeDeploy::DeploymentGroup": lambda cloud, name, asked: cloud.client(
        "codedeploy"
    ).get_deployment_group(applicationName=asked["ApplicationName"], deploymentGroupName=name)[
        "deploymentGroupInfo"
    ],
    "AWS::DynamoDB::Table": _table,
    "AWS::IAM::Role": _role,
    "AWS::Lambda::Alias": _alias,
    "AWS::Lambda::Function": lambda cloud, name, _: cloud.client(
        "lambda"
    ).get_function_configuration(FunctionName=name),
    "AWS::Lambda::Permission": _permission,
    "AWS::Lambda::Version": lambda cloud, arn, _: cloud.client("lambda").get_function_configuration(
        FunctionName=arn
    ),
    "AWS::Logs::LogGroup": lambda cloud, name, _: cloud.client("logs").describe_log_groups(
        logGroupNamePrefix=name
    )["logGroups"][0],
    "AWS::Logs::MetricFilter": lambda cloud, name, asked: cloud.client(
        "logs"
    ).describe_metric_filters(logGroupName=asked["LogGroupName"], filterNamePrefix=name)[
        "metricFilters"
    ][0],
    "AWS::SNS::Topic": _topic,
}
