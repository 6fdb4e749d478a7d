"""The function runs where it is built for, with no more rights than it needs."""

import ast
from pathlib import Path

import pytest

from tests.template.sam import ROOT
from tests.template.stack import Stack


def test_the_role_can_read_this_table_and_write_its_own_logs() -> None:
    """The function's role may read the table in batches, log, and do nothing else."""
    stack = Stack()
    role_name = stack.one("AWS::Lambda::Function")["Role"].removesuffix(".Arn")
    role = stack.of_type("AWS::IAM::Role")[role_name]["Properties"]
    assert {"AssumeRolePolicyDocument", "Policies"} == role.keys()
    (policy,) = role["Policies"]
    assert [
        ("Allow", "dynamodb:BatchGetItem", "ClaimsTable.Arn"),
        ("Allow", ["logs:CreateLogStream", "logs:PutLogEvents"], "FunctionLogs.Arn"),
    ] == [
        (statement["Effect"], statement["Action"], statement["Resource"])
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def test_traces_are_written_only_when_asked_for() -> None:
    """X-Ray costs more than the callout: with Tracing on the role may write traces, else not."""
    stack = Stack(Tracing="on")
    assert {"Mode": "Active"} == stack.one("AWS::Lambda::Function")["TracingConfig"]
    role = stack.of_type("AWS::IAM::Role")["ClaimsFunctionRole"]["Properties"]
    statement = role["Policies"][0]["PolicyDocument"]["Statement"][-1]
    assert ["xray:PutTraceSegments", "xray:PutTelemetryRecords"] == statement["Action"]


KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize("table", ["", "imported"])
def test_a_key_of_the_accounts_own(table: str) -> None:
    """It encrypts table, logs and topic; the function may decrypt by way of DynamoDB only.

    An existing table may be encrypted with it too, and then the role needs the same right.
    """
    stack = Stack(KmsKeyArn=KEY, ExistingTableName=table, AlarmEmail="oncall@contoso.example")
    role = stack.of_type("AWS::IAM::Role")["ClaimsFunctionRole"]["Properties"]
    assert {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": KEY,
        "Condition": {"StringEquals": {"kms:ViaService": "dynamodb.eu-central-1.amazonaws.com"}},
    } == role["Policies"][0]["PolicyDocument"]["Statement"][-1]
    for claims_table in stack.of_type("AWS::DynamoDB::Table").values():
        assert {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY} == claims_table[
            "Properties"
        ]["SSESpecification"]
    for group in stack.of_type("AWS::Logs::LogGroup").values():
        assert KEY == group["Properties"]["KmsKeyId"]
    assert KEY == stack.one("AWS::SNS::Topic")["KmsMasterKeyId"]


def test_every_role_has_the_boundary() -> None:
    """An account that demands a permissions boundary gets it on each role, the transform's too."""
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    roles = Stack(PermissionsBoundary=boundary).of_type("AWS::IAM::Role")
    assert {boundary} == {role["Properties"]["PermissionsBoundary"] for role in roles.values()}
    assert all(
        "PermissionsBoundary" not in role["Properties"]
        for role in Stack().of_type("AWS::IAM::Role").values()
    )


def test_the_access_log_lengthens_no_policy() -> None:
    """Its group lies under the prefix that needs no line of the account's resource policy."""
    (name,) = (
        group["Properties"]["LogGroupName"]
        for group in Stack().of_type("AWS::Logs::LogGroup").values()
        if "LogGroupName" in group["Properties"]
    )
    assert "/aws/vendedlogs/stack/access" == name


def test_a_table_that_was_there_already_is_the_only_one_too() -> None:
    """With a table of one's own the role may read that one, of this account and region."""
    stack = Stack(ExistingTableName="imported")
    role = stack.of_type("AWS::IAM::Role")["ClaimsFunctionRole"]["Properties"]
    statement = role["Policies"][0]["PolicyDocument"]["Statement"][0]
    assert "arn:aws:dynamodb:eu-central-1:123456789012:table/imported" == statement["Resource"]
    assert {} == stack.of_type("AWS::DynamoDB::Table")
    assert ["imported", "imported"] == [
        stack.environment()["TABLE_NAME"],
        stack.outputs()["TableName"],
    ]


def test_a_rollout_can_shift_this_alias_and_do_nothing_else() -> None:
    """CodeDeploy's role may move the function's alias and look at alarms."""
    role = Stack().of_type("AWS::IAM::Role")["RolloutRole"]["Properties"]
    (policy,) = role["Policies"]
    assert [
        (
            ["lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"],
            ["ClaimsFunction.Arn", "ClaimsFunction.Arn:live"],
        ),
        ("cloudwatch:DescribeAlarms", "*"),
    ] == [
        (statement["Action"], statement["Resource"])
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def test_no_policy_comes_from_elsewhere() -> None:
    """No managed policy, and no policy resource of its own that could widen a role."""
    stack = Stack()
    for role in stack.of_type("AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role["Properties"]
    types = {resource["Type"] for resource in stack.template["Resources"].values()}
    assert {"AWS::IAM::Role"} == {type_ for type_ in types if type_.startswith("AWS::IAM::")}


def test_only_the_service_takes_its_role() -> None:
    """Nobody but Lambda can assume what the function may, and nobody but CodeDeploy the other."""
    assert {
        "ClaimsFunctionRole": [({"Service": "lambda.amazonaws.com"}, "sts:AssumeRole")],
        "RolloutRole": [({"Service": "codedeploy.amazonaws.com"}, "sts:AssumeRole")],
    } == {
        name: [
            (statement["Principal"], statement["Action"])
            for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        ]
        for name, role in Stack().of_type("AWS::IAM::Role").items()
    }


def test_the_function_runs_where_it_is_built_for() -> None:
    """Python 3.13 on arm64 with one vCPU, within a time beyond Entra's longest wait."""
    function = Stack().one("AWS::Lambda::Function")
    assert ("python3.13", ["arm64"], 1769, 5, {"Mode": "PassThrough"}) == (
        function["Runtime"],
        function["Architectures"],
        function["MemorySize"],
        function["Timeout"],
        function["TracingConfig"],
    )


def test_the_handler_is_there() -> None:
    """The handler's name leads to an assignment in a module of the source folder."""
    module, _, name = Stack().one("AWS::Lambda::Function")["Handler"].rpartition(".")
    path = ROOT / "src" / "provider" / Path(*module.split(".")).with_suffix(".py")
    assigned = {
        target.id
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert name in assigned


def test_logs_end() -> None:
    """Every log group has the retention asked for, and the function writes to one of them."""
    stack = Stack(LogRetentionDays="7")
    groups = stack.of_type("AWS::Logs::LogGroup")
    assert {"FunctionLogs": "7", "AccessLogs": "7"} == {
        name: group["Properties"]["RetentionInDays"] for name, group in groups.items()
    }
    assert {"LogFormat": "Text", "LogGroup": "FunctionLogs"} == stack.one("AWS::Lambda::Function")[
        "LoggingConfig"
    ]
