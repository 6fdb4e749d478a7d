"""The embedded table: empty, independent of settings, closed to web pages."""

import http.client
import os
from urllib.parse import urlsplit

import boto3.session
import pytest
from botocore.config import Config
from claimsctl.claims_file.record import Record
from claimsctl.emulator.dynamodb import embedded_table
from claimsctl.entra.token_claims import TENANT_ID
from claimsctl.loading.writers import write_records


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


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "cn-north-1", "x"])
@pytest.mark.parametrize("agent", [None, "aws-sdk/1 region/ap-south-1"])
def test_the_embedded_table_is_the_same_in_every_region(region: str, agent: str | None) -> None:
    """Whatever region the signature or the user agent names, moto sees its own."""
    with embedded_table() as location:
        client = boto3.session.Session().client(
            "dynamodb",
            region_name=region,
            endpoint_url=location.endpoint_url,
            aws_access_key_id="x",
            aws_secret_access_key="x",
            config=Config(user_agent=agent, proxies={}),
        )
        # Others are those of other tests: moto's tables are the process's.
        assert location.name in client.list_tables()["TableNames"]
        client.close()
