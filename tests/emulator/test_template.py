"""The embedded table's keys come from the template that makes the real one."""

from pathlib import Path

import pytest
from claimsctl.claims_table.location import table_schema
from claimsctl.errors import OperatorError
from claimsctl.resources import bundled

TABLE = """
Transform: AWS::Serverless-2016-10-31
Conditions:
  Open: !Equals [!Ref Door, open]
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables: {TABLE_NAME: !Ref Table, URL: !Sub "https://${Api}.x", ARN: !GetAtt Table.Arn}
      Name: !If [Open, !Join ["-", [!Ref A, b]], !Select [0, !Split [",", !ImportValue x]]]
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub ${AWS::StackName}-claims
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - {AttributeName: pk, AttributeType: S}
      KeySchema:
        - {AttributeName: pk, KeyType: HASH}
      SSESpecification: !Ref AWS::NoValue
"""


def _refusal(path: Path) -> str:
    with pytest.raises(OperatorError) as raised:
        table_schema(path)
    return str(raised.value).replace(str(path), "template")


def test_short_tags_are_read_over(tmp_path: Path) -> None:
    """CloudFormation's short tags stand everywhere in a template; the table's keys need none."""
    template = tmp_path / "template.yaml"
    template.write_text(TABLE)
    assert {
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    } == table_schema(template)


def test_the_projects_own_template() -> None:
    """The template of this distribution has the partition key and the sort key of the items."""
    schema = table_schema(bundled("template.yaml"))
    assert [("pk", "HASH"), ("sk", "RANGE")] == [
        (key["AttributeName"], key["KeyType"]) for key in schema["KeySchema"]
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "template: no resource of type AWS::DynamoDB::Table"),
        ("# nothing\n", "template: no resource of type AWS::DynamoDB::Table"),
        ("[]", "template: no resource of type AWS::DynamoDB::Table"),
        ("Resources:\n", "template: no resource of type AWS::DynamoDB::Table"),
        ("Resources: [x]\n", "template: no resource of type AWS::DynamoDB::Table"),
        ("Resources: {A: x, B: {}}\n", "template: no resource of type AWS::DynamoDB::Table"),
        (
            TABLE.replace("AWS::DynamoDB::Table", "AWS::S3::Bucket"),
            "template: no resource of type AWS::DynamoDB::Table",
        ),
        (
            "Resources: {T: {Type: AWS::DynamoDB::Table}}",
            "template: the table has no AttributeDefinitions, KeySchema, BillingMode",
        ),
        (
            TABLE.replace("BillingMode: PAY_PER_REQUEST", "BillingMode: !Ref Mode"),
            "template: the table has no BillingMode",
        ),
        ("Resources: {", "template: not valid YAML: while parsing a flow "),
        ("a: b: c", "template: not valid YAML: mapping values are not allowed here in "),
        ("\t- x", "template: not valid YAML: while scanning for the next token found character "),
        ("[" * 100_000, "template: not valid YAML: "),
    ],
    ids=[
        "empty", "comment", "list", "no-resources", "resources-list", "odd-resources", "no-table",
        "bare-table", "computed-billing", "cut-off", "invalid", "tab", "deep",
    ],
)  # fmt: skip
def test_templates_that_will_not_do(tmp_path: Path, content: str, message: str) -> None:
    """An error is one line that begins with the file's name."""
    template = tmp_path / "template.yaml"
    template.write_text(content)
    told = _refusal(template)
    assert message == told[: len(message)]
    assert "\n" not in told


def test_a_template_that_is_not_there(tmp_path: Path) -> None:
    """A missing file, a folder and bytes that are not text have different messages."""
    assert "template: cannot be read: No such file or directory" == _refusal(tmp_path / "none")
    assert "template: cannot be read: Is a directory" == _refusal(tmp_path)
    (tmp_path / "latin1").write_bytes(b"Description: caf\xe9\n")
    assert _refusal(tmp_path / "latin1").startswith("template: not valid YAML: 'utf-8' codec can't")
