"""The table outlives mistakes, and is the one that the local tools work with."""

from claimsctl.claims_table.location import table_schema

from tests.template.sam import TEMPLATE
from tests.template.stack import Stack


def test_the_table_cannot_be_lost_by_mistake() -> None:
    """The table is protected, kept when the stack goes, recoverable and encrypted."""
    (table,) = Stack().of_type("AWS::DynamoDB::Table").values()
    properties = table["Properties"]
    assert ("Retain", "Retain", True) == (
        table["DeletionPolicy"],
        table["UpdateReplacePolicy"],
        properties["DeletionProtectionEnabled"],
    )
    assert {"PointInTimeRecoveryEnabled": True} == properties["PointInTimeRecoverySpecification"]
    assert {"SSEEnabled": True} == properties["SSESpecification"]


def test_the_table_forgets_on_time() -> None:
    """Items past their `expires_at` are deleted."""
    table = Stack().one("AWS::DynamoDB::Table")
    assert {"AttributeName": "expires_at", "Enabled": True} == table["TimeToLiveSpecification"]


def test_the_table_has_the_key_schemes_keys() -> None:
    """Partition and sort key are strings of the names that function and loader use."""
    table = Stack().one("AWS::DynamoDB::Table")
    assert [("pk", "HASH"), ("sk", "RANGE")] == [
        (key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]
    ]
    assert {"pk": "S", "sk": "S"} == {
        attribute["AttributeName"]: attribute["AttributeType"]
        for attribute in table["AttributeDefinitions"]
    }
    assert "PAY_PER_REQUEST" == table["BillingMode"]


def test_the_local_table_is_made_like_the_real_one() -> None:
    """What the embedded table is created with is what the template says."""
    schema = table_schema(TEMPLATE)
    properties = Stack().one("AWS::DynamoDB::Table")
    assert {name: properties[name] for name in schema} == schema


def test_function_and_outputs_name_the_table() -> None:
    """The function reads the table that the stack tells the operator to load."""
    stack = Stack()
    (table,) = stack.of_type("AWS::DynamoDB::Table")
    (function,) = stack.of_type("AWS::Lambda::Function")
    assert [table, table] == [stack.environment()["TABLE_NAME"], stack.outputs()["TableName"]]
    assert function == stack.outputs()["FunctionName"]
