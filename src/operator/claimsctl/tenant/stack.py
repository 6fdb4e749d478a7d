"""Read and check a deployed stack: outputs, alarms, the version in use, the authorizer."""

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
_FUNCTION: Final = "FunctionName"
"""An output."""
_VERIFICATION: Final = "CALLER_VERIFICATION"
_GOOD: Final = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
_SHOWN: Final = (
    _VERIFICATION,
    "ENTRA_WAIT_MS",
    "ON_STORE_FAILURE",
    "TENANT_ID",
    "TEST_CALLER_APP_IDS",
)
"""Settings that determine the answers to callouts; none of them is a secret."""


def client(service: str) -> Any:
    """Return a client of an AWS service. Raises `OperatorError` if no region is set."""
    try:
        region = sdk_region()
        if region is None:
            message = "no AWS region is configured; set AWS_DEFAULT_REGION or AWS_REGION"
            raise OperatorError(message)
        config = ClientConfig(connect_timeout=_SECONDS, read_timeout=_SECONDS)
        return boto3.session.Session().client(service, region_name=region, config=config)  # type: ignore[call-overload]
    except BotoCoreError as error:
        message = f"AWS: {error}"
        raise OperatorError(message) from None


def describe_stack(name: str) -> tuple[str, dict[str, str]]:
    """Return the stack's state and its outputs. Raises `OperatorError`."""
    try:
        (stack,) = client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except (ClientError, BotoCoreError, ValueError) as error:
        message = f"stack {name}: {error}"
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE) from None
    outputs = {one["OutputKey"]: one.get("OutputValue", "") for one in stack.get("Outputs", [])}
    return stack["StackStatus"], outputs


def stack_endpoint(endpoint: Endpoint) -> Endpoint:
    """Return `endpoint` with its stack's target URL and application. Raises `OperatorError`."""
    _, outputs = describe_stack(endpoint.stack or "")
    url, uri = outputs.get("TargetUrl"), outputs.get("IdentifierUri", "")
    if not url:
        message = f"stack {endpoint.stack}: no output TargetUrl; set target_url instead of stack"
        raise OperatorError(message)
    app_id = endpoint.app_id or uri.rpartition("/")[2] or None
    return endpoint.model_copy(update={"target_url": url, "app_id": app_id})


def check_stack(name: str, config: Config | None) -> tuple[Finding, ...]:
    """Return the findings about a deployed stack."""
    status, outputs = describe_stack(name)
    missing = [key for key in ("TargetUrl", "IdentifierUri", _FUNCTION) if key not in outputs]
    problems = [] if status in _GOOD else [f"the stack is {status}"]
    problems += [f"no output {key}" for key in missing]
    state = result(
        "STK001",
        problems,
        f"{status}; {outputs.get('TargetUrl', '')}",
        hint="fix the cause that the stack's events name, then deploy again",
    )
    function = outputs.get(_FUNCTION, "")
    return (
        state,
        _read("STK002", lambda: _alarms(name)),
        _read("STK003", lambda: _version(function)),
        _read("STK004", lambda: _caller_check(name, function, config)),
    )


def function_wait_ms(name: str) -> int | None:
    """Return ``ENTRA_WAIT_MS`` of the version in use. Raises `OperatorError`."""
    _, outputs = describe_stack(name)
    try:
        _, variables = _served(outputs.get(_FUNCTION, ""))
    except (ClientError, BotoCoreError) as error:
        message = f"stack {name}: {error}"
        raise OperatorError(message, exit_code=ExitCode.NOT_FINE) from None
    value = variables.get("ENTRA_WAIT_MS", "")
    return int(value) if value.isdecimal() else None


def _read(id_: str, check: Callable[[], Finding]) -> Finding:
    """Return the check's finding, or a skipped one if an AWS call fails."""
    try:
        return check()
    except (ClientError, BotoCoreError) as error:
        return finding(id_, Level.SKIP, f"AWS: {error}")


