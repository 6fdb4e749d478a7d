"""What the rehearsal cannot show, and the test that asserts it on the transformed template instead.

Whatever is not listed here the rehearsal must show: a type that moto makes, a property that the
service then tells as the template asked for it, an output that has its value. A new type needs a
reader (and, where moto's CloudFormation does not make it, its operations) or a line here.
"""

from collections.abc import Mapping

_TABLE = "tests/template/test_table.py"
_FUNCTION = "tests/template/test_function.py"
_ROLLOUT = "tests/template/test_rollout.py"
_WAY_IN = "tests/template/test_who_calls.py"
_PARAMETERS = "tests/template/test_parameters.py"

TYPES: Mapping[str, str] = {}
"""Resource types that moto does not make: none at present."""

PROPERTIES: Mapping[tuple[str, str], str] = {
    # moto's CloudFormation leaves these out.
    ("AWS::DynamoDB::Table", "TimeToLiveSpecification"): (
        f"{_TABLE}::test_the_table_forgets_on_time"
    ),
    ("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification"): (
        f"{_TABLE}::test_the_table_cannot_be_lost_by_mistake"
    ),
    ("AWS::DynamoDB::Table", "SSESpecification"): (
        f"{_TABLE}::test_the_table_cannot_be_lost_by_mistake"
    ),
    ("AWS::Logs::LogGroup", "KmsKeyId"): f"{_FUNCTION}::test_a_key_of_the_accounts_own",
    ("AWS::SNS::Topic", "KmsMasterKeyId"): f"{_FUNCTION}::test_a_key_of_the_accounts_own",
    # Its service wraps the policy's name in a document.
    ("AWS::IAM::Role", "PermissionsBoundary"): f"{_FUNCTION}::test_every_role_has_the_boundary",
    ("AWS::Lambda::Function", "Architectures"): (
        f"{_FUNCTION}::test_the_function_runs_where_it_is_built_for"
    ),
    ("AWS::Lambda::Function", "TracingConfig"): (
        f"{_FUNCTION}::test_the_function_runs_where_it_is_built_for"
    ),
    ("AWS::Lambda::Function", "LoggingConfig"): f"{_FUNCTION}::test_logs_end",
    ("AWS::Lambda::Function", "Tags"): (
        "tests/deploy/test_shown.py::test_nothing_is_tagged_but_by_sam"
    ),
    # The service tells it in another way.
    ("AWS::Lambda::Function", "Code"): (
        "tests/deploy/test_deploy.py::test_the_function_runs_the_artefact"
    ),
    # CloudFormation hands it to an operation of its own, which the rehearsal does not call.
    ("AWS::Lambda::Alias", "ProvisionedConcurrencyConfig"): (
        f"{_ROLLOUT}::test_an_environment_starts_as_asked"
    ),
    # moto's CodeDeploy forgets it.
    ("AWS::CodeDeploy::DeploymentGroup", "AlarmConfiguration"): (
        f"{_ROLLOUT}::test_a_new_version_takes_over_by_and_by"
    ),
}

OUTPUTS: Mapping[str, str] = {
    # moto's domains have no such names.
    "CustomDomainTarget": f"{_WAY_IN}::test_a_domain_answers_beside_the_gateways_own_name",
    "CustomDomainTargetZone": f"{_WAY_IN}::test_a_domain_answers_beside_the_gateways_own_name",
}

ATTRIBUTES: Mapping[str, str] = {
    "Condition": "tests/deploy/test_shown.py::test_what_its_condition_allows_is_there",
    "DeletionPolicy": "tests/deploy/test_life.py::test_the_table_outlives_the_stack",
    "UpdateReplacePolicy": f"{_TABLE}::test_the_table_cannot_be_lost_by_mistake",
    "UpdatePolicy": f"{_ROLLOUT}::test_a_new_version_takes_over_by_and_by",
}
"""What a resource says beside its type and properties."""

SECTIONS: Mapping[str, str] = {
    "Metadata": f"{_PARAMETERS}::test_the_console_shows_every_parameter_once",
    # moto takes any value that it is given, and looks at no rule.
    "Parameters": f"{_PARAMETERS}::test_a_value_that_makes_no_sense_is_refused",
    "Rules": f"{_ROLLOUT}::test_what_needs_another_is_refused_alone",
    "Conditions": "tests/deploy/test_shown.py::test_what_its_condition_allows_is_there",
    "Resources": "tests/deploy/test_shown.py::test_every_property_arrives",
    "Outputs": "tests/deploy/test_shown.py::test_outputs_have_their_values",
}
"""What a template has beside its version and description."""
