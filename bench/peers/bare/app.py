"""Answer a callout with the minimum: json and boto3's client, without any checks."""

import json
import os
from typing import Any

import boto3

client = boto3.client("dynamodb")


def lambda_handler(event: dict[str, Any], _: object) -> dict[str, Any]:
    """What Lambda calls."""
    data = json.loads(event["body"])["data"]
    user = data["authenticationContext"]["user"]
    key = {"pk": {"S": f"USER#{data['tenantId']}#{user['id']}"}, "sk": {"S": "APP#*"}}
    item = client.get_item(TableName=os.environ["TABLE_NAME"], Key=key).get("Item", {})
    claims = {
        name: value["S"] if "S" in value else [part["S"] for part in value["L"]]
        for name, value in item.get("claims", {"M": {}})["M"].items()
    }
    answer = {
        "data": {
            "@odata.type": "microsoft.graph.onTokenIssuanceStartResponseData",
            "actions": [
                {
                    "@odata.type": "microsoft.graph.tokenIssuanceStart.provideClaimsForToken",
                    "claims": claims,
                }
            ],
        }
    }
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(answer),
    }
