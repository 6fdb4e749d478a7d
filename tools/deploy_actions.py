"""The IAM actions of CloudFormation for each resource type, and of the SAM CLI itself."""

from typing import Final

STACKS: Final = "entra-claims-provider*"

Access = tuple[tuple[str, ...], tuple[str, ...]]
"""Actions, and the resources on which they are allowed."""


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:REGION:ACCOUNT_ID:{resource}"


def _may(service: str, names: str, *resources: str) -> Access:
    """Return the actions of `names`, separated by spaces, on `resources` or on all resources."""
    return tuple(f"{service}:{name}" for name in names.split()), resources or ("*",)


_GATEWAY: Final = "DELETE GET PATCH POST PUT TagResource UntagResource"
_APIS: Final = ("arn:aws:apigateway:REGION::/apis", "arn:aws:apigateway:REGION::/apis/*")
_DOMAINS: Final = (
    "arn:aws:apigateway:REGION::/domainnames",
    "arn:aws:apigateway:REGION::/domainnames/*",
)
_API: Final = _may("apigateway", _GATEWAY, *_APIS)
_FUNCTIONS: Final = _arn("lambda", f"function:{STACKS}")
_ROLES: Final = f"arn:aws:iam::ACCOUNT_ID:role/{STACKS}"
_CONFIGURATIONS: Final = _arn("appconfig", "application/*")
_GROUPS: Final = (
    _arn("logs", f"log-group:{STACKS}"),
    _arn("logs", f"log-group:/aws/vendedlogs/{STACKS}"),
)
_CODEDEPLOY: Final = tuple(
    _arn("codedeploy", name)
    for name in (f"application:{STACKS}", f"deploymentgroup:{STACKS}", "deploymentconfig:*")
)

