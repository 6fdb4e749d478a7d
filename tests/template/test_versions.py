"""What is deployed is what `live` serves: every change makes a new version of the function."""

import json
from collections.abc import Mapping
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
}


def _version(stack: Stack) -> tuple[str, Any]:
    ((name, version),) = stack.of_type("AWS::Lambda::Version").items()
    (alias,) = stack.of_type("AWS::Lambda::Alias").values()
    assert f"{name}.Version" == alias["Properties"]["FunctionVersion"]
    return name, version["Properties"]


def _longest(name: str, parameter: Mapping[str, Any]) -> str:
    """A value as long as the template allows; what has no bound has no such value."""
    if "AllowedValues" in parameter:
        return str(max(parameter["AllowedValues"], key=len))
    if "MaxValue" in parameter:
        return str(parameter["MaxValue"])
    if name == "TokenIssuer":
        tenant = CHANGES["TenantId"]
        return f"https://{tenant}.ciamlogin.com/{tenant}/v2.0"
    if "MaxLength" not in parameter:
        return CHANGES[name]
    return "x" * int(parameter["MaxLength"])


def test_every_parameter_that_reaches_the_function_is_tried() -> None:
    """The next test changes every parameter but those of logs."""
    assert Stack().template["Parameters"].keys() - {"LogRetentionDays"} == CHANGES.keys()


def test_a_parameter_alone_leaves_the_versions_logical_id_as_it_was() -> None:
    """The transform makes the same whatever the parameters: hence the description."""
    before, after = json.dumps(REQUIRED), json.dumps(CHANGES)
    assert transform(str(TEMPLATE), before) == transform(str(TEMPLATE), after)


@pytest.mark.parametrize("name", list(CHANGES))
def test_a_changed_parameter_makes_a_new_version(name: str) -> None:
    """Closing the door reaches the alias: the environment never changes under one description."""
    before, after = Stack(), Stack(**{name: CHANGES[name]})
    assert before.environment() != after.environment()
    assert _version(before)[1]["Description"] != _version(after)[1]["Description"]


@pytest.mark.parametrize(
    "other",
    [
        "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0",
        "https://sts.windows.net/aaaabbbb-0000-cccc-1111-ddddffffffff/",
        "",
    ],
    ids=["host", "tenant", "none"],
)
def test_another_issuer_makes_a_new_version(other: str) -> None:
    """Each part of an issuer that can differ is in the description."""
    issuer = "https://sts.windows.net/aaaabbbb-0000-cccc-1111-dddd2222eeee/"
    before, after = (Stack(TokenIssuer=name) for name in (issuer, other))
    assert _version(before)[1]["Description"] != _version(after)[1]["Description"]


def test_every_choice_has_a_description_of_its_own() -> None:
    """No two values that a list of allowed ones offers lead to one description."""
    for name, parameter in Stack().template["Parameters"].items():
        if name in CHANGES and "AllowedValues" in parameter:
            values = map(str, parameter["AllowedValues"])
            versions = [_version(Stack(**{name: value}))[1]["Description"] for value in values]
            assert len(parameter["AllowedValues"]) == len(set(versions)), name


def test_a_version_with_another_description_is_another_version() -> None:
    """CloudFormation's own schema says that a description cannot change in place."""
    assert (
        "/properties/Description" in resource_schema("AWS::Lambda::Version")["createOnlyProperties"]
    )


def test_the_longest_description_fits() -> None:
    """Lambda takes the description whatever the parameters are, and it is not cut."""
    parameters = Stack().template["Parameters"]
    longest = {name: _longest(name, parameters[name]) for name in CHANGES}
    description = _version(Stack(**longest))[1]["Description"]
    schema = resource_schema("AWS::Lambda::Version")["properties"]["Description"]
    assert len(description) <= schema["maxLength"]
    assert longest["AddressKeyClaims"] in description
    assert longest["TestCallersUntil"] in description
    assert longest["TokenIssuer"].split("/")[2] in description


def test_a_changed_template_makes_a_new_version(tmp_path: Path) -> None:
    """A property that only the template sets reaches the alias too."""
    text = TEMPLATE.read_text("utf-8")
    changed = tmp_path / "template.yaml"
    changed.write_text(text.replace("Timeout: 5\n", "Timeout: 4\n"), "utf-8")
    stack = Stack(changed)
    assert 4 == stack.one("AWS::Lambda::Function")["Timeout"]
    assert _version(Stack())[0] != _version(stack)[0]
