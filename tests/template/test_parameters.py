"""The parameters say what the function's settings say, and refuse what the function would."""

from itertools import product

import pytest
from claims_provider.contract.limits import ENTRA_WAIT_MS_MAX, ENTRA_WAIT_MS_MIN
from claims_provider.settings import CallerVerification, OnStoreFailure, Settings, read_settings

from tests.template.sam import resource_schema
from tests.template.stack import REQUIRED, RefusedError, Stack
from tests.template.test_versions import CHANGES

SET_BY_THE_STACK = {"table_name", "tenant_id", "token_issuer", "token_audiences"}


def test_template_and_settings_know_the_same_variables() -> None:
    """Every variable that the function reads is set by the template, and no other."""
    assert {name.upper() for name in Settings.model_fields} == Stack().environment().keys()


@pytest.mark.parametrize("parameters", [{}, CHANGES], ids=["defaults", "all-changed"])
def test_the_function_accepts_what_the_template_makes(parameters: dict[str, str]) -> None:
    """The environment that the template makes is a valid configuration."""
    settings = read_settings(Stack(**parameters).environment())
    assert ((parameters or REQUIRED)["TenantId"],) == settings.tenant_id


def test_the_function_accepts_every_choice() -> None:
    """No value that a list of allowed ones offers stops the function at its start."""
    for name, parameter in Stack().template["Parameters"].items():
        for value in parameter.get("AllowedValues", []):
            read_settings(Stack(**{name: str(value)}).environment())


def test_the_defaults_are_closed() -> None:
    """A stack deployed with nothing but tenant and app verifies callers and fails closed."""
    settings = read_settings(Stack().environment())
    assert (CallerVerification.GATEWAY, OnStoreFailure.FAIL, False) == (
        settings.caller_verification,
        settings.on_store_failure,
        settings.address_keys_for_guests,
    )


def test_the_defaults_are_the_functions_own() -> None:
    """What a parameter is without being given is what the function takes for an absent variable."""
    settings = read_settings(Stack().environment())
    for name, field in Settings.model_fields.items():
        if name not in SET_BY_THE_STACK:
            assert field.default == getattr(settings, name), name


def test_the_wait_has_entras_bounds() -> None:
    """The template allows the timeouts that Entra allows."""
    wait = Stack().template["Parameters"]["EntraWaitMs"]
    assert (ENTRA_WAIT_MS_MIN, ENTRA_WAIT_MS_MAX) == (wait["MinValue"], wait["MaxValue"])


def test_the_retentions_are_cloudwatchs() -> None:
    """Logs can be kept as long as CloudWatch knows how to, and for no other time."""
    known = resource_schema("AWS::Logs::LogGroup")["properties"]["RetentionInDays"]["enum"]
    assert known == Stack().template["Parameters"]["LogRetentionDays"]["AllowedValues"]


@pytest.mark.parametrize("name", list(REQUIRED))
def test_nothing_is_deployed_for_nobody(name: str) -> None:
    """Tenant and app have no default."""
    assert "Default" not in Stack().template["Parameters"][name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "") for name in REQUIRED),
        *((name, f"{{{REQUIRED[name]}}}") for name in REQUIRED),
        ("TenantKind", "b2c"),
        ("TokenIssuer", "http://sts.example/x"),
        ("TokenIssuer", "https://a.example https://b.example"),
        ("TokenIssuer", "https://"),
        ("CallerVerification", ""),
        ("CallerVerification", "None"),
        ("EntraWaitMs", "199"),
        ("EntraWaitMs", "2001"),
        ("UserKeys", ""),
        ("UserKeys", "mail,"),
        ("UserKeys", "mail,mail"),
        ("UserKeys", "upn"),
        # The function reads a list of nothing as "all claims".
        ("AddressKeyClaims", " "),
        ("AddressKeyClaims", ","),
        ("AddressKeyClaims", "department, "),
        ("EchoClaims", "correlationID"),
        ("LogRetentionDays", "2"),
        ("Revision", "-1"),
        ("RequestsPerSecond", "-1"),
        ("RequestsPerSecond", "10001"),
        ("NoCalloutHours", "169"),
        ("Tracing", "true"),
        ("KmsKeyArn", "alias/mine"),
        ("KmsKeyArn", "arn:aws:kms:eu-central-1:123456789012:alias/mine"),
        ("PermissionsBoundary", "boundary"),
        ("PermissionsBoundary", "arn:aws:iam::123456789012:role/boundary"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(name: str, value: str) -> None:
    """CloudFormation refuses it before anything is deployed."""
    with pytest.raises(RefusedError, match=name):
        Stack(**{name: value})


def test_every_order_of_user_keys_can_be_given() -> None:
    """Each choice of the three keys, in each order, and no key twice."""
    names = ("id", "mail", "userPrincipalName")
    for size in (1, 2, 3):
        for chosen in product(names, repeat=size):
            value = ",".join(chosen)
            if len(set(chosen)) == size:
                assert value == Stack(UserKeys=value).environment()["USER_KEYS"]
            else:
                with pytest.raises(RefusedError):
                    Stack(UserKeys=value)


@pytest.mark.parametrize("name", list(REQUIRED))
def test_a_letter_in_upper_case_is_refused(name: str) -> None:
    """The gateway compares tokens letter for letter, and Entra writes GUIDs in lower case."""
    guid = "abcdefab-cdef-abcd-efab-cdefabcdefab"
    Stack(**{name: guid})
    for place in range(len(guid)):
        if guid[place].isalpha():
            with pytest.raises(RefusedError):
                Stack(**{name: guid[:place] + guid[place].upper() + guid[place + 1 :]})


@pytest.mark.parametrize("kind", ["external", "workforce"])
def test_the_usual_issuer_can_be_given_too(kind: str) -> None:
    """Setting the issuer that the template would derive gives the same environment."""
    derived = Stack(TenantKind=kind)
    issuer = derived.environment()["TOKEN_ISSUER"]
    assert derived.environment() == Stack(TenantKind=kind, TokenIssuer=issuer).environment()


def test_the_console_shows_every_parameter_once() -> None:
    """Every parameter is in one group and has a label and a description."""
    template = Stack().template
    shown = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in shown["ParameterGroups"] for name in group["Parameters"]]
    parameters = template["Parameters"]
    assert sorted(parameters) == sorted(grouped) == sorted(shown["ParameterLabels"])
    assert [] == [name for name in parameters if "Description" not in parameters[name]]
