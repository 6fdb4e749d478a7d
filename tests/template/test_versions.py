"""What is deployed is what `live` serves: every change makes a new version of the function."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.template.sam import TEMPLATE, resource_schema, transform
from tests.template.stack import REQUIRED, Stack

CHANGES = {
    "TenantId": "bbbbcccc-1111-dddd-2222-eeee3333ffff",
    "AppId": "22223333-cccc-4444-dddd-5555eeee6666",
    "TenantKind": "workforce",
    "TokenIssuer": "https://sts.windows.net/bbbbcccc-1111-dddd-2222-eeee3333ffff/",
    "CallerVerification": "none",
    "TestCallerAppIds": "33334444-aaaa-bbbb-cccc-666677778888,44445555-aaaa-bbbb-cccc-777788889999",
    "TestCallersUntil": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "EntraWaitMs": "2000",
    "OnStoreFailure": "empty",
    "UserKeys": "id,mail",
    "AddressKeysForGuests": "true",
    "AddressKeyClaims": "department",
    "AppKey": "resource",
    "EchoClaims": "apiVersion",
    "ExistingTableName": "imported",
    "CustomDomainName": "claims.contoso.example",
}
NOT_THE_FUNCTIONS = {
    "LogRetentionDays": "7",
    "CustomDomainCertificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/1",
    "ProvisionedConcurrency": "9",
    "Rollout": "at-once",
    "RequestsPerSecond": "100",
    "AlarmEmail": "oncall@contoso.example",
    "NoCalloutHours": "12",
    "KmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "PermissionsBoundary": "arn:aws:iam::123456789012:policy/boundary",
}

NUMBER = "configuration ConfigurationVersion.VersionNumber"


def _version(stack: Stack) -> tuple[str, Any]:
    """The version that `live` serves: its logical id, and all that makes it another one."""
    ((name, version),) = stack.of_type("AWS::Lambda::Version").items()
    (alias,) = stack.of_type("AWS::Lambda::Alias").values()
    assert f"{name}.Version" == alias["Properties"]["FunctionVersion"]
    # A number that is not known before: each other content has another one.
    assert NUMBER == version["Properties"]["Description"]
    return name, stack.one("AWS::AppConfig::HostedConfigurationVersion")


def test_every_parameter_that_reaches_the_function_is_tried() -> None:
    """The tests below change every parameter but those that are not the function's."""
    parameters = Stack().template["Parameters"].keys()
    assert parameters - NOT_THE_FUNCTIONS.keys() == {
        *CHANGES,
        "StartupMode",
        "Revision",
        "Tracing",
    }


@pytest.mark.parametrize("name", list(NOT_THE_FUNCTIONS))
def test_other_parameters_do_not_reach_the_function(name: str) -> None:
    """What makes no new version changes nothing of what the function is."""
    before, after = Stack(), Stack(**{name: NOT_THE_FUNCTIONS[name]})
    assert before.one("AWS::Lambda::Function") == after.one("AWS::Lambda::Function")
    assert _version(before) == _version(after)


def test_a_parameter_alone_leaves_the_versions_logical_id_as_it_was() -> None:
    """The transform makes the same whatever the parameters: hence the description."""
    before, after = json.dumps(REQUIRED), json.dumps(CHANGES)
    assert transform(str(TEMPLATE), before) == transform(str(TEMPLATE), after)


@pytest.mark.parametrize("name", list(CHANGES))
def test_a_changed_parameter_makes_a_new_version(name: str) -> None:
    """A changed environment always reaches the alias, with a new description."""
    before, after = Stack(), Stack(**{name: CHANGES[name]})
    assert before.environment() != after.environment()
    assert _version(before)[1] != _version(after)[1]


def test_another_start_makes_a_new_version() -> None:
    """A snapshot is of one version, so what it starts from is part of the configuration."""
    before, after = Stack(), Stack(StartupMode="snapstart")
    assert before.one("AWS::Lambda::Function") != after.one("AWS::Lambda::Function")
    assert _version(before)[1] != _version(after)[1]


def test_a_revision_publishes_the_same_again() -> None:
    """After an upgrade that was rolled back Lambda has a version that equals the function.

    It publishes nothing then, and CloudFormation fails. Another revision is another number in the
    function's description and the version's, so that there is something to publish.
    """
    before, after = Stack(), Stack(Revision="1")
    assert before.environment() == after.environment()
    assert _version(before)[1] != _version(after)[1]


def test_a_version_that_is_replaced_stays() -> None:
    """A parameter replaces the version under its logical id; the alias can go back to the old."""
    (version,) = Stack().of_type("AWS::Lambda::Version").values()
    assert ("Retain", "Retain") == (version["UpdateReplacePolicy"], version["DeletionPolicy"])


def test_a_stack_leaves_no_function_behind() -> None:
    """What keeps replaced versions does not keep the function when the stack is deleted."""
    for type_ in ("AWS::Lambda::Function", "AWS::Lambda::Alias"):
        (resource,) = Stack().of_type(type_).values()
        assert "DeletionPolicy" not in resource


def test_another_number_is_another_function() -> None:
    """The function itself bears the configuration's number, so that there is one to publish.

    Lambda publishes nothing while the function is as it was published last, whatever the version's
    description, and CloudFormation fails then.
    """
    assert Stack().one("AWS::Lambda::Function")["Description"].endswith(NUMBER)


def test_environments_that_wait_ready_are_the_aliass_alone() -> None:
    """No version is made for them: AWS refuses them to an alias that is just being shifted."""
    before, after = Stack(), Stack(StartupMode="provisioned")
    assert before.one("AWS::Lambda::Function") == after.one("AWS::Lambda::Function")
    assert _version(before) == _version(after)


def test_every_choice_is_a_configuration_of_its_own() -> None:
    """No two values that a list of allowed ones offers lead to one configuration."""
    for name, parameter in Stack().template["Parameters"].items():
        if name in CHANGES and "AllowedValues" in parameter:
            values = map(str, parameter["AllowedValues"])
            contents = [_version(Stack(**{name: value}))[1]["Content"] for value in values]
            assert len(parameter["AllowedValues"]) == len(set(contents)), name


@pytest.mark.parametrize(
    ("type_", "property_"),
    [
        ("AWS::AppConfig::HostedConfigurationVersion", "Content"),
        ("AWS::Lambda::Version", "Description"),
    ],
)
def test_another_content_is_another_number_and_another_version(type_: str, property_: str) -> None:
    """CloudFormation's own schema says that neither can change in place."""
    assert f"/properties/{property_}" in resource_schema(type_)["createOnlyProperties"]


def test_a_changed_template_makes_a_new_version(tmp_path: Path) -> None:
    """A property that only the template sets reaches the alias too."""
    text = TEMPLATE.read_text("utf-8")
    changed = tmp_path / "template.yaml"
    changed.write_text(text.replace("Timeout: 5\n", "Timeout: 4\n"), "utf-8")
    stack = Stack(changed)
    assert 4 == stack.one("AWS::Lambda::Function")["Timeout"]
    assert _version(Stack())[0] != _version(stack)[0]
