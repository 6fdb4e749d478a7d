"""Callers reach the function only through the authorizer, unless verification is turned off."""

import json
import re
from urllib.parse import urlsplit

import pytest
from claims_provider.contract.issuers import issuers_of
from claims_provider.inbound.caller import NoVerification
from claims_provider.settings import CallerVerification, read_settings
from claims_provider.telemetry import NAMESPACE, SERVICE
from claims_provider.wiring import verifier_of

from tests.template.stack import REQUIRED, RefusedError, Stack

TENANT, APP = REQUIRED["TenantId"], REQUIRED["AppId"]
V1_ISSUER = f"https://sts.windows.net/{TENANT}/"
HOST = "HttpApi.execute-api.eu-central-1.amazonaws.com"
DOMAIN = {
    "CustomDomainName": "claims.contoso.example",
    "CustomDomainCertificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/1",
}
CALLOUTS_PER_SECOND = 50
"""What Entra grants a tenant."""


def _routes(stack: Stack) -> list[tuple[str, str, str | None]]:
    return [
        (
            route["Properties"]["RouteKey"],
            route["Properties"]["AuthorizationType"],
            route["Properties"].get("AuthorizerId"),
        )
        for route in stack.of_type("AWS::ApiGatewayV2::Route").values()
    ]


@pytest.mark.parametrize("mode", ["function", "none"])
@pytest.mark.parametrize("kind", ["external", "workforce"])
def test_nothing_asks_for_the_tenant_where_the_gateway_does_not_verify(
    mode: str, kind: str
) -> None:
    """API Gateway fetches an authorizer's discovery document: there is no authorizer then.

    A stack with `none` and a made-up tenant could not be made otherwise.
    """
    stack = Stack(CallerVerification=mode, TenantKind=kind)
    assert {} == stack.of_type("AWS::ApiGatewayV2::Authorizer")
    assert [("POST /callout", "NONE", None)] == _routes(stack)


def test_every_route_has_the_authorizer() -> None:
    """By default no route is without the JWT authorizer."""
    stack = Stack()
    assert [("POST /callout", "JWT", "EntraAuthorizer")] == _routes(stack)
    authorizer = stack.of_type("AWS::ApiGatewayV2::Authorizer")["EntraAuthorizer"]["Properties"]
    assert ("JWT", ["$request.header.Authorization"]) == (
        authorizer["AuthorizerType"],
        authorizer["IdentitySource"],
    )


def test_the_door_opens_only_on_purpose() -> None:
    """With CallerVerification=none, the route has no authorizer, and the function knows it."""
    stack = Stack(CallerVerification="none")
    assert [("POST /callout", "NONE", None)] == _routes(stack)
    assert "none" == stack.environment()["CALLER_VERIFICATION"]


def test_without_the_authorizer_the_function_verifies() -> None:
    """In function mode, the route has no authorizer, and the function verifies tokens."""
    stack = Stack(CallerVerification="function")
    assert [("POST /callout", "NONE", None)] == _routes(stack)
    settings = read_settings(stack.environment())
    assert CallerVerification.FUNCTION is settings.caller_verification
    assert set(issuers_of(TENANT)) == set(settings.issuers)


@pytest.mark.parametrize("mode", [mode.value for mode in CallerVerification])
def test_no_way_in_is_unguarded_but_by_none(mode: str) -> None:
    """A route without authorizer takes a mode in which the function verifies, or says it won't."""
    stack = Stack(CallerVerification=mode)
    guarded = all(kind == "JWT" for _, kind, _ in _routes(stack))
    assert guarded == (mode == "gateway")
    verifier = verifier_of(read_settings(stack.environment()), 1, lambda _: b"")
    assert isinstance(verifier, NoVerification) == (mode == "none")