def _resources(name: str) -> Iterator[tuple[str, str]]:
    """Yield the type and physical id of each resource."""
    pages = client("cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=name):
        for one in page["StackResourceSummaries"]:
            yield one["ResourceType"], one.get("PhysicalResourceId", "")


def _alarms(name: str) -> Finding:
    names = [id_ for type_, id_ in _resources(name) if type_ == "AWS::CloudWatch::Alarm"]
    alarms: list[dict[str, Any]] = []
    for begin in range(0, len(names), 100):  # DescribeAlarms accepts 100 names
        answer = client("cloudwatch").describe_alarms(AlarmNames=names[begin : begin + 100])
        alarms += answer["MetricAlarms"]
    problems = [
        f"{one['AlarmName']}: {one.get('StateReason', '')}"
        for one in alarms
        if one["StateValue"] == "ALARM"
    ]
    hint = "read the alarm's description and docs/errors.md"
    return result("STK002", problems, f"{len(alarms)} alarms, none in the state ALARM", hint=hint)


def _served(function: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the alias, and the settings of its version."""
    functions = client("lambda")
    alias = functions.get_alias(FunctionName=function, Name=_ALIAS)
    version = alias["FunctionVersion"]
    settings = functions.get_function_configuration(FunctionName=function, Qualifier=version)
    return alias, settings.get("Environment", {}).get("Variables", {})


def _version(function: str) -> Finding:
    alias, variables = _served(function)
    shown = ", ".join(f"{key}={variables[key]}" for key in _SHOWN if variables.get(key))
    shifting = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    problems = [
        f"version {one} receives {share:.0%} of the calls" for one, share in shifting.items()
    ]
    if variables.get(_VERIFICATION) == "none":
        problems.append(f"{_VERIFICATION} is none: every caller gets an answer")
    return result(
        "STK003",
        problems,
        f"alias {_ALIAS} uses version {alias['FunctionVersion']}: {shown}",
        hint="wait until the deployment ends; deploy with CallerVerification gateway or function",
        level=Level.WARN,
    )


def _caller_check(name: str, function: str, config: Config | None) -> Finding:
    if config is None:
        return finding("STK004", Level.SKIP, "needs entra.toml, which names the tenant")
    expected = issuer_of(config.tenant.id, config.tenant.kind)
    accepted = _accepted(name, function, expected)
    if accepted is None:
        return finding("STK004", Level.SKIP, "the stack does not verify callers")
    issuer, audiences = accepted
    app_id, problems = config.endpoint.app_id, []
    if app_id and app_id not in audiences:
        held = ", ".join(audiences) or "none"
        problems.append(f"the audience is {held}, but the application is {app_id}")
    level = Level.FAIL
    if issuer != expected:
        # Older tenants and national clouds have other issuers; TokenIssuer sets them.
        level = Level.WARN if config.tenant.id in issuer and not problems else Level.FAIL
        problems.insert(0, f"the issuer is {issuer or 'none'}, but the tenant's is {expected}")
    return result(
        "STK004",
        problems,
        expected,
        hint="deploy with the tenant's TenantId, TenantKind and AppId; set TokenIssuer only if the"
        " tenant's tokens have another issuer",
        code=1003002 if level is Level.FAIL else None,
        level=level,
    )


def _accepted(name: str, function: str, usual: str) -> tuple[str, list[str]] | None:
    """Return the issuer and audiences that the authorizer or the function accepts."""
    ids: dict[str, str] = {}
    for type_, id_ in _resources(name):
        ids.setdefault(type_, id_)
    if authorizer := ids.get("AWS::ApiGatewayV2::Authorizer"):
        gateway = client("apigatewayv2")
        api = ids.get("AWS::ApiGatewayV2::Api", "")
        jwt = gateway.get_authorizer(ApiId=api, AuthorizerId=authorizer).get("JwtConfiguration", {})
        return jwt.get("Issuer", ""), jwt.get("Audience", [])
    _, variables = _served(function)
    if variables.get(_VERIFICATION) != "function":
        return None
    tenant_id = variables.get("TENANT_ID", "")
    issuer = variables.get("TOKEN_ISSUER") or (usual if tenant_id in usual else tenant_id)
    return issuer, variables.get("TOKEN_AUDIENCES", "").split(",")
