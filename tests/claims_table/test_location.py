"""Where a table is: on this machine or in AWS, and in which region."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from claimsctl.claims_table.location import TableLocation
from claimsctl.errors import ExitCode, OperatorError

REAL = TableLocation("t", None)
LOCAL = TableLocation("t", "http://127.0.0.1:8000")


def _set(monkeypatch: pytest.MonkeyPatch, folder: Path, variables: Mapping[str, str]) -> None:
    config = folder / "config"
    config.write_text("[default]\nregion = sa-east-1\n[profile work]\nregion = eu-west-1\n")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(config=config, folder=folder))


@pytest.mark.parametrize("location", [REAL, LOCAL], ids=["aws", "engine"])
@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({"AWS_DEFAULT_REGION": "eu-central-1"}, "eu-central-1"),
        ({"AWS_REGION": "eu-north-1"}, "eu-north-1"),
        ({"AWS_DEFAULT_REGION": "eu-central-1", "AWS_REGION": "eu-north-1"}, "eu-central-1"),
        ({"AWS_DEFAULT_REGION": "", "AWS_REGION": "eu-north-1"}, "eu-north-1"),
        ({"AWS_CONFIG_FILE": "{config}"}, "sa-east-1"),
        ({"AWS_CONFIG_FILE": "{config}", "AWS_PROFILE": "work"}, "eu-west-1"),
        ({"AWS_CONFIG_FILE": "{config}", "AWS_DEFAULT_REGION": ""}, "sa-east-1"),
        ({"AWS_CONFIG_FILE": "{config}", "AWS_REGION": "eu-north-1"}, "eu-north-1"),
    ],
)
def test_variables_come_before_the_profile(
    location: TableLocation, variables: Mapping[str, str], region: str,
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    """The client and the function are both sent to the same region."""
    _set(monkeypatch, tmp_path, variables)
    client = location.client()
    assert (region, region) == (client.meta.region_name, location.environment["AWS_DEFAULT_REGION"])
    client.close()


def test_a_local_engine_needs_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where nothing says a region, an engine on this machine is asked in us-east-1."""
    _set(monkeypatch, tmp_path, {"AWS_CONFIG_FILE": "{folder}/none"})
    assert "us-east-1" == LOCAL.environment["AWS_DEFAULT_REGION"]


@pytest.mark.parametrize("location", [REAL, TableLocation("t", "https://dynamodb.example.com")])
def test_aws_needs_one(
    location: TableLocation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The error names the variable to set, before anything is asked."""
    _set(monkeypatch, tmp_path, {"AWS_CONFIG_FILE": "{folder}/none"})
    message = "table t: no AWS region is configured; set AWS_DEFAULT_REGION to the table's"
    with pytest.raises(OperatorError, match=message):
        location.client()
    with pytest.raises(OperatorError, match=message):
        _ = location.environment


def test_a_profile_that_is_not_there_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In the SDK's own words, with where it reads."""
    _set(monkeypatch, tmp_path, {"AWS_CONFIG_FILE": "{config}", "AWS_PROFILE": "nobody"})
    with pytest.raises(OperatorError, match=r"table t: The config profile \(nobody\) could not"):
        _ = REAL.environment


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
    """For a table elsewhere credentials, proxy and region are the operator's own."""
    variables = TableLocation("t", url).environment
    assert {"TABLE_NAME", "AWS_DEFAULT_REGION"} == set(variables) - {
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    }


def test_an_endpoint_that_is_no_url_is_reported() -> None:
    """The SDK's own words, and where it looks."""
    message = r"table t: Invalid endpoint: foo \(check --endpoint-url, AWS"
    with pytest.raises(OperatorError, match=message) as raised:
        TableLocation("t", "foo").client()
    assert ExitCode.USAGE is raised.value.exit_code
