"""`claimsctl doctor stack` and `stack_endpoint` of stacks that `sam deploy` has made in moto."""

from pathlib import Path
from typing import Any

import pytest
from claimsctl.judge.finding import Finding, Level
from claimsctl.tenant.config import Config, read_config
from claimsctl.tenant.stack import check_stack, stack_endpoint

from tests.deploy.cloud import Cloud
from tests.deploy.conftest import DEV, PROD
from tests.deploy.deployed import Deployed
from tests.template.stack import REQUIRED


@pytest.fixture(autouse=True)
def aws(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's clients ask moto."""
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)


def _config(folder: Path, tenant_id: str = REQUIRED["TenantId"], stack: str = DEV) -> Config:
    path = folder / "entra.toml"
    path.write_text(
        f'[tenant]\nid = "{tenant_id}"\n[endpoint]\nstack = "{stack}"\n'
        f'app_id = "{REQUIRED["AppId"]}"\n[test]\napp_id = "{REQUIRED["AppId"]}"\n',
        "utf-8",
    )
    return read_config(path)


def _found(name: str, config: Config | None) -> dict[str, Finding]:
    return {one.id: one for one in check_stack(name, config)}


def test_a_fresh_stack_is_fine(dev: Deployed, tmp_path: Path) -> None:
    """Outputs, alarms, the version that live serves, and the authorizer are as deployed."""
    found = _found(DEV, _config(tmp_path))
    assert {Level.OK} == {one.level for one in found.values()}
    version = dev.one("AWS::Lambda::Version")["Version"]
    assert f"uses version {version}: CALLER_VERIFICATION=gateway" in found["STK003"].evidence
    count = len(dev.of_type("AWS::CloudWatch::Alarm"))
    assert f"{count} alarms, none in the state ALARM" == found["STK002"].evidence


def test_an_alarm_in_alarm_is_named(cloud: Cloud, prod: Deployed) -> None:
    """The alarm's name and reason are the evidence."""
    alarm = prod.read(prod.of_type("AWS::CloudWatch::Alarm")[0])["AlarmName"]
    state: dict[str, Any] = {"AlarmName": alarm, "StateReason": "5 of 5 callouts failed"}
    cloud.client("cloudwatch").set_alarm_state(**state, StateValue="ALARM")
    found = _found(PROD, None)
    assert f"{alarm}: 5 of 5 callouts failed" == found["STK002"].evidence
    assert Level.SKIP is found["STK004"].level
    cloud.client("cloudwatch").set_alarm_state(**state, StateValue="OK")


def test_the_stack_of_another_tenant(dev: Deployed, tmp_path: Path) -> None:
    """An authorizer that expects another tenant's issuer fails, with both issuers."""
    other = "99999999-9999-4999-8999-999999999999"
    found = _found(DEV, _config(tmp_path, other))
    assert {"STK004"} == {one.id for one in found.values() if one.level is not Level.OK}
    assert REQUIRED["TenantId"] in found["STK004"].evidence
    assert other in found["STK004"].evidence


def test_the_endpoint_is_the_stacks(stack: Deployed, tmp_path: Path) -> None:
    """Target URL and application are the outputs of the stack."""
    name = DEV if "CustomDomain" not in str(stack.outputs) else PROD
    endpoint = _config(tmp_path).endpoint.model_copy(update={"stack": name, "app_id": None})
    found = stack_endpoint(endpoint)
    assert found.target_url
    assert REQUIRED["AppId"] == found.app_id