@pytest.mark.parametrize(
    ("alarm", "metric"),
    [
        ("NotEntraAlarm", "NotEntra"),
        ("KeysUnavailableAlarm", "KeysUnavailable"),
        ("StaleKeysAlarm", "StaleKeys"),
    ],
)
def test_a_wall_that_is_not_as_usual_raises_an_alarm(alarm: str, metric: str) -> None:
    """One answer to another caller, or with old or no keys, triggers only this stack's alarm."""
    mode = "function" if metric.endswith(("Keys", "KeysUnavailable")) else "gateway"
    alarms = Stack(CallerVerification=mode).of_type("AWS::CloudWatch::Alarm")
    properties = alarms[alarm]["Properties"]
    assert (NAMESPACE, metric, 0, "GreaterThanThreshold", "Sum") == (
        properties["Namespace"],
        properties["MetricName"],
        properties["Threshold"],
        properties["ComparisonOperator"],
        properties["Statistic"],
    )
    assert {"service": SERVICE, "function_name": "ClaimsFunction"} == {
        dimension["Name"]: dimension["Value"] for dimension in properties["Dimensions"]
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TestCallerAppIds", "casey"),
        ("TestCallerAppIds", f"{APP},"),
        ("TestCallerAppIds", ",".join([APP] * 11)),
        ("TestCallersUntil", "2026-12-31"),
        ("TokenIssuer", f"http://sts.windows.net/{TENANT}/"),
        ("TokenIssuer", f"https://sts.windows.example/{TENANT}/"),
        ("TokenIssuer", f"https://login.microsoftonline.com/{TENANT}/"),
        ("TokenIssuer", f"https://sts.windows.net/{TENANT}/,https://x/{TENANT}/"),
    ],
)
def test_what_makes_no_sense_is_refused_at_deployment(name: str, value: str) -> None:
    """A caller or issuer that the function would not understand never gets deployed."""
    with pytest.raises(RefusedError, match=name):
        Stack(**{name: value})


def test_there_is_no_other_way_in() -> None:
    """Only the HTTP API can invoke the function: no function URL, no event source."""
    ways = ("AWS::ApiGateway", "AWS::Lambda", "AWS::Events", "AWS::Scheduler")
    stack = Stack(**DOMAIN, AlarmEmail="oncall@contoso.example")
    types = sorted(resource["Type"] for resource in stack.template["Resources"].values())
    assert [
        "AWS::ApiGatewayV2::Api",
        "AWS::ApiGatewayV2::ApiMapping",
        "AWS::ApiGatewayV2::Authorizer",
        "AWS::ApiGatewayV2::DomainName",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
        "AWS::ApiGatewayV2::Stage",
        "AWS::Lambda::Alias",
        "AWS::Lambda::Function",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Version",
    ] == [type_ for type_ in types if type_.startswith(ways)]
    (topic,) = stack.of_type("AWS::SNS::Topic").values()
    assert ["email"] == [each["Protocol"] for each in topic["Properties"]["Subscription"]]
    mapping = stack.one("AWS::ApiGatewayV2::ApiMapping")
    assert ("HttpApi", "Stage") == (mapping["ApiId"], mapping["Stage"])


def test_only_the_one_route_may_invoke_the_alias() -> None:
    """The function's alias may be invoked by this API's POST /callout, and by nothing else."""
    stack = Stack()
    (alias,) = stack.of_type("AWS::Lambda::Alias")
    assert {
        "Action": "lambda:InvokeFunction",
        "FunctionName": alias,
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": "arn:aws:execute-api:eu-central-1:123456789012:HttpApi/$default/POST/callout",
    } == stack.one("AWS::Lambda::Permission")
    assert "$default" == stack.one("AWS::ApiGatewayV2::Stage")["StageName"]


def test_the_route_leads_to_the_alias() -> None:
    """The gateway hands the whole request to the alias `live` and gives up within five seconds."""
    stack = Stack()
    ((alias, live),) = stack.of_type("AWS::Lambda::Alias").items()
    ((name, integration),) = stack.of_type("AWS::ApiGatewayV2::Integration").items()
    assert "live" == live["Properties"]["Name"]
    assert f"integrations/{name}" == stack.one("AWS::ApiGatewayV2::Route")["Target"]
    assert ("AWS_PROXY", "2.0", alias) == (
        integration["Properties"]["IntegrationType"],
        integration["Properties"]["PayloadFormatVersion"],
        integration["Properties"]["IntegrationUri"],
    )
    assert integration["Properties"]["TimeoutInMillis"] <= 5000


@pytest.mark.parametrize(
    ("parameters", "issuer"),
    [
        ({}, f"https://{TENANT}.ciamlogin.com/{TENANT}/v2.0"),
        ({"TenantKind": "workforce"}, f"https://login.microsoftonline.com/{TENANT}/v2.0"),
        ({"TokenIssuer": V1_ISSUER}, V1_ISSUER),
        ({"TokenIssuer": V1_ISSUER, "TenantKind": "workforce"}, V1_ISSUER),
    ],
    ids=["external", "workforce", "given", "given-for-workforce"],
)
def test_gateway_and_function_expect_the_same_issuer(
    parameters: dict[str, str], issuer: str
) -> None:
    """The issuer follows from the kind of tenant unless one is given, for both walls alike."""
    stack = Stack(**parameters)
    authorizer = stack.one("AWS::ApiGatewayV2::Authorizer")["JwtConfiguration"]
    assert [issuer, issuer] == [authorizer["Issuer"], stack.environment()["TOKEN_ISSUER"]]


