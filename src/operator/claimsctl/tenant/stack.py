"""What the deployed stack says of itself: outputs, alarms, the version served, the authorizer."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import boto3
from botocore.config import Config as ClientConfig
from botocore.exceptions import BotoCoreError, ClientError

from claimsctl.claims_table.location import sdk_region
from claimsctl.doctor.runner import finding
from claimsctl.entra.token_claims import issuer_of
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.judge.finding import Finding, Level
from claimsctl.tenant.config import Config, Endpoint
from claimsctl.tenant.diagnosis import result

_SECONDS: Final = 10
_ALIAS: Final = "live"
_GOOD: Final = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
_SHOWN: Final = (
    "CALLER_VERIFICATION",
    "ENTRA_WAIT_MS",
    "ON_STORE_FAILURE",
    "TENANT_ID",
    "TEST_CALLER_APP_IDS",
)
"""Settings that decide what a callout gets; none of them is a secret."""


def client(service: str) -> Any:
    """A client of an AWS service. Raises `OperatorError` where no region is set."""
    try:
        region = sdk_region()
        if region is None:
            message = "no AWS region; set AWS_DEFAULT_REGION or AWS_REGION"
            raise OperatorError(message)
        config = ClientConfig(connect_timeout=_SECONDS, read_timeout=_SECONDS)
        return boto3.session.Session().client(service, region_name=region, config=config)  # type: ignore[call-overload]
    except BotoCoreError as error:
        message = f"AWS: {error}"
        raise OperatorError(message) from None


def describe_stack(name: str) -> tuple[str, dict[str, str]]:
    """The stack's state and its outputs. Raises `OperatorError`."""
    try:
        (stack,) = client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except (ClientError, BotoCoreError, ValueError) as error:
        message = f"stack {name}: {error}"
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE) from None
    outputs = {one["OutputKey"]: one.get("OutputValue", "") for one in stack.get("Outputs", [])}
    return stack["StackStatus"], outputs


def stack_endpoint(endpoint: Endpoint) -> Endpoint:
    """`endpoint` with the target URL and application of its stack. Raises `OperatorError`."""
    _, outputs = describe_stack(endpoint.stack or "")
    url, uri = outputs.get("TargetUrl"), outputs.get("IdentifierUri", "")
    if not url:
        message = f"stack {endpoint.stack}: no output TargetUrl; give target_url instead of stack"
        raise OperatorError(message)
    app_id = endpoint.app_id or uri.rpartition("/")[2] or None
    return endpoint.model_copy(update={"target_url": url, "app_id": app_id})


def check_stack(name: str, config: Config | None) -> tuple[Finding, ...]:
    """The findings about a deployed stack."""
    status, outputs = describe_stack(name)
    missing = [key for key in ("TargetUrl", "IdentifierUri", "FunctionName") if key not in outputs]
    problems = [] if status in _GOOD else [f"the stack is {status}"]
    problems += [f"no output {key}" for key in missing]
    state = result(
        "STK001",
        problems,
        f"{status}; {outputs.get('TargetUrl', '')}",
        hint="deploy again, once the cause that the stack's events name is cured",
    )
    return (
        state,
        _read("STK002", lambda: _alarms(name)),
        _read("STK003", lambda: _version(outputs.get("FunctionName", ""))),
        _read("STK004", lambda: _authorizer(name, config)),
    )


def _read(id_: str, check: Callable[[], Finding]) -> Finding:
    """The check's finding; skipped where the role may not read what it needs."""
    try:
        return check()
    except (ClientError, BotoCoreError) as error:
        return finding(id_, Level.SKIP, f"AWS: {error}")


def _resources(name: str) -> Iterator[tuple[str, str]]:
    """Type and physical id of each resource."""
    pages = client("cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=name):
        for one in page["StackResourceSummaries"]:
            yield one["ResourceType"], one.get("PhysicalResourceId", "")


def _alarms(name: str) -> Finding:
    names = [id_ for type_, id_ in _resources(name) if type_ == "AWS::CloudWatch::Alarm"]
    alarms: list[dict[str, Any]] = []
    for begin in range(0, len(names), 100):  # DescribeAlarms takes 100 names
        answer = client("cloudwatch").describe_alarms(AlarmNames=names[begin : begin + 100])
        alarms += answer["MetricAlarms"]
    problems = [
        f"{one['AlarmName']}: {one.get('StateReason', '')}"
        for one in alarms
        if one["StateValue"] == "ALARM"
    ]
    hint = "see the alarm's description, and docs/errors.md"
    return result("STK002", problems, f"{len(alarms)} alarms, none in alarm", hint=hint)


def _version(function: str) -> Finding:
    functions = client("lambda")
    alias = functions.get_alias(FunctionName=function, Name=_ALIAS)
    version = alias["FunctionVersion"]
    settings = functions.get_function_configuration(FunctionName=function, Qualifier=version)
    variables = settings.get("Environment", {}).get("Variables", {})
    shown = ", ".join(f"{key}={variables[key]}" for key in _SHOWN if variables.get(key))
    shifting = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    problems = [f"version {one} gets {share:.0%} of the calls" for one, share in shifting.items()]
    if variables.get("CALLER_VERIFICATION") == "none":
        problems.append("CALLER_VERIFICATION is none: anybody gets an answer")
    return result(
        "STK003",
        problems,
        f"alias {_ALIAS} serves version {version}: {shown}",
        hint="wait for the deployment's end; deploy with CallerVerification gateway or function",
        level=Level.WARN,
    )


def _authorizer(name: str, config: Config | None) -> Finding:
    apis = [id_ for type_, id_ in _resources(name) if type_ == "AWS::ApiGatewayV2::Api"]
    if not apis or config is None:
        reason = "no HTTP API in the stack" if config else "needs entra.toml, for the tenant"
        return finding("STK004", Level.SKIP, reason)
    expected = issuer_of(config.tenant.id, config.tenant.kind)
    items = client("apigatewayv2").get_authorizers(ApiId=apis[0])["Items"]
    jwt: dict[str, Any] = next(
        (one["JwtConfiguration"] for one in items if one.get("JwtConfiguration")), {}
    )
    problems = []
    if jwt.get("Issuer") != expected:
        problems.append(f"issuer {jwt.get('Issuer', 'none')}, the tenant's is {expected}")
    app_id = config.endpoint.app_id
    if app_id and app_id not in jwt.get("Audience", []):
        held = ", ".join(jwt.get("Audience", [])) or "none"
        problems.append(f"audience {held}, the application is {app_id}")
    hint = "deploy with the tenant's TenantId, TenantKind and AppId"
    return result("STK004", problems, expected, hint=hint, code=1003002)