BY_TYPE: Final[dict[str, tuple[Access, ...]]] = {
    "AWS::ApiGatewayV2::Api": (_API,),
    "AWS::ApiGatewayV2::Authorizer": (_API,),
    "AWS::ApiGatewayV2::Integration": (_API,),
    "AWS::ApiGatewayV2::Route": (_API,),
    "AWS::ApiGatewayV2::Stage": (
        _API,
        # An access log is a log delivery, which the caller of CreateStage creates.
        _may(
            "logs",
            "CreateLogDelivery DeleteLogDelivery GetLogDelivery ListLogDeliveries "
            "UpdateLogDelivery DescribeResourcePolicies PutResourcePolicy",
        ),
    ),
    "AWS::ApiGatewayV2::DomainName": (
        _may(
            "apigateway",
            f"{_GATEWAY} AddCertificateToDomain RemoveCertificateFromDomain",
            *_DOMAINS,
        ),
    ),
    "AWS::ApiGatewayV2::ApiMapping": (
        _may(
            "apigateway",
            _GATEWAY,
            *_DOMAINS,
        ),
    ),
    "AWS::Lambda::Function": (
        _may("iam", "PassRole", _ROLES),
        _may(
            "lambda",
            "CreateFunction DeleteFunction GetFunction GetFunctionCodeSigningConfig "
            "GetFunctionConfiguration GetFunctionRecursionConfig GetFunctionScalingConfig "
            "GetRuntimeManagementConfig PublishVersion TagResource UntagResource "
            "UpdateFunctionCode UpdateFunctionConfiguration",
            _FUNCTIONS,
        ),
    ),
    "AWS::Lambda::Version": (
        _may(
            "lambda",
            "DeleteFunction GetFunctionConfiguration GetFunctionScalingConfig "
            "GetProvisionedConcurrencyConfig GetRuntimeManagementConfig ListVersionsByFunction "
            "PublishVersion",
            _FUNCTIONS,
        ),
    ),
    "AWS::Lambda::Alias": (
        _may(
            "lambda",
            "CreateAlias DeleteAlias GetAlias UpdateAlias DeleteProvisionedConcurrencyConfig "
            "GetProvisionedConcurrencyConfig PutProvisionedConcurrencyConfig",
            _FUNCTIONS,
        ),
        _may(
            "codedeploy",
            "CreateDeployment GetDeployment GetDeploymentConfig GetDeploymentGroup StopDeployment",
            *_CODEDEPLOY,
        ),
    ),
    "AWS::Lambda::Permission": (
        _may(
            "lambda",
            "AddPermission GetPolicy RemovePermission",
            _FUNCTIONS,
        ),
    ),
    "AWS::AppConfig::Application": (
        _may(
            "appconfig",
            "CreateApplication",
        ),
        _may(
            "appconfig",
            "DeleteApplication GetApplication UpdateApplication ListTagsForResource TagResource "
            "UntagResource",
            _CONFIGURATIONS,
        ),
    ),
    "AWS::AppConfig::ConfigurationProfile": (
        _may(
            "appconfig",
            "CreateConfigurationProfile DeleteConfigurationProfile GetConfigurationProfile "
            "UpdateConfigurationProfile ListTagsForResource TagResource UntagResource",
            _CONFIGURATIONS,
        ),
    ),
    "AWS::AppConfig::HostedConfigurationVersion": (
        _may(
            "appconfig",
            "CreateHostedConfigurationVersion DeleteHostedConfigurationVersion "
            "GetHostedConfigurationVersion",
            _CONFIGURATIONS,
        ),
    ),
    "AWS::IAM::Role": (
        _may(
            "iam",
            "CreateRole DeleteRole GetRole TagRole UntagRole UpdateAssumeRolePolicy "
            "UpdateRole UpdateRoleDescription DeleteRolePermissionsBoundary "
            "PutRolePermissionsBoundary DeleteRolePolicy GetRolePolicy PutRolePolicy "
            "ListAttachedRolePolicies ListRolePolicies",
            _ROLES,
        ),
    ),
    "AWS::DynamoDB::Table": (
        _may(
            "dynamodb",
            "CreateTable DeleteTable DescribeTable UpdateTable DescribeContinuousBackups "
            "UpdateContinuousBackups DescribeTimeToLive UpdateTimeToLive "
            "DescribeContributorInsights DescribeKinesisStreamingDestination GetResourcePolicy "
            "ListTagsOfResource TagResource UntagResource",
            _arn("dynamodb", f"table/{STACKS}"),
        ),
    ),
    "AWS::Logs::LogGroup": (
        _may(
            "logs",
            "DescribeLogGroups DescribeResourcePolicies",
        ),
        _may(
            "logs",
            "AssociateKmsKey DisassociateKmsKey CreateLogGroup DeleteLogGroup "
            "DeleteRetentionPolicy PutRetentionPolicy DescribeIndexPolicies "
            "GetDataProtectionPolicy ListTagsForResource TagResource UntagResource",
            *_GROUPS,
        ),
    ),
    "AWS::Logs::MetricFilter": (
        _may(
            "logs",
            "DeleteMetricFilter DescribeMetricFilters PutMetricFilter",
            *_GROUPS,
        ),
    ),
    "AWS::SNS::Topic": (
        _may(
            "sns",
            "CreateTopic DeleteTopic GetDataProtectionPolicy GetTopicAttributes "
            "SetTopicAttributes ListSubscriptionsByTopic Subscribe Unsubscribe "
            "ListTagsForResource TagResource UntagResource",
            _arn("sns", STACKS),
        ),
    ),
    "AWS::CloudWatch::Alarm": (
        _may(
            "cloudwatch",
            "DescribeAlarms",
        ),
        _may(
            "cloudwatch",
            "DeleteAlarms PutMetricAlarm ListTagsForResource TagResource UntagResource",
            _arn("cloudwatch", f"alarm:{STACKS}"),
        ),
    ),
    "AWS::CloudWatch::Dashboard": (
        # CloudFormation generates the dashboard's name.
        _may(
            "cloudwatch",
            "DeleteDashboards GetDashboard PutDashboard ListTagsForResource TagResource "
            "UntagResource",
            "arn:aws:cloudwatch::ACCOUNT_ID:dashboard/*",
        ),
    ),
    "AWS::CodeDeploy::Application": (
        _may(
            "codedeploy",
            "CreateApplication DeleteApplication GetApplication ListTagsForResource TagResource "
            "UntagResource",
            *_CODEDEPLOY,
        ),
    ),
    "AWS::CodeDeploy::DeploymentGroup": (
        _may("iam", "PassRole", _ROLES),
        _may(
            "codedeploy",
            "CreateDeploymentGroup DeleteDeploymentGroup GetDeploymentGroup "
            "UpdateDeploymentGroup CreateDeployment GetDeployment ListDeployments "
            "StopDeployment GetDeploymentConfig GetApplicationRevision "
            "RegisterApplicationRevision ListTagsForResource TagResource UntagResource",
            *_CODEDEPLOY,
        ),
    ),
}
"""The permissions of each type; a test compares them with CloudFormation's own list."""

OF_THE_TOOL: Final[tuple[Access, ...]] = (
    _may(
        "cloudformation",
        "GetTemplateSummary ValidateTemplate",
    ),
    _may(
        "cloudformation",
        "CreateChangeSet DeleteChangeSet DescribeChangeSet ExecuteChangeSet "
        "ContinueUpdateRollback DeleteStack DescribeStackEvents DescribeStackResources "
        "DescribeStacks GetTemplate",
        _arn("cloudformation", f"stack/{STACKS}"),
        _arn("cloudformation", "stack/aws-sam-cli-managed-default/*"),
        "arn:aws:cloudformation:REGION:aws:transform/Serverless-2016-10-31",
    ),
    # The bucket that `resolve_s3` creates once per account and region, and the artefacts in it.
    _may(
        "s3",
        "CreateBucket GetBucketLocation GetBucketPolicy ListBucket PutBucketPolicy "
        "PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning "
        "PutEncryptionConfiguration DeleteObject GetObject GetObjectVersion PutObject",
        "arn:aws:s3:::aws-sam-cli-managed-default-*",
    ),
)
"""The actions of the SAM CLI in addition to those for the stack's resources."""
