"""What `sam deploy` leaves in moto holds together: the artefact, and the way to it."""

import io
import json
import zipfile
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from claims_provider.settings import read_settings

from tests.artefact.artefact import files_in
from tests.deploy.cloud import Cloud
from tests.deploy.conftest import EVERYTHING
from tests.deploy.deployed import Deployed
from tests.template.stack import REQUIRED


def test_both_stacks_are_complete(stack: Deployed) -> None:
    """`sam deploy` makes a bucket, packages, and has the rest transformed and made."""
    assert "CREATE_COMPLETE" == stack.status


def test_the_function_runs_the_artefact(cloud: Cloud, prod: Deployed, artefact: Path) -> None:
    """The code that the function has is what `sam build` made, file for file and byte for byte."""
    (name,) = prod.of_type("AWS::Lambda::Function")
    place = prod.properties(name)["Code"]
    body = (
        cloud.client("s3").get_object(Bucket=place["S3Bucket"], Key=place["S3Key"])["Body"].read()
    )
    assert prod.read(name)["CodeSha256"] == b64encode(sha256(body).digest()).decode()
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        packed_files = {each: packed.read(each) for each in packed.namelist() if each[-1] != "/"}
    assert packed_files == {each: path.read_bytes() for each, path in files_in(artefact).items()}


def test_the_function_is_told_where_it_is(stack: Deployed) -> None:
    """Its environment is a configuration it accepts, with the names that came to be."""
    function = stack.one("AWS::Lambda::Function")
    assert ("python3.13", "claims_provider.main.lambda_handler", 1769, 5) == (
        function["Runtime"],
        function["Handler"],
        function["MemorySize"],
        function["Timeout"],
    )
    environment = {name: str(value) for name, value in function["Environment"]["Variables"].items()}
    settings = read_settings(environment)
    assert stack.outputs["TableName"] == settings.table_name
    assert (REQUIRED["AppId"], stack.outputs["IdentifierUri"]) == (
        settings.token_audiences[0],
        settings.token_audiences[-1],
    )


def test_the_way_in_leads_to_the_version(dev: Deployed) -> None:
    """API, route, integration, alias and version are linked, and the one permission opens them."""
    api, alias = dev.one("AWS::ApiGatewayV2::Api"), dev.one("AWS::Lambda::Alias")
    integration = dev.one("AWS::ApiGatewayV2::Integration")
    route, permission = (
        dev.one("AWS::ApiGatewayV2::Route"),
        dev.one("AWS::Lambda::Permission"),
    )
    assert f"integrations/{integration['IntegrationId']}" == route["Target"]
    assert dev.one("AWS::ApiGatewayV2::Authorizer")["AuthorizerId"] == route["AuthorizerId"]
    assert [alias["AliasArn"]] * 2 == [integration["IntegrationUri"], permission["FunctionName"]]
    assert dev.one("AWS::Lambda::Version")["Version"] == alias["FunctionVersion"]
    method, path = route["RouteKey"].split()
    assert permission["SourceArn"].endswith(f":{api['ApiId']}/$default/{method}{path}")
    assert (
        f"https://{api['ApiId']}.execute-api.eu-central-1.amazonaws.com{path}"
        == (dev.outputs["TargetUrl"])
    )


def test_the_role_opens_the_stacks_own_table(dev: Deployed) -> None:
    """The function's role may read the table that the stack made, and that one alone."""
    (statement,) = [
        statement
        for name in dev.of_type("AWS::IAM::Role")
        for policy in dev.read(name)["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "dynamodb:BatchGetItem"
    ]
    assert dev.one("AWS::DynamoDB::Table")["TableArn"] == statement["Resource"]


def test_the_dashboard_shows_the_stacks_own_alarms(stack: Deployed) -> None:
    """Each alarm that was made is on the dashboard, by its ARN."""
    widgets = json.loads(stack.one("AWS::CloudWatch::Dashboard")["DashboardBody"])["widgets"]
    (shown,) = [each["properties"]["alarms"] for each in widgets if each["type"] == "alarm"]
    made = [stack.read(name)["AlarmArn"] for name in stack.of_type("AWS::CloudWatch::Alarm")]
    assert sorted(made) == sorted(shown)


def test_a_boundary_is_on_every_role(prod: Deployed) -> None:
    """Each role that the stack makes has the boundary that was asked for."""
    for name in prod.of_type("AWS::IAM::Role"):
        boundary = prod.read(name)["PermissionsBoundary"]["PermissionsBoundaryArn"]
        assert EVERYTHING["PermissionsBoundary"] == boundary


def test_a_key_of_ones_own_is_everywhere(prod: Deployed) -> None:
    """Table, logs and alarm topic are asked for with the key that was given."""
    key = EVERYTHING["KmsKeyArn"]
    asked = [
        prod.properties(name)[member]
        for type_, member in (
            ("AWS::Logs::LogGroup", "KmsKeyId"),
            ("AWS::SNS::Topic", "KmsMasterKeyId"),
        )
        for name in prod.of_type(type_)
    ]
    (table,) = prod.of_type("AWS::DynamoDB::Table")
    assert [key] * 4 == [*asked, prod.properties(table)["SSESpecification"]["KMSMasterKeyId"]]


def test_somebody_is_told(prod: Deployed, dev: Deployed) -> None:
    """With an address given, every alarm writes to the topic that the address is subscribed to."""
    topic = prod.one("AWS::SNS::Topic")
    assert [EVERYTHING["AlarmEmail"]] == [each["Endpoint"] for each in topic["Subscription"]]
    for name in prod.of_type("AWS::CloudWatch::Alarm"):
        assert [topic["TopicArn"]] == prod.read(name)["AlarmActions"]
    assert [] == dev.of_type("AWS::SNS::Topic")
