"""Which proxy or platform an answer is from."""

import pytest
from claimsctl.judge.attempt import Answer
from claimsctl.judge.platforms import platform_of, platforms

HTML = ("content-type", "text/html; charset=utf-8")
NGINX = b"<html><center><h1>%d</h1></center><hr><center>nginx</center></html>"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(404, (("Ngrok-Error-Code", "ERR_NGROK_3200"),), b""), "ngrok"),
        (Answer(502, (HTML,), NGINX % 502), "nginx"),
        (Answer(503, (), b"no healthy upstream"), "Envoy"),
        (Answer(500, (("apigw-requestid", "x"),), b'{"message":"Internal Server Error"}'),
         "API Gateway"),
    ],
    ids=["a-header", "a-page", "a-message", "both"],
)  # fmt: skip
def test_a_platform_is_known_by_its_page_or_header(answer: Answer, expected: str) -> None:
    """A platform is recognised by a header, a page or a short message, and has advice."""
    found = platform_of(answer)
    assert found is not None
    assert expected == found.name
    assert found.do


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, (("content-type", "application/json"),), b'{"error": "oops"}'),
        Answer(500, (), b'{"message":"Internal Server Error"}'),
        Answer(500, (), b"We run behind Envoy: no healthy upstream. " + b"x" * 600),
    ],
    ids=["an-error", "no-header", "a-long-text"],
)
def test_the_services_own_answer_is_from_nobody_else(answer: Answer) -> None:
    """An error without a platform's marks, or a long text about a platform, is not recognised."""
    assert platform_of(answer) is None


CASES = {
    "API Gateway: its JWT": (
        Answer(401, (("apigw-requestid", "x"), ("www-authenticate", "Bearer")),
               b'{"message":"Unauthorized"}'), True),
    "API Gateway: the custom domain": (
        Answer(403, (("x-amzn-ErrorType", "ForbiddenException"), ("x-amz-apigw-id", "x")),
               b'{"message":"Forbidden"}'), False),
    "API Gateway: no route": (
        Answer(403, (), b'{"message":"Missing Authentication Token"}'), False),
    "Lambda's function URL: it refuses": (
        Answer(403, (("x-amzn-ErrorType", "AccessDeniedException"),),
               b'{"Message":"Forbidden. For troubleshooting Function URL authorization issues"}'),
        False),
    "CloudFront: its origin access control": (
        Answer(403, (("x-cache", "Error from cloudfront"),),
               b'{"message": "The request signature we calculated does not match the signature"}'),
        False),
    "Azure App Service's authentication": (
        Answer(401, (("www-authenticate",
                      'Bearer realm="x.azurewebsites.net" authorization_uri="https://login.x/y"'),),
               b"You do not have permission to view this directory or page."), True),
    "Azure App Service: it refuses": (
        Answer(403, (HTML,), b"<h1>Error 403 - Forbidden</h1>"), False),
    "Logic Apps: the shared": (
        Answer(401, (), b'{"error":{"code":"DirectApiAuthorizationRequired","message":"x"}}'),
        False),
    "Logic Apps: the run was accepted": (
        Answer(202, (("x-ms-workflow-run-id", "1"),), b""), False),
    "Azure API Management: a validate-jwt": (
        Answer(401, (), b'{ "statusCode": 401, "message": "Unauthorized." }'), True),
    "Azure Application Gateway: its web": (
        Answer(403, (HTML,), b"<hr><center>Microsoft-Azure-Application-Gateway/v2</center>"),
        False),
    "Azure Application Gateway: no healthy": (
        Answer(502, (HTML,), b"<hr><center>Microsoft-Azure-Application-Gateway/v2</center>"),
        False),
    "Cloudflare: it challenges": (Answer(403, (("cf-mitigated", "challenge"),), b""), False),
    "Cloudflare: the tunnel": (Answer(530, (), b"error code: 1033"), False),
    "nginx: it refuses": (Answer(401, (HTML,), NGINX % 401), False),
    "nginx: it rejects": (Answer(413, (HTML,), NGINX % 413), False),
    "HAProxy: the service": (
        Answer(504, (HTML,), b"<h1>504 Gateway Time-out</h1>\nThe server didn't respond in time."),
        False),
    "Caddy: it answers": (Answer(502, (("Server", "Caddy"),), b""), False),
}  # fmt: skip


@pytest.mark.parametrize(("case", "answer", "knows_tokens"),
                         [(case, *rest) for case, rest in CASES.items()], ids=CASES)  # fmt: skip
def test_each_case_has_its_own_meaning(case: str, answer: Answer, *, knows_tokens: bool) -> None:
    """The platform, what happened, and whether it checks bearer tokens are recognised."""
    found = platform_of(answer)
    assert found is not None
    assert f"{found.name}: {found.case}".startswith(case)
    assert knows_tokens is found.knows_tokens


def test_the_table_is_whole() -> None:
    """Every entry has marks, a sentence of advice, and a source."""
    for each in platforms():
        assert each.header or each.body
        assert each.do.endswith(".")
        assert each.source in {"doc", "code", "field"}
