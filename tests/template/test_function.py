"""The function runs where it is built for, with no more rights than it needs."""

import ast
from pathlib import Path

from tests.template.sam import ROOT
from tests.template.stack import Stack


def test_the_role_can_read_this_table_and_write_its_own_logs_and_traces() -> None:
    """The function's role may read the table in batches, log, trace, and do nothing else."""
    stack = Stack()
    role_name = stack.one("AWS::Lambda::Function")["Role"].removesuffix(".Arn")
    role = stack.of_type("AWS::IAM::Role")[role_name]["Properties"]
    assert {"AssumeRolePolicyDocument", "Policies"} == role.keys()
    (policy,) = role["Policies"]
    assert [
        ("Allow", "dynamodb:BatchGetItem", "ClaimsTable.Arn"),
        ("Allow", ["logs:CreateLogStream", "logs:PutLogEvents"], "FunctionLogs.Arn"),
        ("Allow", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
    ] == [
        (statement["Effect"], statement["Action"], statement["Resource"])
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def test_no_policy_comes_from_elsewhere() -> None:
    """No managed policy, and no policy resource of its own that could widen the role."""
    stack = Stack()
    for role in stack.of_type("AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role["Properties"]
    types = {resource["Type"] for resource in stack.template["Resources"].values()}
    assert {"AWS::IAM::Role"} == {type_ for type_ in types if type_.startswith("AWS::IAM::")}


def test_only_lambda_takes_the_role() -> None:
    """Nobody else can assume what the function may."""
    ((statement,),) = [
        role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        for role in Stack().of_type("AWS::IAM::Role").values()
    ]
    assert ({"Service": "lambda.amazonaws.com"}, "sts:AssumeRole") == (
        statement["Principal"],
        statement["Action"],
    )


def test_the_function_runs_where_it_is_built_for() -> None:
    """Python 3.13 on arm64 with one vCPU, traced, within a time beyond Entra's longest wait."""
    function = Stack().one("AWS::Lambda::Function")
    assert ("python3.13", ["arm64"], 1769, 5, {"Mode": "Active"}) == (
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