@pytest.mark.parametrize("domain", [{}, DOMAIN], ids=["gateway's-name", "own-domain"])
def test_gateway_and_function_expect_the_same_audiences(domain: dict[str, str]) -> None:
    """A token is for the app's GUID or an identifier URI of a host, for both walls alike."""
    stack = Stack(**domain)
    hosts = [HOST, *([domain["CustomDomainName"]] if domain else [])]
    expected = [APP, *(f"api://{host}/{APP}" for host in hosts)]
    configuration = stack.one("AWS::ApiGatewayV2::Authorizer")["JwtConfiguration"]
    assert expected == configuration["Audience"]
    assert expected == stack.environment()["TOKEN_AUDIENCES"].split(",")
    assert stack.outputs()["IdentifierUri"] == expected[-1]


@pytest.mark.parametrize("domain", [{}, DOMAIN], ids=["gateway's-name", "own-domain"])
def test_target_url_and_identifier_uri_share_a_host(domain: dict[str, str]) -> None:
    """Entra refuses an extension whose target URL and resource id differ in host (1003015)."""
    outputs = Stack(**domain).outputs()
    target, identifier = urlsplit(outputs["TargetUrl"]), urlsplit(outputs["IdentifierUri"])
    assert ("https", "/callout") == (target.scheme, target.path)
    assert ("api", f"/{APP}", target.netloc) == (
        identifier.scheme,
        identifier.path,
        identifier.netloc,
    )
    assert f"claimsctl doctor endpoint {outputs['TargetUrl']}" == outputs["DoctorCommand"]


def test_a_domain_answers_beside_the_gateways_own_name() -> None:
    """Moving the extension to a domain, or back, has no moment in which Entra calls in vain."""
    stack = Stack(**DOMAIN)
    assert not stack.one("AWS::ApiGatewayV2::Api")["DisableExecuteApiEndpoint"]
    domain = stack.one("AWS::ApiGatewayV2::DomainName")
    assert DOMAIN["CustomDomainName"] == domain["DomainName"]
    (configuration,) = domain["DomainNameConfigurations"]
    assert (DOMAIN["CustomDomainCertificateArn"], "TLS_1_2") == (
        configuration["CertificateArn"],
        configuration["SecurityPolicy"],
    )
    assert {"CustomDomainTarget", "CustomDomainTargetZone"} == (
        stack.outputs().keys() - Stack().outputs().keys()
    )


@pytest.mark.parametrize(
    ("parameters", "rate"),
    [
        ({}, 2000),
        ({"CallerVerification": "function"}, 500),
        ({"CallerVerification": "none"}, 500),
        ({"RequestsPerSecond": "120"}, "120"),
    ],
)
def test_strangers_have_room_before_they_throttle_entra(
    parameters: dict[str, str], rate: int | str
) -> None:
    """The limit that Entra shares with strangers, more where a refusal costs no Lambda call.

    It lies far above the 50 callouts a second that Entra grants a tenant, and below the 10,000
    requests a second (burst 5,000) that AWS documents for an account.
    """
    limits = Stack(**parameters).one("AWS::ApiGatewayV2::Stage")["DefaultRouteSettings"]
    assert rate == limits["ThrottlingRateLimit"] == limits["ThrottlingBurstLimit"]
    if not isinstance(rate, str):
        assert 10 * CALLOUTS_PER_SECOND <= rate < 5000


def test_the_access_log_says_why_and_nothing_personal() -> None:
    """Each line is JSON that names the authorizer's error, and no header, address or token."""
    stack = Stack()
    settings = stack.one("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]
    # A number of the gateway's is not quoted.
    line = json.loads(re.sub(r'":(\$context[.\w]+)', r'":"\1"', settings["Format"]))
    assert "AccessLogs.Arn" == settings["DestinationArn"]
    assert {
        "$context.requestId",
        "$context.apiId",
        "$context.requestTimeEpoch",
        "$context.routeKey",
        "$context.status",
        "$context.authorizer.error",
        "$context.error.message",
        "$context.integrationErrorMessage",
        "$context.integration.status",
        "$context.responseLatency",
        "$context.integrationLatency",
    } == set(line.values())
    assert not re.search(r"\n", settings["Format"])
