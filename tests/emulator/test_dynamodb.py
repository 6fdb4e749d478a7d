"""Where a table is: embedded, on this machine, or in AWS."""

import http.client
import os
from urllib.parse import urlsplit

import pytest
from claimsctl.claims_file.record import Record
from claimsctl.claims_table.location import TableLocation
from claimsctl.emulator.dynamodb import embedded_table
from claimsctl.entra.callout import TENANT_ID
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.loading.records import write_records


def test_the_embedded_table_starts_empty_each_time() -> None:
    """Two demos in one process do not see each other's rows."""
    for _ in range(2):
        with embedded_table() as location:
            client = location.client()
            assert 0 == client.scan(TableName=location.name)["Count"]
            assert 1 == write_records(client, location.name, [Record(TENANT_ID, None, None)])
            client.close()


def test_the_embedded_table_needs_nothing_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials, region or a way round a proxy it works all the same."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with embedded_table() as location:
        assert 0 == location.client().scan(TableName=location.name)["Count"]


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/moto-api/reset", {"Origin": "https://page.example"}),
        ("POST", "/moto-api/reset", {"Origin": "null"}),
        ("OPTIONS", "/", {"Origin": "https://page.example"}),
        ("GET", "/moto-api/data.json", {"Sec-Fetch-Site": "cross-site"}),
        ("GET", "/moto-api/data.json", {"Host": "page.example"}),
        ("GET", "/moto-api/data.json", {"Host": "127.0.0.1.page.example:80"}),
    ],
    ids=["form", "sandbox", "preflight", "script", "rebound-name", "longer-name"],
)
def test_no_web_page_reaches_the_embedded_table(
    method: str, path: str, headers: dict[str, str]
) -> None:
    """A page in this machine's browser could else read and write, since moto answers any."""
    with embedded_table() as location:
        connection = http.client.HTTPConnection(urlsplit(location.endpoint_url or "").netloc)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        connection.close()
        assert (403, None) == (answer.status, answer.headers["Access-Control-Allow-Origin"])
        assert 0 == location.client().scan(TableName=location.name)["Count"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"])
def test_a_local_engine_takes_any_credentials(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On this machine credentials and region are made up, and no proxy is asked."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    url = f"http://{host}:8000"
    assert {
        "TABLE_NAME": "t",
        "AWS_ENDPOINT_URL_DYNAMODB": url,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "no_proxy": "*",
    } == TableLocation("t", url).environment


@pytest.mark.parametrize("url", [None, "https://dynamodb.eu-central-1.amazonaws.com"])
def test_aws_takes_none_of_ours(url: str | None) -> None:
    """For a table elsewhere the operator's own credentials, region and proxy stand."""
    variables = TableLocation("t", url).environment
    assert {"TABLE_NAME"} == set(variables) - {
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    }


@pytest.mark.parametrize(
    ("location", "variable", "message"),
    [
        (
            TableLocation("t", None),
            "AWS_DEFAULT_REGION",
            "table t: You must specify a region. (the",
        ),
        (TableLocation("t", "foo"), "", "table t: Invalid endpoint: foo (the AWS SDK reads --endp"),
    ],
    ids=["no-region", "no-url"],
)
def test_what_makes_no_client_is_told(
    location: TableLocation, variable: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK's own words, and where it looks."""
    if variable:
        monkeypatch.delenv(variable)
    with pytest.raises(OperatorError) as raised:
        location.client()
    assert message == str(raised.value)[: len(message)]
    assert ExitCode.USAGE is raised.value.exit_code
