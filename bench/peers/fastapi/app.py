"""A callout answered by a web framework behind an adapter."""

import os
from typing import Any

import boto3
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel, Field

app = FastAPI()
client = boto3.client("dynamodb")


class User(BaseModel):
    """Who signs in."""

    id: str


class AuthenticationContext(BaseModel):
    """The sign-in."""

    user: User


class CalloutData(BaseModel):
    """What the callout is about."""

    tenant_id: str = Field(alias="tenantId")
    authentication_context: AuthenticationContext = Field(alias="authenticationContext")


class Callout(BaseModel):
    """The body that Entra sends."""

    data: CalloutData


@app.post("/callout")
async def answer(callout: Callout) -> dict[str, Any]:
    """The body that Entra expects."""
    user = callout.data.authentication_context.user
    key = {"pk": {"S": f"USER#{callout.data.tenant_id}#{user.id}"}, "sk": {"S": "APP#*"}}
    item = client.get_item(TableName=os.environ["TABLE_NAME"], Key=key).get("Item", {})
    claims = {
        name: value["S"] if "S" in value else [part["S"] for part in value["L"]]
        for name, value in item.get("claims", {"M": {}})["M"].items()
    }
    return {
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


lambda_handler = Mangum(app, lifespan="off")
