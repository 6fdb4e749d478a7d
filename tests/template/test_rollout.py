"""How a new version starts, and how it takes over."""

import pytest

from tests.template.stack import RefusedError, Stack

ALIAS_METRICS = {
    ("AWS/Lambda", "Errors"),
    ("AWS/Lambda", "Duration"),
    ("AWS/Lambda", "Invocations"),
}
OF_THE_ALIAS = {"FunctionName": "ClaimsFunction", "Resource": "ClaimsFunction:live"}
OWN_FAULT = ("EntraClaimsProvider", "InternalError")


def _group(stack: Stack) -> dict[str, object]:
    properties: dict[str, object] = stack.one("AWS::CodeDeploy::DeploymentGroup")
    return properties


def test_a_new_version_takes_over_by_and_by() -> None:
    """A tenth of the callouts for five minutes first; trouble of the new version ends it."""
    group = _group(Stack())
    assert "CodeDeployDefault.LambdaCanary10Percent5Minutes" == group["DeploymentConfigName"]
    assert {
        "Enabled": True,
        "Alarms": [
            {"Name": name} for name in ("AliasErrorsAlarm", "FaultsAlarm", "AliasLatencyAlarm")
        ],
    } == group["AlarmConfiguration"]
    assert "RolloutRole.Arn" == group["ServiceRoleArn"]
    (alias,) = Stack().of_type("AWS::Lambda::Alias").values()
    assert "CodeDeployLambdaAliasUpdate" in alias["UpdatePolicy"]


def test_in_an_emergency_all_of_it_at_once() -> None:
    """An alarm that rings already does not stop the change that is to end it."""
    group = _group(Stack(Rollout="at-once"))
    assert "CodeDeployDefault.LambdaAllAtOnce" == group["DeploymentConfigName"]
    assert not group.get("AlarmConfiguration")


@pytest.mark.parametrize("name", ["AliasErrorsAlarm", "FaultsAlarm", "AliasLatencyAlarm"])
def test_nobody_else_can_roll_a_version_back(name: str) -> None:
    """Only the alias's own crashes, faults and time count: no stranger's 4xx."""
    alarm = Stack().of_type("AWS::CloudWatch::Alarm")[name]["Properties"]
    stats = [query["MetricStat"] for query in alarm.get("Metrics", ()) if "MetricStat" in query]
    for metric in [each["Metric"] for each in stats] or [alarm]:
        source = (metric["Namespace"], metric["MetricName"])
        dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
        assert source in ALIAS_METRICS | {OWN_FAULT}
        assert source == OWN_FAULT or OF_THE_ALIAS == dimensions


@pytest.mark.parametrize(
    ("mode", "snapshots", "ready"),
    [
        ("none", "None", None),
        ("snapstart", "PublishedVersions", None),
        ("provisioned", "None", "3"),
    ],
)
def test_an_environment_starts_as_asked(mode: str, snapshots: str, ready: str | None) -> None:
    """From nothing, from a snapshot or ahead of need; never two of them, which AWS refuses."""
    stack = Stack(StartupMode=mode, ProvisionedConcurrency="3")
    assert {"ApplyOn": snapshots} == stack.one("AWS::Lambda::Function")["SnapStart"]
    provisioned = stack.one("AWS::Lambda::Alias").get("ProvisionedConcurrencyConfig", {})
    assert ready == provisioned.get("ProvisionedConcurrentExecutions")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("StartupMode", "SnapStart"),
        ("ProvisionedConcurrency", "0"),
        ("Rollout", "canary"),
        ("AlarmEmail", "oncall"),
        ("AlarmEmail", "a@b.example, c@d.example"),
        ("ExistingTableName", "arn:aws:dynamodb:eu-central-1:123456789012:table/claims"),
        ("ExistingTableName", "ab"),
        ("CustomDomainName", "https://claims.contoso.example"),
        ("CustomDomainName", "Claims.contoso.example"),
        ("CustomDomainName", "localhost"),
        ("CustomDomainCertificateArn", "arn:aws:iam::123456789012:server-certificate/x"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, value: str) -> None:
    """CloudFormation refuses it before anything is deployed."""
    with pytest.raises(RefusedError, match=name):
        Stack(**{name: value})


def test_what_needs_another_is_refused_alone() -> None:
    """A domain without a certificate and test callers without an end never get deployed."""
    rules = Stack().template["Rules"]
    assert {
        ("CustomDomainName", "CustomDomainCertificateArn"),
        ("TestCallerAppIds", "TestCallersUntil"),
    } == {
        (_not_empty(rule["RuleCondition"]), _not_empty(rule["Assertions"][0]["Assert"]))
        for rule in rules.values()
    }


def _not_empty(condition: object) -> str:
    match condition:
        case {"Fn::Not": [{"Fn::Equals": [{"Ref": str(name)}, ""]}]}:
            return name
        case _:
            pytest.fail(f"not of the form 'is given': {condition}")
