"""samconfig.toml deploys to three places and to nobody's tenant by accident."""

import tomllib
from typing import Any

import pytest

from tests.template.sam import ROOT

ENVIRONMENTS = ("default", "dev", "prod")


def _samconfig() -> dict[str, Any]:
    return tomllib.loads((ROOT / "samconfig.toml").read_text("utf-8"))


def test_there_are_three_environments() -> None:
    """Default, dev and prod are stacks of their own."""
    config = _samconfig()
    assert {"version", *ENVIRONMENTS} == config.keys()
    stacks = {config[name]["global"]["parameters"]["stack_name"] for name in ENVIRONMENTS}
    assert 3 == len(stacks)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_each_environment_deploys_alike(name: str) -> None:
    """Each lints, finds itself a bucket, and may make the function's role, under no given name."""
    environment = _samconfig()[name]
    deploy = environment["deploy"]["parameters"]
    assert environment["validate"]["parameters"]["lint"]
    assert ("CAPABILITY_IAM", True) == (deploy["capabilities"], deploy["resolve_s3"])
    # So that `sam delete` removes this one's artefact alone.
    assert environment["global"]["parameters"]["stack_name"] == deploy["s3_prefix"]


def test_production_asks_first() -> None:
    """Production, and a deployment without an environment, require a confirmation."""
    config = _samconfig()
    assert config["prod"]["deploy"]["parameters"]["confirm_changeset"]
    assert config["default"]["deploy"]["parameters"]["confirm_changeset"]


def test_no_tenant_is_filled_in() -> None:
    """samconfig.toml contains no tenant and app."""
    assert "parameter_overrides" not in (ROOT / "samconfig.toml").read_text("utf-8")
