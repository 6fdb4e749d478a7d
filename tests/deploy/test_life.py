"""A stack's life: made, changed, changed back, removed; the claims outlive it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.cloud import Cloud
from tests.deploy.conftest import DEV
from tests.deploy.deployed import Deployed
from tests.deploy.project import Project
from tests.template.stack import REQUIRED

ITEM = {"pk": {"S": f"TENANT#{REQUIRED['TenantId']}"}, "sk": {"S": "APP#*"}}


def _deploy(cloud: Cloud, project: Project, **parameters: str) -> Deployed:
    done = project.deploy("--config-env", "dev", **REQUIRED, **parameters)
    assert 0 == done.returncode, done.stderr
    return Deployed(cloud, DEV)


@pytest.fixture(scope="module")
def made(cloud: Cloud, dev: Deployed) -> Deployed:
    """The stack as it is first, with an item in its table."""
    cloud.client("dynamodb").put_item(TableName=dev.outputs["TableName"], Item=ITEM)
    return dev


@pytest.fixture(scope="module")
def changed(cloud: Cloud, project: Project, made: Deployed) -> Deployed:
    """With two parameters changed."""
    return _deploy(cloud, project, CallerVerification="function", EntraWaitMs="2000")


@pytest.fixture(scope="module")
def changed_back(cloud: Cloud, project: Project, changed: Deployed) -> Deployed:
    """With one of them as it was."""
    return _deploy(cloud, project, CallerVerification="gateway")


@pytest.fixture(scope="module")
def removed(cloud: Cloud, project: Project, changed_back: Deployed) -> Deployed:
    """What it was, after `sam delete`."""
    done = project.sam("delete", "--config-env", "dev", "--no-prompts")
    assert 0 == done.returncode, done.stderr
    return changed_back


def _served(stack: Deployed) -> tuple[Any, Any]:
    """The number and the environment of the version that `live` stands for."""
    version = stack.one("AWS::Lambda::Version")
    assert version["Version"] == stack.one("AWS::Lambda::Alias")["FunctionVersion"]
    return version["Version"], version["Environment"]["Variables"]


def test_a_changed_parameter_is_what_live_serves(made: Deployed, changed: Deployed) -> None:
    """`live` moves to a new version, which has the new environment; the old one had the old."""
    (old, before), (new, after) = _served(made), _served(changed)
    assert old != new
    assert ("gateway", "function") == (before["CALLER_VERIFICATION"], after["CALLER_VERIFICATION"])
    assert ("CREATE_COMPLETE", "UPDATE_COMPLETE") == (made.status, changed.status)


def test_the_rest_follows_the_parameter(made: Deployed, changed: Deployed) -> None:
    """The route's authorizer goes, and each mode's own alarms are exchanged."""
    route = "AWS::ApiGatewayV2::Route"
    assert ("JWT", "NONE") == tuple(
        stack.one(route)["AuthorizationType"] for stack in (made, changed)
    )
    before, after = made.references.keys(), changed.references.keys()
    assert {"FunctionRefusalsAlarm", "EntraAuthorizer"} == before - after
    assert {"KeysUnavailableAlarm", "StaleKeysAlarm"} == after - before


def test_what_others_go_by_stays(made: Deployed, changed: Deployed) -> None:
    """A change moves neither what Entra calls nor the table that claims are loaded into."""
    assert made.outputs == changed.outputs


def test_a_parameter_left_out_stays_as_it_is(changed: Deployed, changed_back: Deployed) -> None:
    """`sam deploy` changes what it is told, and goes back to no default by itself."""
    (old, _), (new, variables) = _served(changed), _served(changed_back)
    assert old != new
    assert ("gateway", 2000) == (
        variables["CALLER_VERIFICATION"],
        int(variables["ENTRA_WAIT_MS"]),
    )
    assert "JWT" == changed_back.one("AWS::ApiGatewayV2::Route")["AuthorizationType"]
    assert "FunctionRefusalsAlarm" in changed_back.references


def test_the_table_outlives_the_stack(cloud: Cloud, removed: Deployed) -> None:
    """The table stays, with its items, and is still protected."""
    dynamodb, table = cloud.client("dynamodb"), removed.outputs["TableName"]
    assert ITEM == dynamodb.get_item(TableName=table, Key=ITEM)["Item"]
    with pytest.raises(ClientError, match="DeletionProtectionEnabled"):
        dynamodb.delete_table(TableName=table)


@pytest.mark.parametrize(
    ("service", "operation", "found"),
    [
        ("lambda", "list_functions", "Functions"),
        ("logs", "describe_log_groups", "logGroups"),
        ("cloudwatch", "describe_alarms", "MetricAlarms"),
        ("cloudwatch", "list_dashboards", "DashboardEntries"),
        ("iam", "list_roles", "Roles"),
        ("apigatewayv2", "get_apis", "Items"),
    ],
)
def test_nothing_else_does(
    cloud: Cloud, removed: Deployed, service: str, operation: str, found: str
) -> None:
    """Function, logs, alarms, dashboard, roles and API are gone."""
    assert DEV not in str(getattr(cloud.client(service), operation)()[found])


def test_another_stack_keeps_its_artefact(cloud: Cloud, prod: Deployed, removed: Deployed) -> None:
    """`sam delete` removes the artefact that it deployed, not the equal one of another stack.

    Without it, a rollback of the other stack would fail.
    """
    (name,) = prod.of_type("AWS::Lambda::Function")
    place = prod.properties(name)["Code"]
    found = cloud.client("s3").list_objects_v2(Bucket=place["S3Bucket"])["Contents"]
    assert place["S3Key"] in {each["Key"] for each in found}
    assert [] == [each["Key"] for each in found if each["Key"].startswith(f"{DEV}/")]
