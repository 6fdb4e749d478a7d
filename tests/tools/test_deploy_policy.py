"""docs/deploy-policy.json allows what a deployment of the template takes, and no more than that."""

import json
from pathlib import Path

import pytest

from tests.template.sam import resource_schemas
from tests.template.stack import Stack
from tools.deploy_actions import BY_TYPE
from tools.deploy_policy import main, policy, types_in

ROOT = Path(__file__).parents[2]
TEMPLATE = (ROOT / "template.yaml").read_text("utf-8")
OTHERS = ("ec2", "elasticfilesystem", "s3files", "kinesis", "firehose", "s3")
"""Services of options that the template does not use: a VPC, files, streams, an API's body."""
BY_THE_KEY = "kms"
"""The key's own policy allows it: docs/security-options.md."""
UNUSED = {
    "AWS::ApiGatewayV2::Authorizer": {"iam:PassRole"},
    "AWS::ApiGatewayV2::Integration": {"iam:PassRole"},
    "AWS::AppConfig::ConfigurationProfile": {"iam:PassRole"},
    "AWS::SNS::Topic": {"iam:GetRole", "iam:PassRole", "sns:PutDataProtectionPolicy"},
    "AWS::IAM::Role": {"iam:AttachRolePolicy", "iam:DetachRolePolicy"},
    "AWS::CodeDeploy::DeploymentGroup": {"codedeploy:RegisterOnPremisesInstance"},
    "AWS::Lambda::Version": {
        "lambda:PutProvisionedConcurrencyConfig",
        "lambda:PutRuntimeManagementConfig",
        "lambda:PutFunctionScalingConfig",
    },
    "AWS::Lambda::Function": {
        "lambda:PutFunctionConcurrency",
        "lambda:DeleteFunctionConcurrency",
        "lambda:GetCodeSigningConfig",
        "lambda:PutFunctionCodeSigningConfig",
        "lambda:DeleteFunctionCodeSigningConfig",
        "lambda:GetLayerVersion",
        "lambda:PutRuntimeManagementConfig",
        "lambda:PutFunctionRecursionConfig",
        "lambda:PutFunctionScalingConfig",
        "lambda:PassCapacityProvider",
        "lambda:AssociateRuntimeAlias",
    },
    "AWS::Logs::LogGroup": {
        "logs:PutDataProtectionPolicy",
        "logs:DeleteDataProtectionPolicy",
        "logs:CreateLogDelivery",
        "logs:PutResourcePolicy",
        "logs:DeleteResourcePolicy",
        "logs:PutIndexPolicy",
        "logs:DeleteIndexPolicy",
        "logs:PutBearerTokenAuthentication",
        "logs:PutLogGroupDeletionProtection",
    },
    "AWS::DynamoDB::Table": {
        "dynamodb:DescribeImport",
        "dynamodb:ImportTable",
        "dynamodb:UpdateContributorInsights",
        "dynamodb:EnableKinesisStreamingDestination",
        "dynamodb:DisableKinesisStreamingDestination",
        "dynamodb:UpdateKinesisStreamingDestination",
        "dynamodb:PutResourcePolicy",
        "dynamodb:DeleteResourcePolicy",
        "dynamodb:CreateTableReplica",
        "dynamodb:AssociateTableReplica",
        "dynamodb:Scan",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
        "dynamodb:PutItem",
        "dynamodb:GetItem",
        "dynamodb:DeleteItem",
        "dynamodb:BatchWriteItem",
        "iam:CreateServiceLinkedRole",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
        "logs:PutRetentionPolicy",
    },
}
"""What CloudFormation lists for properties that the template does not set."""


def _listed(type_: str) -> set[str]:
    """What CloudFormation's schema says that it calls for a resource of this type."""
    handlers = resource_schemas(*BY_TYPE)[type_]["handlers"]
    return {
        action
        for name, handler in handlers.items()
        if name != "list"
        for action in handler["permissions"]
        if not action.startswith((*(f"{service}:" for service in OTHERS), f"{BY_THE_KEY}:"))
    }


def test_it_knows_every_type_of_the_stack() -> None:
    """The types are those of the transformed template, SAM's own additions included."""
    template = Stack().template
    transformed = {resource["Type"] for resource in template["Resources"].values()}
    assert transformed == types_in(TEMPLATE) == BY_TYPE.keys()


@pytest.mark.parametrize("type_", list(BY_TYPE))
def test_a_type_may_be_made_changed_and_removed(type_: str) -> None:
    """Each action that CloudFormation lists is allowed, or is for what the template leaves out."""
    allowed = {action for actions, _ in BY_TYPE[type_] for action in actions}
    unused = UNUSED.get(type_, set())
    assert _listed(type_) - unused <= allowed
    assert not unused & allowed
    assert unused <= _listed(type_), "no longer listed"


def test_claims_are_out_of_its_reach() -> None:
    """The policy does not allow reading or writing items, or calling the function."""
    actions = [one for each in json.loads(policy(TEMPLATE))["Statement"] for one in each["Action"]]
    assert not [one for one in actions if "*" in one or one.endswith(("Item", "InvokeFunction"))]


def test_it_fits_into_a_role() -> None:
    """IAM takes 10,240 characters of inline policies for a role; a boundary is to fit too."""
    assert 9000 > len(json.dumps(json.loads(policy(TEMPLATE)), separators=(",", ":")))


def test_a_type_that_it_does_not_know_is_named() -> None:
    """Another resource in the template stops `make events` until its actions are known."""
    with pytest.raises(ValueError, match="AWS::WAFv2::WebACL; add them to BY_TYPE"):
        policy(f"{TEMPLATE}\n  Wall:\n    Type: AWS::WAFv2::WebACL\n")


def test_a_stale_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--check names a file that is out of date; without it, the file is written."""
    path = tmp_path / "policy.json"
    assert 1 == main(["--check", str(path)])
    assert f"{path}: out of date; run make events\n" == capsys.readouterr().err
    assert (0, 0) == (main([str(path)]), main(["--check", str(path)]))


def test_the_file_in_the_repository_is_fresh() -> None:
    """docs/deploy-policy.json is what the tool writes now."""
    assert 0 == main(["--check", str(ROOT / "docs/deploy-policy.json")])
