"""A callout answered as the tutorials of AWS and Powertools would have it."""

import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field

tracer = Tracer(service="claims")
logger = Logger(service="claims")
metrics = Metrics(namespace="Claims", service="claims")
app = APIGatewayHttpResolver()
table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


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


@tracer.capture_method
def read_claims(callout: Callout) -> dict[str, Any]:
    """The user's claims."""
    user = callout.data.authentication_context.user
    key = {"pk": f"USER#{callout.data.tenant_id}#{user.id}", "sk": "APP#*"}
    return table.get_item(Key=key).get("Item", {}).get("claims", {})


@app.post("/callout")
@tracer.capture_method
def answer() -> dict[str, Any]:
    """The body that Entra expects."""
    claims = read_claims(Callout.model_validate(app.current_event.json_body))
    logger.info("answered", extra={"claims": len(claims)})
    metrics.add_metric(name="Answered", unit=MetricUnit.Count, value=1)
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


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """What Lambda calls."""
    return app.resolve(event, context)
